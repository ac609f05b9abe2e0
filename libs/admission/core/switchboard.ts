// The state machine of admission: who holds which line, who waits, and who is next. Pure: no clock, no chance, no store;
// every step takes the time and answers at once. The in-process store is this machine, the Redis scripts do the same
// step by step (a property test holds them to it), and the simulation in `test/sim` breaks its world on purpose.
//
// It holds the steps, each from its beginning to its end; what they go by is beside it: who is next (`next-in-line.ts`), what
// keeps a call out (`obstacles.ts`) and what it is told (`denials.ts`), lines that change hands (`given-lines.ts`,
// `kept-line.ts`, `own-line-claims.ts`), idle ones (`reclaims.ts`), lost memory (`recovery-window.ts`).
//
// Invariants: no step puts a pool, family, tenant or key above its cap but re-registration of living sessions; floors
// stay coverable (`room.ts`); after every step nobody waits who could have a line.
import type { PoolId } from '@trunkline/kernel';
import { inEachPool, type Caller, type Lease, type LeaseTerms, type Seeker } from './lease.js';
import { Denials } from './denials.js';
import { GivenLines } from './given-lines.js';
import type { TokenUse } from './headroom.js';
import { fateOfKept } from './kept-line.js';
import type { AcquireOutcome, AcquireRequest, AttendOutcome } from './lease-store.js';
import { isSamePlace } from './limits.js';
import { LineRegister, type Line } from './line-register.js';
import { NextInLine } from './next-in-line.js';
import { Obstacles } from './obstacles.js';
import { OwnLineClaims } from './own-line-claims.js';
import { ReleasePace, SessionRate } from './pace.js';
import { Pauses } from './pauses.js';
import { PlansInForce } from './plans-in-force.js';
import { Reclaims } from './reclaims.js';
import { RecoveryWindow } from './recovery-window.js';
import { blockedBy } from './room.js';
import { WaitingQueue, type Waiter } from './waiting-queue.js';

/** Raised by an acquisition for a session that holds a line elsewhere: a bug in the caller. */
export class LineHeldElsewhere extends Error {
  override readonly name = 'LineHeldElsewhere';

  constructor() {
    super('a session holds one line: release it before asking for one of another key, tenant, pool or family');
  }
}

/** The machine. */
export class Switchboard {
  readonly lines = new LineRegister();
  readonly queue = new WaitingQueue();
  readonly #plans = new PlansInForce();
  readonly #pauses = new Pauses();
  readonly #pace = new ReleasePace();
  readonly #rate = new SessionRate();
  readonly #claims = new OwnLineClaims(this.lines, this.queue);
  readonly #given: GivenLines;
  readonly #next: NextInLine;
  readonly #denials: Denials;
  readonly #reclaims: Reclaims;
  readonly #window: RecoveryWindow;
  #granted: Lease[] = [];

