// Keys as a file says: by name, among those of the tenant that still work. Their texts are in no file; new ones are handed out once.
import type { ApiKeyRecord, TenantRecord } from '@trunkline/tenancy';
import { createKey, listKeys, revokeKey, updateKey } from '@trunkline/tenancy/adapters/prisma';
import { agreed, ConfigRefused, type ApplyRun } from './apply-run.js';
import { differencesOf } from './differences.js';

/** Makes and changes keys; with `prune`, revokes those that the file does not name. @throws ConfigRefused */
export async function applyKeys(run: ApplyRun, tenant: TenantRecord): Promise<void> {
  const { context, request, changes } = run;
  const wanted = request.wanted.tenants[tenant.slug]?.keys ?? {};
  const working = inForce(await listKeys(context, tenant.id));
  for (const name of Object.keys(wanted)) await applyKey(run, tenant, { name, working });
  if (!request.prune) return;
  for (const { id, name } of working.filter((key) => !(key.name in wanted))) {
    agreed(await revokeKey(context, tenant.id, id), ['tenants', tenant.slug]);
    changes.push({ action: 'revoke', what: `key ${name} of ${tenant.slug} (${id})`, differences: [] });
  }
}

interface NamedKey {
  readonly name: string;
  readonly working: readonly ApiKeyRecord[];
}

async function applyKey(
  { context, request, changes, secrets }: ApplyRun,
  { id: tenantId, slug }: TenantRecord,
  { name, working }: NamedKey,
): Promise<void> {
  const path = ['tenants', slug, 'keys', name];
  const what = `key ${name} of ${slug}`;
  const named = request.wanted.tenants[slug]?.keys?.[name] ?? {};
  const raw = request.raw.tenants?.[slug]?.keys?.[name] ?? {};
  const [key, ...more] = working.filter((each) => each.name === name);
  if (more.length > 0)
    throw new ConfigRefused(
      path,
      `${more.length + 1} keys have this name: rename or revoke all but one (\`key list\`)`,
    );
  if (key === undefined) {
    const { secret } = agreed(await createKey(context, tenantId, { ...raw, name }), path);
    secrets.push({ tenant: slug, key: name, secret });
    changes.push({ action: 'create', what, differences: differencesOf(named, {}) });
    return;
  }
  const differences = differencesOf(named, { ...key });
  if (differences.length === 0) return;
  const { scopes: _scopes, ...changeable } = raw;
  if (differences.some(({ field }) => field === 'scopes'))
    throw new ConfigRefused([...path, 'scopes'], 'what a key may do does not change: make another key');
  agreed(await updateKey(context, tenantId, key.id, changeable), path);
  changes.push({ action: 'change', what, differences });
}

// Without those whose place another has taken: they work until their overlap is over.
function inForce(keys: readonly ApiKeyRecord[]): readonly ApiKeyRecord[] {
  const replaced = new Set(keys.map(({ replaces }) => replaces));
  return keys.filter(({ id, status }) => status !== 'revoked' && !replaced.has(id));
}
