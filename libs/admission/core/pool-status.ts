// What operators are told of a pool: totals, how each tenant stands against its share, who holds which line and who
// waits. Pure: the same from the in-process store and from Redis, since both give a `PoolView`. Floors are held back and
// shares computed by the very rules that admission goes by (`room.ts`, `fair-share.ts`).
import { trustedId, type ApiKeyId, type TenantId } from '@trunkline/kernel';
import { fairShares } from './fair-share.js';
import type { HeldLine, PoolView, WaitingCall } from './lease-store.js';
import type { LeaseState } from './lease.js';
import { LineCounts } from './line-counts.js';
import { shareOf, type PoolPlan } from './pool-plan.js';
import type { PoolStatus, PoolSummary } from './pool-status-shape.js';
import { reservedLines } from './room.js';

/** What people call things. An id where there is no name (any more). */
export interface PoolNames {
  readonly slug: string;
  readonly status: PoolSummary['status'];
  readonly tenant: (tenantId: TenantId) => string;
  readonly key: (keyId: ApiKeyId) => string;
}

/** Of which pool, called what, when. */
export interface PoolStatusTerms {
  readonly plan: PoolPlan;
  readonly names: PoolNames;
  /** Unix milliseconds of the look. */
  readonly nowMs: number;
}

type Totals = PoolSummary['totals'];
type Standing = PoolStatus['tenants'][number];

/** The pool's status, with every line and every waiting call. */
export function poolStatus(view: PoolView, { plan, names, nowMs }: PoolStatusTerms): PoolStatus {
  const lines = [...view.lines].sort((a, b) => a.sinceMs - b.sinceMs || compare(a.sessionId, b.sessionId));
  return {
    poolId: plan.poolId,
    pool: names.slug,
    status: names.status,
    asOf: isoOf(nowMs),
    totals: totalsOf(view, plan),
    tenants: standingsOf(view, plan, names),
    lines: lines.map((line) => ({ ...holderOf(line, names), state: line.state })),
    waiting: view.waiting.map((call) => holderOf(call, names)),
  };
}

/** The status with at most so many lines and so many waiting calls; totals and tenants stay as they are. */
export function boundedStatus(status: PoolStatus, entriesMax: number): PoolStatus {
  return { ...status, lines: status.lines.slice(0, entriesMax), waiting: status.waiting.slice(0, entriesMax) };
}

/** The status in numbers only. */
export function poolSummary({ poolId, pool, status, totals }: PoolStatus): PoolSummary {
  return { poolId, pool, status, totals };
}

function totalsOf({ lines, waiting, pausedForMs }: PoolView, plan: PoolPlan): Totals {
  const cap = plan.sessionsMax;
  // Above its cap (lowered, or after a recovery) a pool has no free lines, not fewer than none.
  const free = cap === null ? null : Math.max(0, cap - lines.length);
  return {
    cap,
    open: inState(lines, 'confirmed'),
    pending: inState(lines, 'pending'),
    kept: inState(lines, 'kept'),
    free,
    heldBack: Math.min(free ?? 0, reservedLines(plan, countsOf(lines))),
    waiting: waiting.length,
    pausedForMs,
  };
}

function standingsOf(view: PoolView, plan: PoolPlan, names: PoolNames): readonly Standing[] {
  const linesOf = byTenant(view.lines);
  const callsOf = byTenant(view.waiting);
  const fair = fairShareOf(view, plan);
  const withShare = Object.keys(plan.shares).map((id) => trustedId('tnt', id));
  const tenantIds = new Set([...withShare, ...linesOf.keys(), ...callsOf.keys()]);
  const standings = [...tenantIds].map((tenantId): Standing => {
    const own = linesOf.get(tenantId) ?? [];
    const { floor, ceiling, weight } = shareOf(plan, tenantId);
    const fairShare = fair.get(tenantId) ?? 0;
    return {
      tenantId,
      tenant: names.tenant(tenantId),
      held: own.length,
      pending: inState(own, 'pending'),
      kept: inState(own, 'kept'),
      waiting: callsOf.get(tenantId)?.length ?? 0,
      floor,
      ceiling,
      weight,
      fairShare,
      owed: Math.max(0, fairShare - own.length),
    };
  });
  return standings.sort((a, b) => compare(a.tenant, b.tenant) || compare(a.tenantId, b.tenantId));
}

/**
 * Lines by tenant if the pool were given out anew to all who hold or wait. What no demand covers of a floor stays held
 * back, as it does in admission; caps by family and those over all pools are not looked at, so a tenant may be owed a
 * line that such a cap keeps from it.
 */
function fairShareOf({ lines, waiting }: PoolView, plan: PoolPlan): ReadonlyMap<TenantId, number> {
  const demand = [...lines, ...waiting];
  const linesOf = byTenant(lines);
  const heldBy = (tenantId: TenantId): number => linesOf.get(tenantId)?.length ?? 0;
  // Of two with the same claim on the last line the share names the one that has it, or it would seem owed to the other.
  const demands = [...byTenant(demand)].sort(([a], [b]) => heldBy(b) - heldBy(a) || compare(a, b));
  const claims = demands.map(([tenantId, own]) => ({ ...shareOf(plan, tenantId), demand: own.length }));
  const cap = plan.sessionsMax ?? demand.length;
  const shares = fairShares(Math.max(0, cap - reservedLines(plan, countsOf(demand))), claims);
  return new Map(demands.map(([tenantId], i) => [tenantId, shares[i] ?? 0]));
}

function byTenant<Holder extends { readonly tenantId: TenantId }>(holders: readonly Holder[]): Map<TenantId, Holder[]> {
  const groups = new Map<TenantId, Holder[]>();
  for (const holder of holders) {
    const group = groups.get(holder.tenantId);
    if (group) group.push(holder);
    else groups.set(holder.tenantId, [holder]);
  }
  return groups;
}

function countsOf(holders: readonly (HeldLine | WaitingCall)[]): LineCounts {
  const counts = new LineCounts();
  for (const holder of holders) counts.add(holder, 1);
  return counts;
}

function inState(lines: readonly HeldLine[], state: LeaseState): number {
  return lines.filter((line) => line.state === state).length;
}

function holderOf(
  { sessionId, tenantId, keyId, family, replicaId, sinceMs }: HeldLine | WaitingCall,
  names: PoolNames,
) {
  return {
    sessionId,
    tenant: names.tenant(tenantId),
    keyId,
    key: names.key(keyId),
    family,
    replicaId,
    since: isoOf(sinceMs),
  };
}

function isoOf(ms: number): string {
  return new Date(ms).toISOString();
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
