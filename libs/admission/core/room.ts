// Whether a place has room for one more line: caps and ceilings, and floors of others that must stay coverable. Pure.
// The rule for floors is one sentence: a line may be taken if the lines then free still cover every guarantee that is
// not in use, or if the taker uses a guarantee of its own. It guarantees that a floor is available at once where floors
// were covered before, and within one release where configuration or a recovery broke that.
import type { LineCounts } from './line-counts.js';
import type { LimitScope, OwnLimits, Place } from './limits.js';
import { shareOf, type PoolPlan, type TenantShare } from './pool-plan.js';

/** The limit that has no room, and its numbers. */
export interface Blocked {
  readonly scope: LimitScope;
  readonly current: number;
  readonly max: number;
}

/** Who asks, under which limits of its own. */
export interface Asking {
  readonly place: Place;
  readonly own: OwnLimits;
}

/** The narrowest limit that has no room for one more line of this place; null when all have. */
export function blockedBy({ place, own }: Asking, plan: PoolPlan, counts: LineCounts): Blocked | null {
  const names = counts.namesOf(place);
  const share = shareOf(plan, place.tenantId);
  return (
    full('key', counts.of(names.key), own.keySessionsMax) ??
    full('key', counts.of(names.keyInPool), share.keys[place.keyId]?.ceiling ?? null) ??
    full('tenant', counts.of(names.tenant), own.tenantSessionsMax) ??
    keptForKeys(place, { plan, share, counts }) ??
    keptForTenants(place, plan, counts)
  );
}

/** Lines of the pool that are kept for floors not in use. What is not free beside them is lent to nobody else. */
export function reservedLines(plan: PoolPlan, counts: Pick<LineCounts, 'of'>): number {
  let lines = 0;
  for (const [tenantId, share] of Object.entries(plan.shares)) {
    const held = counts.of(`pt|${plan.poolId}|${tenantId}`);
    lines += unusedFloor(share, held, unusedKeyFloors(plan, share, counts));
  }
  return lines;
}

interface InShare {
  readonly plan: PoolPlan;
  readonly share: TenantShare;
  readonly counts: LineCounts;
}

function keptForKeys(place: Place, { plan, share, counts }: InShare): Blocked | null {
  if (share.ceiling === null) return null;
  const held = counts.of(counts.namesOf(place).tenantInPool);
  const before = unusedKeyFloors(plan, share, counts);
  const after = before - usesKeyFloor(place, { plan, share, counts });
  if (coversAfter(share.ceiling - held, before, after)) return null;
  return { scope: 'tenant', current: held, max: share.ceiling };
}

// Who has a floor may ask for any family, so each family's cap covers the floors as the pool's does.
function keptForTenants(place: Place, plan: PoolPlan, counts: LineCounts): Blocked | null {
  const familyMax = plan.familyMax[place.family] ?? null;
  if (plan.sessionsMax === null && familyMax === null) return null;
  const names = counts.namesOf(place);
  const share = shareOf(plan, place.tenantId);
  const held = counts.of(names.tenantInPool);
  const keyFloors = unusedKeyFloors(plan, share, counts);
  const keyFloorsAfter = keyFloors - usesKeyFloor(place, { plan, share, counts });
  const before = counts.derived(plan, () => reservedLines(plan, counts));
  const after = before - unusedFloor(share, held, keyFloors) + unusedFloor(share, held + 1, keyFloorsAfter);
  const blocked = (scope: LimitScope, current: number, max: number | null): Blocked | null =>
    max === null || coversAfter(max - current, before, after) ? null : { scope, current, max };
  return (
    blocked('family', counts.of(names.family), familyMax) ?? blocked('pool', counts.of(names.pool), plan.sessionsMax)
  );
}

// A guarantee is the tenant's floor, or what its keys are guaranteed where that is more.
function unusedFloor({ floor }: TenantShare, held: number, keyFloors: number): number {
  return Math.max(0, floor - held, keyFloors);
}

function unusedKeyFloors({ poolId }: PoolPlan, share: TenantShare, counts: Pick<LineCounts, 'of'>): number {
  let lines = 0;
  for (const [keyId, { floor }] of Object.entries(share.keys))
    lines += Math.max(0, floor - counts.of(`pk|${poolId}|${keyId}`));
  return lines;
}

function usesKeyFloor({ keyId, poolId }: Place, { share, counts }: InShare): 0 | 1 {
  return counts.of(`pk|${poolId}|${keyId}`) < (share.keys[keyId]?.floor ?? 0) ? 1 : 0;
}

function coversAfter(free: number, reservedBefore: number, reservedAfter: number): boolean {
  return free >= 1 && (reservedAfter < reservedBefore || free - 1 >= reservedAfter);
}

function full(scope: LimitScope, current: number, max: number | null): Blocked | null {
  return max !== null && current >= max ? { scope, current, max } : null;
}
