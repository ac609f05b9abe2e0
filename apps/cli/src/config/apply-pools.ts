// Pools as a file says. A pool is never removed by a file: `pool remove` looks whether calls are on it. It is drained.
import { createPool, drainPool, findPool, updatePool } from '@trunkline/tenancy/adapters/prisma';
import { agreed, type ApplyRun } from './apply-run.js';
import { differencesOf, type Difference } from './differences.js';

/** Makes and changes pools; with `prune`, drains those that the file does not name. @throws ConfigRefused */
export async function applyPools(run: ApplyRun): Promise<void> {
  const { wanted, prune } = run.request;
  for (const slug of Object.keys(wanted.pools)) await applyPool(run, slug);
  if (!prune) return;
  const others = await run.context.db.pool.findMany({
    where: { slug: { notIn: Object.keys(wanted.pools) }, status: 'active' },
    orderBy: { slug: 'asc' },
  });
  for (const { slug } of others) {
    agreed(await drainPool(run.context, slug), ['pools']);
    run.changes.push({ action: 'drain', what: `pool ${slug}`, differences: [] });
  }
}

async function applyPool({ context, request, changes }: ApplyRun, slug: string): Promise<void> {
  const path = ['pools', slug];
  const { upstreamKey, ...named } = request.wanted.pools[slug] ?? {};
  const raw = request.raw.pools?.[slug] ?? {};
  const found = await findPool(context, slug);
  if (!found.ok) {
    agreed(await createPool(context, { slug, ...raw }), path);
    const ofKey = upstreamKey === undefined || upstreamKey === null ? [] : [KEY_MADE];
    changes.push({ action: 'create', what: `pool ${slug}`, differences: [...differencesOf(named, {}), ...ofKey] });
    return;
  }
  const { id } = found.value;
  const differences = [...differencesOf(named, { ...found.value })];
  if (upstreamKey !== undefined && (await storedKey(context, id)) !== upstreamKey) differences.push(KEY_CHANGED);
  if (differences.length === 0) return;
  agreed(await updatePool(context, id, raw), path);
  changes.push({ action: 'change', what: `pool ${slug}`, differences });
}

// Which key it is, nobody is told.
const KEY_MADE: Difference = { field: 'upstreamKey', before: null, after: '(sealed)' };
const KEY_CHANGED: Difference = { field: 'upstreamKey', before: '(another)', after: '(sealed)' };

async function storedKey({ db, openUpstreamKey }: ApplyRun['context'], id: string): Promise<string | null> {
  const { upstreamKeySealed } = await db.pool.findUniqueOrThrow({ where: { id }, select: { upstreamKeySealed: true } });
  return upstreamKeySealed === null ? null : openUpstreamKey(upstreamKeySealed, id);
}
