// What operators are told of a pool: totals, how each tenant stands against its share, who holds which line and who
// waits. Pure: the same from the in-process store and from Redis, since both give a `PoolView`. Floors are held back and
// shares computed by the very rules that admission goes by (`room.ts`, `fair-share.ts`).
import { trustedId, type ApiKeyId, type TenantId } from '@trunkline/kernel';
import { fairShares } from './fair-share.js';
import type { HeldLine, LinePage, PoolView, WaitingCall } from './lease-store.js';
import { allLines, countersIn, linesOf } from './pool-lines.js';
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
  /** The lines to show; null: none. */
  readonly page: LinePage | null;
}

type Totals = PoolSummary['totals'];
type Standing = PoolStatus['tenants'][number];

/** The pool's status, with the lines of the page and every waiting call. */
export function poolStatus(view: PoolView, { plan, names, nowMs, page }: PoolStatusTerms): PoolStatus {
  const lines = [...(page?.lines ?? [])].sort((a, b) => a.sinceMs - b.sinceMs || compare(a.sessionId, b.sessionId));
  return {
    poolId: plan.poolId,
    pool: names.slug,
    status: names.status,
    asOf: isoOf(nowMs),
    totals: totalsOf(view, plan),
    families: familiesOf(view, plan),
    tenants: standingsOf(view, plan, names),
    lines: lines.map((line) => ({ ...holderOf(line, names), state: line.state === 'confirmed' ? 'open' : line.state })),
    nextLines: page?.next ?? null,
    waiting: view.waiting.map((call) => holderOf(call, names)),
  };
}

/** The status with at most so many waiting calls; all else stays as it is. */
export function boundedStatus(status: PoolStatus, waitingMax: number): PoolStatus {
  return { ...status, waiting: status.waiting.slice(0, waitingMax) };
}

/** The status in numbers only. */
export function poolSummary({ poolId, pool, status, totals, families }: PoolStatus): PoolSummary {
  return { poolId, pool, status, totals, families };
}

function totalsOf({ held, waiting, pausedForMs, pausedFamilies, recoveringMs }: PoolView, plan: PoolPlan): Totals {
  const cap = plan.sessionsMax;
  const all = allLines(held);
  // Above its cap (lowered, or after a recovery) a pool has no free lines, not fewer than none.
  const free = cap === null ? null : Math.max(0, cap - all.held);
  return {
    cap,
    open: all.held - all.pending - all.kept,
    pending: all.pending,
    kept: all.kept,
    free,
    heldBack: Math.min(free ?? 0, reservedLines(plan, countersIn(plan.poolId, held, []))),
    waiting: waiting.length,
    pausedForMs,
    pausedFamilies: { ...pausedFamilies },
    recoveringMs,
  };
}

function familiesOf({ held, waiting }: PoolView, plan: PoolPlan): PoolStatus['families'] {
  const reserved = reservedLines(plan, countersIn(plan.poolId, held, []));
  return Object.entries(plan.familyMax)
    .map(([family, cap]) => {
      const lines = held.families.get(family) ?? 0;
      const free = Math.max(0, cap - lines);
      const waits = waiting.filter((call) => call.family === family).length;
      return { family, cap, held: lines, free, heldBack: Math.min(free, reserved), waiting: waits };
    })
    .sort((a, b) => compare(a.family, b.family));
}

function standingsOf(view: PoolView, plan: PoolPlan, names: PoolNames): readonly Standing[] {
  const callsOf = byTenant(view.waiting);
  const fair = fairShareOf(view, plan);
  const withShare = Object.keys(plan.shares).map((id) => trustedId('tnt', id));
  const tenantIds = new Set([...withShare, ...view.held.tenants.keys(), ...callsOf.keys()]);
  const standings = [...tenantIds].map((tenantId): Standing => {
    const own = linesOf(view.held, tenantId);
    const { floor, ceiling, weight } = shareOf(plan, tenantId);
    const fairShare = fair.get(tenantId) ?? 0;
    return {
      tenantId,
      tenant: names.tenant(tenantId),
      ...own,
      waiting: callsOf.get(tenantId) ?? 0,
      floor,
      ceiling,
      weight,
      fairShare,
      owed: Math.max(0, fairShare - own.held),
    };
  });
  return standings.sort((a, b) => compare(a.tenant, b.tenant) || compare(a.tenantId, b.tenantId));
}

/**
 * Lines by tenant if the pool were given out anew to all who hold or wait. What no demand covers of a floor stays held
 * back, as it does in admission; caps by family and those over all pools are not looked at, so a tenant may be owed a
 * line that such a cap keeps from it.
 */
function fairShareOf({ held, waiting }: PoolView, plan: PoolPlan): ReadonlyMap<TenantId, number> {
  const callsOf = byTenant(waiting);
  const heldBy = (tenantId: TenantId): number => linesOf(held, tenantId).held;
  // Of two with the same claim on the last line the share names the one that has it, or it would seem owed to the other.
  const tenantIds = [...new Set([...held.tenants.keys(), ...callsOf.keys()])].sort(
    (a, b) => heldBy(b) - heldBy(a) || compare(a, b),
  );
  const claims = tenantIds.map((tenantId) => ({
    ...shareOf(plan, tenantId),
    demand: heldBy(tenantId) + (callsOf.get(tenantId) ?? 0),
  }));
  const cap = plan.sessionsMax ?? claims.reduce((sum, { demand }) => sum + demand, 0);
  const reserved = reservedLines(plan, countersIn(plan.poolId, held, waiting));
  const shares = fairShares(Math.max(0, cap - reserved), claims);
  return new Map(tenantIds.map((tenantId, i) => [tenantId, shares[i] ?? 0]));
}

function byTenant(calls: readonly WaitingCall[]): ReadonlyMap<TenantId, number> {
  const counts = new Map<TenantId, number>();
  for (const { tenantId } of calls) counts.set(tenantId, (counts.get(tenantId) ?? 0) + 1);
  return counts;
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

/** How long new sessions are kept out of the pool, and of families in it, in words; null: not at all. */
export function pausesOf({ pausedForMs, pausedFamilies, recoveringMs }: PoolStatus['totals']): string | null {
  const families = Object.entries(pausedFamilies).map(([family, ms]) => `${family} ${seconds(ms)}`);
  const recovery = recoveringMs > 0 ? [`${seconds(recoveringMs)} (living sessions are counted again)`] : [];
  const pauses = [...recovery, ...(pausedForMs > 0 ? [seconds(pausedForMs)] : []), ...families];
  return pauses.length > 0 ? pauses.join(', ') : null;
}

function seconds(ms: number): string {
  return `${Math.ceil(ms / 1_000)} s`;
}