  constructor(private readonly terms: LeaseTerms) {
    const { counts } = this.lines;
    const seen = { counts, lines: this.lines, queue: this.queue, plans: this.#plans };
    const paced = { pace: this.#pace, rate: this.#rate };
    const obstacles = new Obstacles({ ...seen, ...paced, pauses: this.#pauses });
    this.#given = new GivenLines(this.lines, terms);
    this.#next = new NextInLine({ ...seen, obstacles });
    this.#denials = new Denials({ ...seen, ...paced, obstacles });
    this.#reclaims = new Reclaims({ ...seen, obstacles });
    this.#window = new RecoveryWindow(terms);
  }

  /**
   * A process begins. @param noSessionIsOpen certain from elsewhere that there is nobody to wait for.
   * @returns milliseconds for which nobody is admitted.
   */
  open(noSessionIsOpen: boolean, nowMs: number): number {
    if (noSessionIsOpen) this.#window.nobodyIsOpen(nowMs);
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
      return { kind: 'admitted', lease, own: this.#denials.ownUse(request, nowMs) };
    }
    if (this.lines.get(sessionId)) {
      this.#giveOut(0, nowMs);
      throw new LineHeldElsewhere();
    }
    for (const { plan } of callers) this.#plans.adopt(plan);
    const asking = this.queue.add(sessionId, callers, nowMs);
    this.#giveOut(0, nowMs);
    const line = this.lines.get(sessionId);
    if (line) return { kind: 'admitted', lease: line.lease, own: this.#denials.ownUse(request, nowMs) };
    const back = asking.find(({ caller }) => this.#claims.isOneFreeFor(caller));
    const staying = asking.flatMap((waiter): Waiter[] => {
      if (!request.mayWait) return [];
      if (waiter === back) return [{ ...waiter, comesBack: true }];
      return this.#denials.isLineFull(waiter.caller) ? [] : [waiter];
    });
    const denial = this.#denials.of(staying.length > 0 ? staying : asking, nowMs);
    this.queue.stay(sessionId, staying);
    return staying.length > 0
      ? { kind: 'waiting', denial }
      : { kind: 'denied', denial, ownLineEnds: back !== undefined };
  }

  attend(callers: readonly Seeker[], nowMs: number): readonly AttendOutcome[] {
    const closedMs = this.#enter(nowMs);
    for (const { plan, otherPools } of callers) for (const brought of [plan, ...otherPools]) this.#plans.adopt(brought);
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
      this.#plans.adopt(lease.plan);
      const line = this.lines.get(lease.sessionId);
      if (line && this.#heldBy(lease) === null) return true;
      if (!line && closedMs === 0 && this.#isAtACap(lease)) return true;
      // A copy that took over may know it from before it was given its line.
      this.queue.remove(lease.sessionId);
      this.#given.putBack(lease, nowMs);
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
    return this.#window.leftMs(nowMs);
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
    return this.#reclaims.ask(line, nowMs);
  }

  /** Lines given to waiting calls since the last time this was asked. */
  takeGranted(): readonly Lease[] {
    const granted = this.#granted;
    this.#granted = [];
    return granted;
  }

  #enter(nowMs: number): number {
    const closedMs = this.#window.enter(nowMs);
    this.queue.removeSilent(nowMs, this.terms.waiterMs);
    for (const line of this.lines.removeLapsed(nowMs)) this.#freed(line, nowMs);
    return closedMs;
  }

  #enterAndGiveOut(nowMs: number): number {
    const closedMs = this.#enter(nowMs);
    this.#giveOut(closedMs, nowMs);
    return closedMs;
  }

  // Ends every step.
  #giveOut(closedMs: number, nowMs: number): void {
    if (closedMs === 0) this.#grant(nowMs);
    this.#claims.letGo();
  }

  #grant(nowMs: number): void {
    for (const poolId of this.queue.pools())
      for (let next = this.#next.of(poolId, nowMs); next !== null; next = this.#next.of(poolId, nowMs))
        this.#give(next, nowMs);
  }

  #give({ caller }: Waiter, nowMs: number): void {
    this.queue.remove(caller.sessionId);
    const { tenantId, poolId } = caller.place;
    this.#next.gave(poolId);
    const { sessionsPerMinuteMax } = caller.own;
    const charge = sessionsPerMinuteMax === null ? null : this.#rate.began(tenantId, sessionsPerMinuteMax, nowMs);
    this.#granted.push(this.#given.give(caller, charge, nowMs));
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
    const staying = inEachPool(seeker).filter(
      (caller) => pools.has(caller.place.poolId) || !this.#denials.isLineFull(caller),
    );
    this.queue.seen(seeker.sessionId, staying, nowMs);
  }

  #takeOver(line: Line, caller: Caller, nowMs: number): Lease {
    this.#claims.went(line);
    return this.#given.takeOver(line, caller, nowMs);
  }

  #keep(line: Line, keepMs: number, nowMs: number): void {
    const fate = fateOfKept(line, this.queue, nowMs);
    if (fate === 'free') return this.#free(line, nowMs);
    if (fate === 'kept') return this.lines.set(line, 'kept', nowMs + keepMs);
    this.queue.remove(fate.caller.sessionId);
    this.#granted.push(this.#takeOver(line, fate.caller, nowMs));
  }

  #free(line: Line, nowMs: number): void {
    // A dial that failed began no session; its call may ask for a line of the next pool at once.
    if (line.state === 'pending' && line.charge) this.#rate.neverBegan(line.lease.place.tenantId, line.charge, nowMs);
    this.lines.remove(line.lease.sessionId);
    this.#freed(line, nowMs);
  }

  #freed(line: Line, nowMs: number): void {
    const { poolId } = line.lease.place;
    this.#claims.went(line);
    this.#pace.freed(poolId, nowMs, this.queue.ofPool(poolId)[0]?.sinceMs ?? null);
  }

  // Floors do not count here: the session is open upstream, and only a cap is worth ending it for.
  #isAtACap(lease: Lease): boolean {
    const plan = { ...this.#plans.of(lease), shares: {} };
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
    if (line) return { kind: 'granted', lease: line.lease, own: this.#denials.ownUse(caller, nowMs) };
    const waiters = this.#waitersOf(caller);
    return waiters.length > 0 ? { kind: 'waiting', denial: this.#denials.of(waiters, nowMs) } : { kind: 'gone' };
  }

  #heldBy(caller: Caller): Line | null {
    const line = this.lines.get(caller.sessionId);
    return line?.lease.token === caller.token && line.state !== 'kept' ? line : null;
  }

  #waitersOf({ sessionId, token }: Caller): readonly Waiter[] {
    return this.queue.get(sessionId).filter(({ caller }) => caller.token === token);
  }
}
