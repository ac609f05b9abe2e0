// What a replay asks of limits beside the machine that it replays: whether a call was owed a line by a floor, and what a
// tenant's own limits leave it of a pool. Pure.
import type { TenantId } from '@trunkline/kernel';
import type { Caller } from './lease.js';
import type { LineCounts } from './line-counts.js';
import { shareOf, type PoolPlan } from './pool-plan.js';
import { blockedBy } from './room.js';

/** A call in line. */
export interface CallInLine {
  /** The call as it is in each of its pools. */
  readonly callers: readonly Caller[];
  /** Until when it waits for its tenant's rate of new sessions, and not for a line. */
  rateUntilMs: number;
}

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

/**
 * What its ceiling in the pool, its sessions anywhere, its keys' limits and its rate of new sessions leave a tenant.
 * @param inLine everybody's calls in line.
 */
export function ownRoom(
  { plan, tenantId }: { readonly plan: PoolPlan; readonly tenantId: TenantId },
  inLine: Iterable<CallInLine>,
  { counts, nowMs }: { readonly counts: LineCounts; readonly nowMs: number },
): OwnRoom {
  const elsewhere = counts.of(`t|${tenantId}`) - counts.of(`pt|${plan.poolId}|${tenantId}`);
  let linesMax = shareOf(plan, tenantId).ceiling ?? Infinity;
  for (const { callers, rateUntilMs } of inLine) {
    const caller = callers.find(({ place }) => place.tenantId === tenantId && place.poolId === plan.poolId);
    if (!caller) continue;
    linesMax = Math.min(linesMax, (caller.own.tenantSessionsMax ?? Infinity) - elsewhere);
    const scope = nowMs < rateUntilMs ? 'rate' : blockedBy(caller, plan, counts)?.scope;
    if (scope !== 'rate' && scope !== 'key' && scope !== 'tenant') return { linesMax, mayHaveMore: true };
  }
  return { linesMax, mayHaveMore: false };
}
