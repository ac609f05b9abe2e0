// What would have become of these calls under those plans? Replays arrivals through the machine that admission runs on, so
// that the answer is the real one and not a formula's. Pure and quick: nothing of a call is kept once it is over. Leaves
// out what arrivals do not tell: failed dials, reconnects, idle lines that make room, pauses of the upstream, budgets.
import { trustedId, type PoolId, type SessionId } from '@trunkline/kernel';
import type { Arrival } from './arrivals.js';
import { DueQueue } from './due-queue.js';
import { DEFAULT_LEASE_TERMS, inEachPool, type Lease } from './lease.js';
import type { AcquireRequest, Denial } from './lease-store.js';
import type { OwnLimits } from './limits.js';
import type { PoolPlan } from './pool-plan.js';
import { Switchboard } from './switchboard.js';
import { CallsInLine, isOwed } from './what-if-limits.js';
import { PoolTally } from './what-if-pool.js';
import { TenantTally, Waits, type RefusedBecause, type WhatIfReport } from './what-if-report.js';

/** What the plans do not say. */
export interface WhatIfOptions {
  /** Limits of a key and its tenant over all pools; none by default. */
  readonly ownOf?: (arrival: Arrival) => OwnLimits;
  /** Pools that may carry the call, in the order in which they are tried; by default all, in the order of the plans. None: it is refused. */
  readonly poolsOf?: (arrival: Arrival) => readonly PoolId[];
  /** Sessions that are open when it begins. */
  readonly openBefore?: OpenBefore;
}

/**
 * Lines that are held from the beginning. They are no calls of the replay and are asked for nothing: whatever the plans
 * say, they are held until they end, as a cap that is set while sessions are open ends none of them.
 */
export interface OpenBefore {
  /** When the replay begins, Unix milliseconds: no arrival comes before it. Without lines it begins with the first arrival. */
  readonly atMs: number;
  /** Those of pools without a plan are not there. */
  readonly lines: readonly OpenLine[];
}

/** A line that is held from the beginning. */
export interface OpenLine extends Pick<Arrival, 'tenantId' | 'keyId' | 'family'> {
  readonly poolId: PoolId;
  /** How long from the beginning on. */
  readonly lastsMs: number;
}

/**
 * Replays arrivals, which must come in order of time.
 * @throws RangeError for one that comes before its predecessor, or that no plan is given for.
 */
export function whatIf(
  arrivals: Iterable<Arrival>,
  plans: readonly PoolPlan[],
  options: WhatIfOptions = {},
): WhatIfReport {
  return toEnd(whatIfStepwise(arrivals, plans, options));
}

