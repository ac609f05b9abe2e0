// The state machine of admission: who holds which line, who waits, and who is next. Pure: no clock, no chance, no store;
// every step takes the time and answers at once. The in-process store is this machine, the Redis scripts do the same
// step by step (a property test holds them to it), and the simulation in `test/sim` breaks its world on purpose.
//
// Invariants: no step puts a pool, family, tenant or key above its cap but re-registration of living sessions; floors
// stay coverable (`room.ts`); after every step nobody waits who could have a line.
import type { PoolId, SessionId } from '@trunkline/kernel';
import { inEachPool, type Caller, type Lease, type LeaseState, type LeaseTerms, type Seeker } from './lease.js';
import { isSamePlace, type Place } from './limits.js';
import { isAhead, phaseOf, turnOf, type Contender } from './fair-share.js';
import { isLikelier } from './likeliest.js';
import { LineRegister, type Line } from './line-register.js';
import type { TokenUse } from './headroom.js';
import type { AcquireOutcome, AcquireRequest, AttendOutcome, Denial, OwnUse } from './lease-store.js';
import { ReleasePace, SessionRate } from './pace.js';
import { shareOf, type PoolPlan } from './pool-plan.js';
import { blockedBy } from './room.js';
import { Pauses } from './pauses.js';
import { WaitingQueue, type Waiter } from './waiting-queue.js';

/** A session younger than this that breaks off while others wait is as much a new call as theirs. */
export const KEEP_AGE_MS_MIN = 60_000;
/** The same for a session that came by its line as a reconnect: a chain of them must not pass others by for ever. */
export const KEEP_AGAIN_AGE_MS_MIN = 15 * 60_000;

/** An idle line that was asked to make room counts as coming free for so long. */
export const RECLAIM_MS = 10_000;

/** Raised by an acquisition for a session that holds a line elsewhere: a bug in the caller. */
export class LineHeldElsewhere extends Error {
  override readonly name = 'LineHeldElsewhere';

  constructor() {
    super('a session holds one line: release it before asking for one of another key, tenant, pool or family');
  }
}

const NEW_LINE = { isInherited: false, isEnding: false };

/** The machine. */
export class Switchboard {
  readonly lines = new LineRegister();
  readonly queue = new WaitingQueue();
  readonly #plans = new Map<PoolId, PoolPlan>();
  readonly #pauses = new Pauses();
  /** Idle sessions that were asked to make room, and until when that counts. */
  readonly #reclaims = new Map<SessionId, number>();
  readonly #pace = new ReleasePace();
  readonly #rate = new SessionRate();
  /** Lines given so far, by pool. */
  readonly #given = new Map<PoolId, number>();
  #beatMs: number | null = null;
  #closedUntilMs = 0;
  #fence = 0;
  #granted: Lease[] = [];
  /** Where a line that was being settled went in this step. */
  readonly #settled: Place[] = [];

  constructor(private readonly terms: LeaseTerms) {}

  /**
   * A process begins. @param noSessionIsOpen certain from elsewhere that there is nobody to wait for.
   * @returns milliseconds for which nobody is admitted.
   */
  open(noSessionIsOpen: boolean, nowMs: number): number {
    if (noSessionIsOpen) this.#beatMs = nowMs;
    return this.#enterAndGiveOut(nowMs);
  }

