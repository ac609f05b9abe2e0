// A small company for specs of what-ifs: two tenants with a key each, and pools as a spec wants them.
import { mintId, type ApiKeyId, type TenantId } from '@trunkline/kernel';
import {
  blankPool,
  compilePolicy,
  DEFAULT_LIMITS,
  type PolicyRows,
  type PolicySnapshot,
  type Pool,
  type TenantLimits,
} from '@trunkline/tenancy';

const zeros = (n: number) => new Uint8Array(n);
export const [BOTS, SALES] = [mintId('tnt', 1, zeros), mintId('tnt', 2, zeros)];
export const [BOTS_KEY, SALES_KEY] = [mintId('key', 1, zeros), mintId('key', 2, zeros)];
export const MODEL = 'gpt-realtime';

/** A pool by its slug; nothing else of it is said unless it is here. */
export function aPool(slug: string, set: Partial<Pool> = {}): Pool {
  return { ...blankPool(mintId('pool', slug.length * 100 + slug.charCodeAt(0), zeros), slug), ...set };
}

/** The policy. `limits` are of both tenants. */
export function aPolicy(
  pools: readonly Pool[],
  set: Partial<PolicyRows> & { readonly limits?: Partial<TenantLimits> } = {},
): PolicySnapshot {
  const { limits, ...rest } = set;
  const tenant = (id: TenantId, slug: string) => ({
    ...{ id, slug, name: slug, status: 'active' as const, sessionsMax: null },
    limits: { ...DEFAULT_LIMITS, ...limits },
  });
  const key = (id: ApiKeyId, tenantId: TenantId) => ({
    hmac: id,
    key: {
      ...{ id, tenantId, name: id, status: 'active' as const, sessionsMax: null, models: null, origins: null },
      ...{ scopes: ['sessions' as const], expiresAtMs: null },
    },
  });
  return compilePolicy({
    version: 1n,
    tenants: [tenant(BOTS, 'bots'), tenant(SALES, 'sales')],
    keys: [key(BOTS_KEY, BOTS), key(SALES_KEY, SALES)],
    pools,
    ...{ tenantShares: [], keyShares: [], moderation: [], refusedEndUsers: [], revokedSecrets: [] },
    ...rest,
  });
}
