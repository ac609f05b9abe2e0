// Tenants, their shares, policies and keys as a file says.
import { chargedInAll } from '@trunkline/ledger/adapters/prisma';
import type { TenantRecord, UpdateTenantRequest } from '@trunkline/tenancy';
import {
  archiveTenant,
  createTenant,
  findShare,
  findTenant,
  removeShare,
  setShare,
  updateTenant,
} from '@trunkline/tenancy/adapters/prisma';
import { applyAlerts } from './apply-alerts.js';
import { agreed, type ApplyRun } from './apply-run.js';
import { applyKeys } from './apply-keys.js';
import { differencesOf } from './differences.js';

/** Makes and changes tenants; with `prune`, archives those that the file does not name. @throws ConfigRefused */
export async function applyTenants(run: ApplyRun): Promise<void> {
  const { wanted, prune } = run.request;
  for (const slug of Object.keys(wanted.tenants)) {
    const tenant = await applyTenant(run, slug);
    await applyShares(run, tenant);
    await applyPolicy(run, tenant);
    await applyKeys(run, tenant);
    const raw = run.request.raw.tenants?.[slug]?.alerts;
    await applyAlerts(run, { owner: tenant.id, whose: slug, path: ['tenants', slug, 'alerts'], raw });
  }
  if (prune) await archiveOthers(run);
}

async function applyTenant({ context, request, changes }: ApplyRun, slug: string): Promise<TenantRecord> {
  const path = ['tenants', slug];
  const what = `tenant ${slug}`;
  const {
    shares: _shares,
    keys: _keys,
    moderation: _policy,
    alerts: _alerts,
    ...named
  } = request.wanted.tenants[slug] ?? {};
  const raw = settingsOf(request.raw.tenants?.[slug] ?? {});
  const found = await findTenant(context, slug);
  if (!found.ok) {
    const { name = slug, sessionsMax = null, ...more } = raw;
    const made = agreed(await createTenant(context, { slug, name, sessionsMax }), path);
    changes.push({ action: 'create', what, differences: differencesOf({ name, ...named }, {}) });
    return Object.keys(more).length === 0 ? made : agreed(await updateTenant(context, made.id, more), path);
  }
  const differences = differencesOf(named, { ...found.value });
  if (differences.length === 0) return found.value;
  changes.push({ action: 'change', what, differences });
  return agreed(await updateTenant(context, found.value.id, raw), path);
}

async function applyShares(
  { context, request, changes }: ApplyRun,
  { id: tenantId, slug }: TenantRecord,
): Promise<void> {
  const wanted = request.wanted.tenants[slug]?.shares ?? {};
  for (const [pool, named] of Object.entries(wanted)) {
    const path = ['tenants', slug, 'shares', pool];
    const stored = agreed(await findShare(context, { tenantId, pool }), path);
    const differences = differencesOf(named, { ...stored });
    if (differences.length === 0) continue;
    agreed(await setShare(context, { tenantId, pool }, named), path);
    changes.push({ action: 'change', what: `share of ${slug} in ${pool}`, differences });
  }
  if (!request.prune) return;
  const others = await context.db.poolShare.findMany({
    where: { tenantId, pool: { slug: { notIn: Object.keys(wanted) } } },
    select: { pool: { select: { slug: true } } },
  });
  for (const { pool } of others) {
    agreed(await removeShare(context, { tenantId, pool: pool.slug }), ['tenants', slug]);
    changes.push({ action: 'remove', what: `share of ${slug} in ${pool.slug}`, differences: [] });
  }
}

async function applyPolicy(
  { context, policies, request, changes }: ApplyRun,
  { id, slug }: TenantRecord,
): Promise<void> {
  const policy = request.wanted.tenants[slug]?.moderation;
  if (policy === undefined) return;
  const outcome = await policies.set(context.db, id, policy, ['tenants', slug, 'moderation']);
  // A policy may hold the secrets of hooks: that it changes is said, not how.
  if (outcome === 'set') changes.push({ action: 'change', what: `moderation of ${slug}`, differences: [] });
}

async function archiveOthers({ context, request, changes }: ApplyRun): Promise<void> {
  const { db } = context;
  const slugs = Object.keys(request.wanted.tenants);
  const others = await db.tenant.findMany({
    where: { slug: { notIn: slugs }, archivedAt: null },
    orderBy: { slug: 'asc' },
    select: { slug: true },
  });
  for (const { slug } of others) {
    const { id: tenantId } = agreed(await findTenant(context, slug), ['tenants']);
    agreed(await archiveTenant(context, tenantId, await chargedInAll(db, { tenantId, keyId: null })), ['tenants']);
    changes.push({ action: 'archive', what: `tenant ${slug}`, differences: [] });
  }
}

function settingsOf({ name, status, sessionsMax, limits }: UpdateTenantRequest): UpdateTenantRequest {
  return {
    ...(name === undefined ? {} : { name }),
    ...(status === undefined ? {} : { status }),
    ...(sessionsMax === undefined ? {} : { sessionsMax }),
    ...(limits === undefined ? {} : { limits }),
  };
}
