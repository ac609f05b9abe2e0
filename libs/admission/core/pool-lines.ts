// The lines of a pool as numbers, for whoever has the lines themselves, and the counters that the rules of admission ask,
// made from such numbers. Pure.
import type { ApiKeyId, PoolId, TenantId } from '@trunkline/kernel';
import type { HeldLine, PoolLines, TenantLines, WaitingCall } from './lease-store.js';
import type { LineCounts } from './line-counts.js';

const NONE: TenantLines = { held: 0, pending: 0, kept: 0 };

/** Counts lines, which must be of one pool. */
export function poolLines(lines: Iterable<Pick<HeldLine, 'tenantId' | 'keyId' | 'family' | 'state'>>): PoolLines {
  const tenants = new Map<TenantId, TenantLines>();
  const keys = new Map<ApiKeyId, number>();
  const families = new Map<string, number>();
  for (const { tenantId, keyId, family, state } of lines) {
    const { held, pending, kept } = tenants.get(tenantId) ?? NONE;
    tenants.set(tenantId, {
      held: held + 1,
      pending: pending + (state === 'pending' ? 1 : 0),
      kept: kept + (state === 'kept' ? 1 : 0),
    });
    keys.set(keyId, (keys.get(keyId) ?? 0) + 1);
    families.set(family, (families.get(family) ?? 0) + 1);
  }
  return { tenants, keys, families };
}

/** Lines of a tenant. */
export function linesOf({ tenants }: PoolLines, tenantId: TenantId): TenantLines {
  return tenants.get(tenantId) ?? NONE;
}

/** All lines of the pool. */
export function allLines({ tenants }: PoolLines): TenantLines {
  const sum = { held: 0, pending: 0, kept: 0 };
  for (const { held, pending, kept } of tenants.values()) {
    sum.held += held;
    sum.pending += pending;
    sum.kept += kept;
  }
  return sum;
}

/** The counters of the pool's tenants and keys, `waiting` counted as if each had its line. */
export function countersIn(
  poolId: PoolId,
  { tenants, keys }: Pick<PoolLines, 'tenants' | 'keys'>,
  waiting: readonly WaitingCall[],
): Pick<LineCounts, 'of'> {
  const counts = new Map<string, number>();
  const add = (name: string, lines: number): void => void counts.set(name, (counts.get(name) ?? 0) + lines);
  for (const [tenantId, { held }] of tenants) add(`pt|${poolId}|${tenantId}`, held);
  for (const [keyId, held] of keys) add(`pk|${poolId}|${keyId}`, held);
  for (const { tenantId, keyId } of waiting) {
    add(`pt|${poolId}|${tenantId}`, 1);
    add(`pk|${poolId}|${keyId}`, 1);
  }
  return { of: (name) => counts.get(name) ?? 0 };
}