/** Takes all steps at once, where nothing else has to be done in between. */
export function toEnd<T>(steps: Generator<undefined, T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

/** Arrivals, ends of sessions and of waits in one step: a millisecond or two of work where many wait. */
export const STEP_EVENTS = 16;

/** The same in steps, for a process that has something else to do in between. */
export function* whatIfStepwise(
  arrivals: Iterable<Arrival>,
  plans: readonly PoolPlan[],
  options: WhatIfOptions = {},
): Generator<undefined, WhatIfReport> {
  const replay = new Replay(plans, options);
  for (const arrival of arrivals) yield* replay.arrive(arrival);
  return yield* replay.finish();
}

/** A call that has a line or stands in line. */
interface Call {
  readonly arrival: Arrival;
  readonly request: AcquireRequest;
  readonly tenant: TenantTally;
  /** Those that may carry it. */
  readonly pools: readonly PoolTally[];
}

type Due =
  /** The session is over. */
  | { readonly kind: 'end'; readonly call: Call; readonly pool: PoolTally }
  /** It would wait no longer. */
  | { readonly kind: 'time_up'; readonly call: Call }
  /** The tenant's rate may have room. */
  | { readonly kind: 'look'; readonly call: Call };

// Nothing lapses here: every line is given back, and everybody in line is attended to.
const TERMS = {
  ...DEFAULT_LEASE_TERMS,
  ...{ pendingMs: Infinity, confirmedMs: Infinity, silenceMaxMs: Infinity, waiterMs: Infinity },
};
const NO_LIMITS: OwnLimits = { keySessionsMax: null, tenantSessionsMax: null, sessionsPerMinuteMax: null };
const REPLICA = trustedId('rep', 'rep_what_if');

type Steps = Generator<undefined, void>;

class Replay {
  readonly #board = new Switchboard(TERMS);
  readonly #due = new DueQueue<Due>();
  readonly #plans: ReadonlyMap<PoolId, PoolPlan>;
  readonly #pools: ReadonlyMap<PoolId, PoolTally>;
  readonly #poolIds: readonly PoolId[];
  readonly #tenants = new Map<Arrival['tenantId'], TenantTally>();
  readonly #inLine = new Map<SessionId, Call>();
  readonly #places = new CallsInLine(this.#board.lines.counts);
  #events = 0;
  #calls = 0;
  #sessions = 0;
  #fromMs: number | null = null;
  #nowMs = 0;

  constructor(
    plans: readonly PoolPlan[],
    private readonly options: WhatIfOptions,
  ) {
    this.#plans = new Map(plans.map((plan) => [plan.poolId, plan]));
    this.#pools = new Map(
      plans.map((plan) => [
        plan.poolId,
        new PoolTally(plan, (tenantId) => this.#places.room({ plan, tenantId }, this.#nowMs)),
      ]),
    );
    this.#poolIds = [...this.#plans.keys()];
    // Time in which there was nothing would thin out every average.
    if (options.openBefore && options.openBefore.lines.length > 0) this.#beginWith(options.openBefore);
  }

  *arrive(arrival: Arrival): Steps {
    if (this.#fromMs === null) this.#begin(arrival.atMs);
    if (arrival.atMs < this.#nowMs)
      throw new RangeError(`arrivals must be in order of time, and one of ${arrival.atMs} comes after ${this.#nowMs}`);
    yield* this.#passUntil(arrival.atMs);
    this.#passTo(arrival.atMs);
    this.#calls += 1;
    this.#tenantOf(arrival).arrive(arrival);
    this.#ask(arrival);
    if (this.#stepIsOver()) yield;
  }

  *finish(): Generator<undefined, WhatIfReport> {
    yield* this.#passUntil(Infinity);
    const fromMs = this.#fromMs ?? 0;
    const forMs = this.#nowMs - fromMs;
    const tenants = [...this.#tenants].map(([tenantId, tally]) => tally.report(tenantId, forMs));
    return {
      fromMs,
      untilMs: this.#nowMs,
      calls: this.#calls,
      waited: Waits.together([...this.#tenants.values()].map(({ waits }) => waits)).report(),
      floorViolations: tenants.reduce((sum, { floorViolations }) => sum + floorViolations, 0),
      tenants: tenants.sort((a, b) => b.calls - a.calls || (a.tenantId < b.tenantId ? -1 : 1)),
      pools: [...this.#pools.values()].map((pool) => pool.report(forMs)),
    };
  }

  #begin(atMs: number): void {
    this.#fromMs = atMs;
    this.#passTo(atMs);
    this.#board.open(true, atMs);
  }

  // As living sessions come back into a store that has lost its memory: each has its line again, whatever the caps are.
  #beginWith({ atMs, lines }: OpenBefore): void {
    this.#fromMs = atMs;
    this.#passTo(atMs);
    const recoveryMs = this.#board.open(false, atMs - TERMS.recoveryMs);
    for (const { poolId, lastsMs, ...who } of lines) {
      const pool = this.#pools.get(poolId);
      if (!pool) continue;
      const call = this.#callOf({ ...who, atMs, lastsMs, waitMs: 0 }, [poolId]);
      this.#board.reregister([{ ...call.request, fence: 0 }], atMs - recoveryMs);
      call.tenant.lines.change(1, atMs);
      pool.hold(call.arrival, 1, atMs);
      this.#due.put(atMs + lastsMs, { kind: 'end', call, pool });
    }
  }

  // As the gateway does it: in the order of the pools, and where none has a line, in line in all of them.
  #ask(arrival: Arrival): void {
    const pools = this.options.poolsOf?.(arrival) ?? this.#poolIds;
    if (pools.length === 0 && this.#poolIds.length > 0) return this.#refuse(arrival, 'not_offered');
    const call = this.#callOf(arrival, pools);
    const outcome = this.#board.acquire(call.request, this.#nowMs);
    this.#hearOfLines();
    switch (outcome.kind) {
      case 'recovering':
        throw new Error('a replay has nothing to recover from');
      case 'admitted':
        return this.#admit(call, outcome.lease);
      case 'denied':
        this.#lookForFloors(call, outcome.denial);
        return this.#refuse(
          arrival,
          outcome.denial.queueFull && arrival.waitMs > 0 ? 'line_full' : outcome.denial.scope,
        );
      case 'waiting': {
        this.#lookForFloors(call, outcome.denial);
        this.#inLine.set(call.request.sessionId, call);
        this.#wait(call, 1);
        this.#due.put(this.#nowMs + Math.min(arrival.waitMs, arrival.patienceMs ?? Infinity), {
          kind: 'time_up',
          call,
        });
        this.#lookAgain(call, outcome.denial);
      }
    }
  }

  // A call that its floor should have had a line for: in each pool, for whichever is asked first would have refused it.
  #lookForFloors(call: Call, { scope }: Denial): void {
    if (scope !== 'pool' && scope !== 'family') return;
    for (const caller of inEachPool(call.request))
      if (isOwed(caller, this.#board.lines.counts)) call.tenant.floorViolations += 1;
  }

  *#passUntil(untilMs: number): Steps {
    for (let dueMs = this.#due.nextMs; dueMs !== null && dueMs <= untilMs; dueMs = this.#due.nextMs) {
      const due = this.#due.take();
      // Who has its line, or has gone, waits for nothing any more.
      if (due && (due.kind === 'end' || this.#inLine.has(due.call.request.sessionId))) {
        this.#passTo(dueMs);
        this.#happen(due);
        this.#hearOfLines();
      }
      if (this.#stepIsOver()) yield;
    }
  }

  #stepIsOver(): boolean {
    return ++this.#events % STEP_EVENTS === 0;
  }

  #passTo(nowMs: number): void {
    for (const pool of this.#pools.values()) pool.pass(nowMs);
    this.#nowMs = nowMs;
  }

  #happen(due: Due): void {
    const { call } = due;
    const { request, arrival, tenant } = call;
    switch (due.kind) {
      case 'end':
        due.pool.hold(arrival, -1, this.#nowMs);
        tenant.lines.change(-1, this.#nowMs);
        this.#board.release(request, 0, this.#nowMs);
        return;
      case 'look': {
        const [standing] = this.#board.attend([request], this.#nowMs);
        if (standing?.kind === 'waiting') this.#lookAgain(call, standing.denial);
        return;
      }
      case 'time_up': {
        this.#standNoMore(call);
        const outcome = this.#board.leave(request, this.#nowMs);
        if (outcome.kind === 'granted') this.#admit(call, outcome.lease);
        else this.#refuse(arrival, (arrival.patienceMs ?? Infinity) < arrival.waitMs ? 'gave_up' : 'time_up');
      }
    }
  }

  // A line that comes free is given in the same step; only a rate has room again by itself.
  #lookAgain(call: Call, { scope, retryAfterMs }: Denial): void {
    if (scope !== 'rate') return;
    const untilMs = this.#nowMs + retryAfterMs;
    this.#places.waitForRate(call.arrival.tenantId, untilMs);
    this.#due.put(untilMs, { kind: 'look', call });
  }

  // Every step may give lines to calls that stand in line.
  #hearOfLines(): void {
    for (const lease of this.#board.takeGranted()) {
      const call = this.#inLine.get(lease.sessionId);
      if (!call) continue;
      this.#standNoMore(call);
      this.#admit(call, lease);
    }
  }

  #standNoMore(call: Call): void {
    this.#inLine.delete(call.request.sessionId);
    this.#wait(call, -1);
  }

  #wait({ request, pools, arrival }: Call, by: 1 | -1): void {
    for (const pool of pools) pool.wait(arrival.tenantId, by);
    for (const caller of inEachPool(request)) this.#places.wait(caller, by);
  }

  #admit(call: Call, lease: Lease): void {
    const { arrival, tenant } = call;
    const { poolId } = lease.place;
    // Its session begins, which no dial of a replay fails to do; a line that was never confirmed would give its rate back.
    this.#board.confirm(lease, this.#nowMs);
    const pool = this.#poolOf(poolId);
    const waitedMs = this.#nowMs - arrival.atMs;
    tenant.admit(arrival, waitedMs);
    tenant.lines.change(1, this.#nowMs);
    pool.admit(arrival, waitedMs, this.#nowMs);
    this.#due.put(this.#nowMs + arrival.lastsMs, { kind: 'end', call, pool });
  }

  #refuse(arrival: Arrival, because: RefusedBecause): void {
    this.#tenantOf(arrival).refuse(because);
  }

  #callOf(arrival: Arrival, poolIds: readonly PoolId[]): Call {
    const [plan, ...otherPools] = poolIds.map((poolId) => this.#planOf(poolId));
    if (!plan) throw new RangeError(`no pool is given for a call of ${arrival.tenantId}`);
    const { poolId } = plan;
    const { keyId, tenantId, family } = arrival;
    const name = `${(this.#sessions += 1)}`;
    const request: AcquireRequest = {
      sessionId: trustedId('ses', name),
      replicaId: REPLICA,
      token: name,
      place: { keyId, tenantId, poolId, family },
      own: this.options.ownOf?.(arrival) ?? NO_LIMITS,
      plan,
      otherPools,
      mayWait: arrival.waitMs > 0,
    };
    return { arrival, request, tenant: this.#tenantOf(arrival), pools: poolIds.map((id) => this.#poolOf(id)) };
  }

  #planOf(poolId: PoolId): PoolPlan {
    const plan = this.#plans.get(poolId);
    if (!plan) throw new RangeError(`no plan is given for pool ${poolId}`);
    return plan;
  }

  #poolOf(poolId: PoolId): PoolTally {
    const pool = this.#pools.get(poolId);
    if (!pool) throw new RangeError(`no plan is given for pool ${poolId}`);
    return pool;
  }

  #tenantOf({ tenantId }: Arrival): TenantTally {
    const known = this.#tenants.get(tenantId) ?? new TenantTally();
    this.#tenants.set(tenantId, known);
    return known;
  }
}
