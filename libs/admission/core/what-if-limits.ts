// What a replay asks of limits beside the machine that it replays: whether a call was owed a line by a floor, and what a
// tenant's own limits leave it of a pool. Pure.
import type { PoolId, TenantId } from '@trunkline/kernel';
import type { Caller } from './lease.js';
import type { LineCounts } from './line-counts.js';
import type { Place } from './limits.js';
import { shareOf } from './pool-plan.js';
import { blockedBy } from './room.js';

/** What of a tenant's lines in a pool its own limits allow at this moment, and not the lines that others hold. */
export interface OwnRoom {
  /** Lines at most, those that it holds included. */
  readonly linesMax: number;
  /** Whether one of its calls in line could have a line if there was one. */
  readonly mayHaveMore: boolean;
}

/** Whether a call is below a floor. A guarantee is the tenant's floor, of which a part may be its other keys'. */
export function isOwed({ place, plan }: Caller, counts: LineCounts): boolean {
  const { floor, keys } = shareOf(plan, place.tenantId);
  if (counts.of(`pk|${place.poolId}|${place.keyId}`) >= (keys[place.keyId]?.ceiling ?? Infinity)) return false;
  const missing = Object.entries(keys).map(([keyId, key]) => ({
    isOwn: keyId === place.keyId,
    lines: Math.max(0, key.floor - counts.of(`pk|${place.poolId}|${keyId}`)),
  }));
  if (missing.some(({ isOwn, lines }) => isOwn && lines > 0)) return true;
  const held = counts.of(`pt|${place.poolId}|${place.tenantId}`);
  return held + missing.reduce((sum, { lines }) => sum + lines, 0) < floor;
}

/** Calls in line that differ in nothing that a limit looks at. */
interface Alike {
  readonly caller: Caller;
  calls: number;
}

/**
 * Who stands in line where: by tenant and pool, calls of one key and family together, so that what a tenant's own limits
 * leave it costs what it has keys and families in line, and not calls.
 */
export class CallsInLine {
  readonly #alike = new Map<PoolId, Map<TenantId, Map<string, Alike>>>();
  readonly #rateUntilMs = new Map<TenantId, number>();

  constructor(private readonly counts: LineCounts) {}

  /** A call stands in the line of this place from now on, or no more. Calls of one key must have the same limits. */
  wait(caller: Caller, by: 1 | -1): void {
    const { poolId, tenantId, keyId, family } = caller.place;
    const ofPool = this.#alike.get(poolId) ?? new Map<TenantId, Map<string, Alike>>();
    const ofTenant = ofPool.get(tenantId) ?? new Map<string, Alike>();
    const name = `${keyId} ${family}`;
    const alike = ofTenant.get(name) ?? { caller, calls: 0 };
    alike.calls += by;
    if (alike.calls > 0) ofTenant.set(name, alike);
    else ofTenant.delete(name);
    ofPool.set(tenantId, ofTenant);
    this.#alike.set(poolId, ofPool);
  }

  /** The tenant's calls wait until then for its rate of new sessions, and not for a line. */
  waitForRate(tenantId: TenantId, untilMs: number): void {
    this.#rateUntilMs.set(tenantId, untilMs);
  }

  /** What its ceiling in the pool, its sessions anywhere, its keys' limits and its rate of new sessions leave a tenant. */
  room({ plan, tenantId }: Pick<Caller, 'plan'> & Pick<Place, 'tenantId'>, nowMs: number): OwnRoom {
    const { counts } = this;
    const elsewhere = counts.of(`t|${tenantId}`) - counts.of(`pt|${plan.poolId}|${tenantId}`);
    const isPaced = nowMs < (this.#rateUntilMs.get(tenantId) ?? 0);
    let linesMax = shareOf(plan, tenantId).ceiling ?? Infinity;
    for (const { caller } of this.#alike.get(plan.poolId)?.get(tenantId)?.values() ?? []) {
      linesMax = Math.min(linesMax, (caller.own.tenantSessionsMax ?? Infinity) - elsewhere);
      const scope = isPaced ? 'rate' : blockedBy(caller, plan, counts)?.scope;
      if (scope !== 'rate' && scope !== 'key' && scope !== 'tenant') return { linesMax, mayHaveMore: true };
    }
    return { linesMax, mayHaveMore: false };
  }
}