  acquire(request: AcquireRequest, nowMs: number): AcquireOutcome {
    const closedMs = this.#enter(nowMs);
    if (closedMs > 0) {
      this.#giveOut(closedMs, nowMs);
      return { kind: 'recovering', retryAfterMs: closedMs };
    }
    const { sessionId } = request;
    const callers = inEachPool(request);
    const taken = this.#takenBy(callers);
    if (taken) {
      this.queue.remove(sessionId);
      // Asked twice: the line may be in use by now, and stays as it is.
      const lease = this.#told(request, nowMs)?.lease ?? this.#takeOver(taken.line, taken.caller, nowMs);
      this.#giveOut(0, nowMs);
      return { kind: 'admitted', lease, own: this.#ownUse(request, nowMs) };
    }
    if (this.lines.get(sessionId)) {
      this.#giveOut(0, nowMs);
      throw new LineHeldElsewhere();
    }
    for (const { plan } of callers) this.#adopt(plan);
    const asking = this.queue.add(sessionId, callers, nowMs);
    this.#giveOut(0, nowMs);
    const line = this.lines.get(sessionId);
    if (line) return { kind: 'admitted', lease: line.lease, own: this.#ownUse(request, nowMs) };
    const back = asking.find(({ caller }) => this.#comesBack(caller));
    const staying = asking.flatMap((waiter): Waiter[] => {
      if (!request.mayWait) return [];
      if (waiter === back) return [{ ...waiter, comesBack: true }];
      return this.#isLineFull(waiter.caller) ? [] : [waiter];
    });
    const denial = this.#denial(staying.length > 0 ? staying : asking, nowMs);
    this.queue.stay(sessionId, staying);
    return staying.length > 0
      ? { kind: 'waiting', denial }
      : { kind: 'denied', denial, ownLineEnds: back !== undefined };
  }

  attend(callers: readonly Seeker[], nowMs: number): readonly AttendOutcome[] {
    const closedMs = this.#enter(nowMs);
    for (const { plan, otherPools } of callers) for (const brought of [plan, ...otherPools]) this.#adopt(brought);
    for (const caller of callers) this.#attendTo(caller, nowMs);
    this.#giveOut(closedMs, nowMs);
    return callers.map((caller) => this.#standing(caller, nowMs));
  }

  leave(caller: Caller, nowMs: number): AttendOutcome {
    const closedMs = this.#enter(nowMs);
    if (this.#waitersOf(caller).length > 0) this.queue.remove(caller.sessionId);
    this.#giveOut(closedMs, nowMs);
    return this.#standing(caller, nowMs);
  }

  confirm(lease: Caller, nowMs: number): 'confirmed' | 'lost' {
    this.#enterAndGiveOut(nowMs);
    const line = this.#heldBy(lease);
    if (line) this.lines.set(line, 'confirmed', nowMs + this.terms.confirmedMs);
    return line ? 'confirmed' : 'lost';
  }

  renew<L extends Caller>(leases: readonly L[], nowMs: number): readonly L[] {
    this.#enterAndGiveOut(nowMs);
    return leases.filter((lease) => {
      const line = this.#heldBy(lease);
      if (line?.state === 'confirmed') this.lines.set(line, 'confirmed', nowMs + this.terms.confirmedMs);
      return line === null;
    });
  }

  ending(lease: Caller, nowMs: number): void {
    this.#enterAndGiveOut(nowMs);
    const line = this.#heldBy(lease);
    if (line?.state === 'confirmed') this.lines.setEnding(line);
  }

  reregister<L extends Lease>(leases: readonly L[], nowMs: number): readonly L[] {
    const closedMs = this.#enter(nowMs);
    const refused = leases.filter((lease) => {
      this.#adopt(lease.plan);
      const line = this.lines.get(lease.sessionId);
      if (line && this.#heldBy(lease) === null) return true;
      if (!line && closedMs === 0 && this.#isAtACap(lease)) return true;
      this.#fence = Math.max(this.#fence, lease.fence);
      this.#put(line ? line.lease : lease, 'confirmed', { nowMs, ttlMs: this.terms.confirmedMs });
      return false;
    });
    this.#giveOut(closedMs, nowMs);
    return refused;
  }

  release(lease: Caller, keepMs: number, nowMs: number): 'released' | 'gone' {
    const closedMs = this.#enter(nowMs);
    const line = this.#heldBy(lease);
    if (line && keepMs > 0 && line.state === 'confirmed') this.#keep(line, keepMs, nowMs);
    else if (line) this.#free(line, nowMs);
    this.#giveOut(closedMs, nowMs);
    return line ? 'released' : 'gone';
  }

  pause(poolId: PoolId, forMs: number, nowMs: number, family: string | null = null): void {
    this.#enterAndGiveOut(nowMs);
    this.#pauses.pause(poolId, family, nowMs + forMs);
  }

  /** Milliseconds for which the pool is paused: all of it, or the family in it where that is longer. */
  pausedForMs(poolId: PoolId, nowMs: number, family: string | null = null): number {
    return this.#pauses.forMs(poolId, nowMs, family);
  }

  /** Milliseconds that are left of the recovery window; 0: it is closed. */
  recoveringMs(nowMs: number): number {
    return Math.max(0, this.#closedUntilMs - nowMs);
  }

  /** The pool's families that are paused by themselves, and for how many milliseconds. */
  pausedFamilies(poolId: PoolId, nowMs: number): Readonly<Record<string, number>> {
    return this.#pauses.families(poolId, nowMs);
  }

  used(use: TokenUse, nowMs: number): void {
    this.#enterAndGiveOut(nowMs);
    this.#pauses.used(use, nowMs);
  }

  mayReclaim(lease: Caller, nowMs: number): boolean {
    this.#enterAndGiveOut(nowMs);
    const line = this.#heldBy(lease);
    if (line?.state !== 'confirmed') return false;
    const isWanted = this.#isWanted(line, nowMs, this.#comingFree(line, nowMs));
    if (isWanted && !this.#reclaims.has(lease.sessionId)) this.#reclaims.set(lease.sessionId, nowMs + RECLAIM_MS);
    if (!isWanted) this.#reclaims.delete(lease.sessionId);
    return isWanted;
  }

  /** Lines given to waiting calls since the last time this was asked. */
  takeGranted(): readonly Lease[] {
    const granted = this.#granted;
    this.#granted = [];
    return granted;
  }

  // A store may have lost its memory (never heard anybody) or have been out of everybody's reach (heard nobody for long):
  // leases may then have lapsed that living sessions could not renew, and these are counted again before anybody new.
  #enter(nowMs: number): number {
    const { silenceMaxMs, recoveryMs, waiterMs } = this.terms;
    if (this.#beatMs === null || nowMs - this.#beatMs > silenceMaxMs) this.#closedUntilMs = nowMs + recoveryMs;
    this.#beatMs = nowMs;
    this.queue.removeSilent(nowMs, waiterMs);
    for (const line of this.lines.removeLapsed(nowMs)) this.#freed(line, nowMs);
    return this.recoveringMs(nowMs);
  }

  #enterAndGiveOut(nowMs: number): number {
    const closedMs = this.#enter(nowMs);
    this.#giveOut(closedMs, nowMs);
    return closedMs;
  }

  // What came free goes to whoever is owed it; and of the calls that counted on a line which is gone, only those go on
  // counting for which there is another one.
  #giveOut(closedMs: number, nowMs: number): void {
    if (closedMs === 0) this.#grant(nowMs);
    for (const place of this.#settled.splice(0)) this.queue.countOn(place, this.lines.endingAt(place));
  }

  #adopt(plan: PoolPlan): void {
    const known = this.#plans.get(plan.poolId);
    if (!known || plan.version >= known.version) this.#plans.set(plan.poolId, plan);
  }

  #planOf(caller: Caller): PoolPlan {
    return this.#plans.get(caller.place.poolId) ?? caller.plan;
  }

  #grant(nowMs: number): void {
    for (const poolId of this.queue.pools())
      for (let next = this.#next(poolId, nowMs); next !== null; next = this.#next(poolId, nowMs))
        this.#give(next, nowMs);
  }

  /** The call that is owed the next line of the pool, of those that may have one. */
  #next(poolId: PoolId, nowMs: number): Waiter | null {
    const plan = this.#plans.get(poolId);
    // A full pool is full for everybody: the usual case, and not worth a look at each call.
    if (typeof plan?.sessionsMax === 'number' && this.lines.counts.of(`p|${poolId}`) >= plan.sessionsMax) return null;
    const turn = turnOf(plan, this.#given.get(poolId) ?? 0);
    const tenantsSeen = new Set<string>();
    let best: { readonly waiter: Waiter; readonly contender: Contender } | null = null;
    for (const waiter of this.queue.ofPool(poolId)) {
      const { tenantId } = waiter.caller.place;
      if (tenantsSeen.has(tenantId) || this.#whyNot(waiter.caller, nowMs) !== null) continue;
      tenantsSeen.add(tenantId);
      const { floor, weight } = shareOf(this.#planOf(waiter.caller), tenantId);
      const held = this.lines.counts.of(`pt|${poolId}|${tenantId}`);
      const contender = { held, floor, weight, phase: phaseOf(tenantId, turn), sequence: waiter.sequence };
      if (best === null || isAhead(contender, best.contender)) best = { waiter, contender };
    }
    return best?.waiter ?? null;
  }

  #give({ caller }: Waiter, nowMs: number): void {
    this.queue.remove(caller.sessionId);
    this.#fence = Math.max(this.#fence + 1, nowMs * 1000);
    const { tenantId, poolId } = caller.place;
    this.#given.set(poolId, (this.#given.get(poolId) ?? 0) + 1);
    const { sessionsPerMinuteMax } = caller.own;
    if (sessionsPerMinuteMax !== null) this.#rate.began(tenantId, sessionsPerMinuteMax, nowMs);
    this.#granted.push(
      this.#put({ ...plainCaller(caller), fence: this.#fence }, 'pending', { nowMs, ttlMs: this.terms.pendingMs }),
    );
  }

  /** The line that an acquisition takes over: its session's own, or the one kept for the first of its places that has one. */
  #takenBy(callers: readonly Caller[]): { readonly line: Line; readonly caller: Caller } | null {
    for (const caller of callers) {
      const own = this.lines.get(caller.sessionId);
      const line = own ?? this.lines.keptFor(caller.place);
      if (line && isSamePlace(line.lease.place, caller.place)) return { line, caller };
    }
    return null;
  }

  // It stays where it may still have a line, and joins the pools that are new to it where there is room.
  #attendTo(seeker: Seeker, nowMs: number): void {
    const pools = new Set(this.#waitersOf(seeker).map(({ caller }) => caller.place.poolId));
    if (pools.size === 0) return;
    const staying = inEachPool(seeker).filter((caller) => pools.has(caller.place.poolId) || !this.#isLineFull(caller));
    this.queue.seen(seeker.sessionId, staying, nowMs);
  }

  /** Other lines whose sessions were asked to make room and have not done so yet. */
  #comingFree({ lease }: Line, nowMs: number): readonly Line[] {
    const lines: Line[] = [];
    for (const [sessionId, untilMs] of this.#reclaims) {
      const other = this.lines.get(sessionId);
      if (untilMs <= nowMs || other?.state !== 'confirmed') this.#reclaims.delete(sessionId);
      else if (sessionId !== lease.sessionId) lines.push(other);
    }
    return lines;
  }

  /** Whether a call in line could have this line, of those for which the lines that are coming free will not do. */
  #isWanted({ lease: { place } }: Line, nowMs: number, comingFree: readonly Line[]): boolean {
    const { counts } = this.lines;
    for (const { lease } of comingFree) counts.add(lease.place, -1);
    const served: Place[] = [];
    const left: Caller[] = [];
    for (const waiters of this.queue.calls()) {
      const callers = waiters.map(({ caller }) => caller);
      const first = callers.find((caller) => this.#whyNot(caller, nowMs) === null);
      if (first) counts.add(first.place, 1);
      if (first) served.push(first.place);
      else left.push(...callers.filter((caller) => caller.place.poolId === place.poolId));
    }
    counts.add(place, -1);
    const isWanted = left.some((caller) => this.#whyNot(caller, nowMs) === null);
    counts.add(place, 1);
    for (const taken of served) counts.add(taken, -1);
    for (const { lease } of comingFree) counts.add(lease.place, 1);
    return isWanted;
  }

  #takeOver(line: Line, caller: Caller, nowMs: number): Lease {
    this.lines.remove(line.lease.sessionId);
    if (line.isEnding) this.#settled.push(line.lease.place);
    this.#fence = Math.max(this.#fence + 1, nowMs * 1000);
    const lease = { ...plainCaller(caller), fence: this.#fence };
    const isOwn = line.lease.sessionId === caller.sessionId;
    const expiresAtMs = nowMs + this.terms.pendingMs;
    const { sinceMs, isInherited } = isOwn ? line : { sinceMs: nowMs, isInherited: true };
    this.lines.put({ lease, sinceMs, isInherited, isEnding: false, state: 'pending', expiresAtMs });
    return lease;
  }

  #put(lease: Lease, state: LeaseState, { nowMs, ttlMs }: { readonly nowMs: number; readonly ttlMs: number }): Lease {
    const { sinceMs, isInherited, isEnding } = this.lines.get(lease.sessionId) ?? { sinceMs: nowMs, ...NEW_LINE };
    this.lines.put({ lease, sinceMs, isInherited, isEnding, state, expiresAtMs: nowMs + ttlMs });
    return lease;
  }

  /** Whether a line of the call's place is being settled that no call before it counts on. */
  #comesBack({ place, sessionId }: Caller): boolean {
    const ending = this.lines.endingAt(place);
    if (ending === 0) return false;
    const counting = this.queue
      .at(place)
      .filter(({ comesBack, caller }) => comesBack && caller.sessionId !== sessionId);
    return counting.length < ending;
  }

  // Nobody can tell who comes back from who comes anew: a key is all that they show. So while other tenants wait, a line is
  // kept only where a call was really under way, and for who comes from its end on; of those who were in line before,
  // everybody is as good as the next.
  #keep(line: Line, keepMs: number, nowMs: number): void {
    const { place } = line.lease;
    const isWanted = this.queue.ofPool(place.poolId).some(({ caller }) => caller.place.tenantId !== place.tenantId);
    const ageMsMin = line.isInherited ? KEEP_AGAIN_AGE_MS_MIN : KEEP_AGE_MS_MIN;
    if (isWanted && nowMs - line.sinceMs < ageMsMin) return this.#free(line, nowMs);
    // Who broke off may have come back before its old connection was settled: then its call is in line already.
    const inLine = this.queue.at(place);
    const back = inLine.find(({ comesBack }) => comesBack) ?? (isWanted ? undefined : inLine[0]);
    if (!back) return this.lines.set(line, 'kept', nowMs + keepMs);
    this.queue.remove(back.caller.sessionId);
    this.#granted.push(this.#takeOver(line, back.caller, nowMs));
  }

  #free(line: Line, nowMs: number): void {
    this.lines.remove(line.lease.sessionId);
    this.#freed(line, nowMs);
  }

  #freed({ lease: { place }, isEnding }: Line, nowMs: number): void {
    const { poolId } = place;
    if (isEnding) this.#settled.push(place);
    this.#pace.freed(poolId, nowMs, this.queue.ofPool(poolId)[0]?.sinceMs ?? null);
  }

  /** What keeps this call from having a line now; null: nothing. */
  #whyNot(caller: Caller, nowMs: number): Omit<Denial, 'queue' | 'queueFull' | 'own'> | null {
    const { place, own } = caller;
    const perMinuteMax = own.sessionsPerMinuteMax;
    const rateMs = perMinuteMax === null ? 0 : this.#rate.waitMs(place.tenantId, perMinuteMax, nowMs);
    if (perMinuteMax !== null && rateMs > 0)
      return { scope: 'rate', current: perMinuteMax, max: perMinuteMax, retryAfterMs: rateMs };
    const pausedMs = this.pausedForMs(place.poolId, nowMs, place.family);
    if (pausedMs > 0) return { scope: 'headroom', current: 0, max: 0, retryAfterMs: pausedMs };
    const blocked = blockedBy({ place, own }, this.#planOf(caller), this.lines.counts);
    return blocked ? { ...blocked, retryAfterMs: 0 } : null;
  }

  /** Why none of its pools has a line for a call: what the likeliest of them says. */
  #denial(waiters: readonly Waiter[], nowMs: number): Denial {
    const denials = waiters.map(({ caller }) => this.#denialIn(caller, nowMs));
    const likeliest = denials.reduce((best, denial) => (isLikelier(denial, best) ? denial : best));
    return { ...likeliest, queueFull: denials.every(({ queueFull }) => queueFull) };
  }

  #denialIn(caller: Caller, nowMs: number): Denial {
    const { position, tenants } = this.queue.standing(caller.sessionId, caller.place);
    const gapMs = this.#pace.gapMs(caller.place.poolId);
    const expectedWaitMs = gapMs === null ? null : position * tenants * gapMs;
    // Everybody who could have a line was given one in this step.
    const why = this.#whyNot(caller, nowMs) ?? { scope: 'pool' as const, current: 0, max: 0, retryAfterMs: 0 };
    return {
      ...why,
      retryAfterMs: why.retryAfterMs || (expectedWaitMs ?? 0),
      queueFull: this.#isLineFull(caller),
      queue: { position, expectedWaitMs },
      own: this.#ownUse(caller, nowMs),
    };
  }

  /** Whether the pool's line has no place for this call, or should not have had. */
  #isLineFull(caller: Caller): boolean {
    const { place, sessionId } = caller;
    const { inPool, ofTenant } = this.queue.standing(sessionId, place);
    const { waitingMax, waitingPerTenantMax } = this.#planOf(caller);
    const more = this.queue.get(sessionId).some((waiter) => waiter.caller.place.poolId === place.poolId) ? 0 : 1;
    return inPool + more > waitingMax || ofTenant + more > waitingPerTenantMax;
  }

  #ownUse({ place: { keyId, tenantId } }: Caller, nowMs: number): OwnUse {
    const { counts } = this.lines;
    const rateUsedMs = this.#rate.usedMs(tenantId, nowMs);
    return { rateUsedMs, keySessions: counts.of(`k|${keyId}`), tenantSessions: counts.of(`t|${tenantId}`) };
  }

  // Floors do not count here: the session is open upstream, and only a cap is worth ending it for.
  #isAtACap(lease: Lease): boolean {
    const plan = { ...this.#planOf(lease), shares: {} };
    return blockedBy(lease, plan, this.lines.counts) !== null;
  }

  // Whoever hears of its line only now has the whole time of a dial from now on.
  #told(caller: Caller, nowMs: number): Line | null {
    const line = this.#heldBy(caller);
    if (line?.state === 'pending') this.lines.set(line, 'pending', nowMs + this.terms.pendingMs);
    return line;
  }

  #standing(caller: Caller, nowMs: number): AttendOutcome {
    const line = this.#told(caller, nowMs);
    if (line) return { kind: 'granted', lease: line.lease, own: this.#ownUse(caller, nowMs) };
    const waiters = this.#waitersOf(caller);
    return waiters.length > 0 ? { kind: 'waiting', denial: this.#denial(waiters, nowMs) } : { kind: 'gone' };
  }

  #heldBy(caller: Caller): Line | null {
    const line = this.lines.get(caller.sessionId);
    return line?.lease.token === caller.token && line.state !== 'kept' ? line : null;
  }

  #waitersOf({ sessionId, token }: Caller): readonly Waiter[] {
    return this.queue.get(sessionId).filter(({ caller }) => caller.token === token);
  }
}

function plainCaller({ sessionId, replicaId, token, place, own, plan }: Caller): Caller {
  return { sessionId, replicaId, token, place, own, plan };
}
