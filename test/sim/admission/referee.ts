// Judges every step of the store against the promises of admission, from the lines themselves and from the upstream's
// books. It believes no counter and no answer of the state machine, only who holds which line and who stands in line.
import { shareOf, type PoolPlan, type Switchboard } from '@trunkline/admission';
import type { SessionId } from '@trunkline/kernel';
import { arrivalsOf, linesOf, takenBy, type Arrivals, type LinesThen, type Waiter } from './arrivals.js';
import { CapLedger } from './cap-ledger.js';
import { Patience } from './patience.js';
import { Rules, type Tally } from './rules.js';
import type { RefereeParts } from './referee-parts.js';
import type { StepRun, StoreWatch } from './step-run.js';
import type { OpenSession } from './upstream.js';
import { Violation } from './violation.js';

/** The referee of one world. */
export class Referee implements StoreWatch {
  readonly #rules = new Rules();
  readonly #ledger: CapLedger;
  readonly #patience: Patience;
  readonly #everCounted = new Set<string>();
  #lines: LinesThen = new Map();
  #waiting = new Map<SessionId, Waiter>();
  /** Steps judged. */
  steps = 0;
  grants = 0;
  waited = 0;

  constructor({ tenants, openSessions, mayOutlive }: RefereeParts) {
    this.#patience = new Patience(this.#rules, tenants);
    this.#ledger = new CapLedger(this.#rules, openSessions, mayOutlive);
  }

  /** The most lines that others got while a tenant without one above its floor waited. */
  get passedOver(): number {
    return this.#patience.worst;
  }

  stepped(run: StepRun): readonly PoolPlan[] {
    this.steps += 1;
    const { board, nowMs, memory } = run;
    const lines = linesOf(board);
    this.#assertNoneLapsed(lines, nowMs);
    const before = new Map([...this.#lines].filter(([, line]) => line.expiresAtMs > nowMs));
    const tally = this.#rules.count([...lines.values()].map(({ lease }) => lease.place));
    const adopted = this.#adopt(run, before);
    const arrivals = arrivalsOf({ step: run.step, before, after: lines, waiting: this.#waiting });
    this.#assertCounted(board, tally);
    this.#assertKept(run, before, lines);
    this.#ledger.lapsed(this.#lines, before, lines);
    this.#ledger.stepped(run, arrivals);
    this.#assertWithinCaps(run, arrivals, tally);
    this.#assertFloorsKept(run, arrivals, tally);
    this.#assertInOrder(run, arrivals);
    if (!memory.isClosed(nowMs)) this.#assertNobodyWaitsInVain(run, tally);
    this.#patience.stepped(run, arrivals.granted, tally);
    this.#lines = lines;
    this.#waiting = waitersOf(board);
    this.grants += arrivals.granted.length;
    this.waited += run.step.kind === 'acquire' ? 0 : arrivals.granted.length;
    return adopted;
  }

  forgot(): void {
    this.#lines = new Map();
    this.#waiting = new Map();
    this.#patience.forgot();
    this.#ledger.forgot();
  }

  restored(board: Switchboard): void {
    const lines = linesOf(board);
    this.#ledger.restored(this.#lines, lines);
    this.#lines = lines;
    this.#waiting = waitersOf(board);
    this.#patience.forgot();
  }

  /** A session was dialled. */
  opened(session: OpenSession): void {
    this.#ledger.opened(session, this.#lines);
  }

  /** Everybody is gone and all times have passed: nothing may be left. */
  assertEmpty(board: Switchboard): void {
    if (board.lines.size > 0 || board.queue.size > 0)
      throw new Violation('leak', `${board.lines.size} lines and ${board.queue.size} calls in line are left over`);
    this.#assertCounted(board, this.#rules.count([]));
  }

  // The plans that the step brought: an acquisition that took a line over was not asked for its plan.
  #adopt({ step, memory, nowMs }: StepRun, before: LinesThen): readonly PoolPlan[] {
    if (step.kind !== 'acquire' && step.kind !== 'attend' && step.kind !== 'reregister') return [];
    if (step.kind === 'acquire' && (memory.isClosed(nowMs) || takenBy(step.callers[0], before))) return [];
    for (const { plan } of step.callers) memory.adopt(plan);
    return step.callers.map(({ plan }) => plan);
  }

  #assertCounted({ lines }: Switchboard, tally: Tally): void {
    for (const name of tally.names()) this.#everCounted.add(name);
    for (const name of this.#everCounted)
      if (lines.counts.of(name) !== tally.of(name))
        throw new Violation('miscounted', `${name} stands at ${lines.counts.of(name)}, of ${tally.of(name)} lines`);
  }

  #assertNoneLapsed(lines: LinesThen, nowMs: number): void {
    for (const [sessionId, { expiresAtMs }] of lines)
      if (expiresAtMs <= nowMs) throw new Violation('leak', `the line of ${sessionId} lapsed and is still there`);
  }

  // A line goes when it lapses, when its holder gives it back, or when its own key takes it over; and a call's line does
  // not become a reservation again.
  #assertKept({ step, memory, nowMs }: StepRun, before: LinesThen, lines: LinesThen): void {
    const isClosed = memory.isClosed(nowMs);
    const from = step.kind === 'acquire' && !isClosed ? takenBy(step.callers[0], before) : null;
    if (from && !step.callers.some(({ sessionId }) => lines.has(sessionId)))
      throw new Violation('line taken away', `a line is kept for ${step.callers[0]?.sessionId}, which was refused`);
    for (const [sessionId, was] of before) {
      const now = lines.get(sessionId);
      if (now?.lease.token === was.lease.token) {
        if (was.state === 'confirmed' && now.state === 'pending')
          throw new Violation('line demoted', `the confirmed line of ${sessionId} is a reservation, at ${step.kind}`);
        continue;
      }
      const isReleased = step.kind === 'release' && step.callers.some(({ token }) => token === was.lease.token);
      if (!isReleased && from !== was.lease)
        throw new Violation('line taken away', `${sessionId} lost its line, at ${step.kind} of somebody else`);
    }
  }

  #assertWithinCaps({ memory, nowMs, step }: StepRun, { granted, reregistered }: Arrivals, tally: Tally): void {
    if (memory.isClosed(nowMs) && granted.length > 0)
      throw new Violation('cap', 'a line was given in the recovery window');
    const paused = granted.find(({ place }) => memory.isPaused(place.poolId, nowMs));
    if (paused) throw new Violation('pause', `${paused.sessionId} was given a line of a paused pool, at ${step.kind}`);
    // Each is judged by the lines there were when it came.
    const came = [...(memory.isClosed(nowMs) ? [] : reregistered), ...granted];
    for (const lease of came.toReversed()) {
      const caps = this.#ledger.capsOf(lease);
      const over = this.#rules.scopesOf(lease.place).find((name, i) => tally.of(name) > (caps[i] ?? Infinity));
      if (over !== undefined)
        throw new Violation(
          'cap',
          `${over} stands at ${tally.of(over)} lines after ${step.kind} of ${lease.sessionId}`,
        );
      tally.add(this.#rules.scopesOf(lease.place), -1);
    }
    for (const { place } of came) tally.add(this.#rules.scopesOf(place));
  }

  // No line that is given leaves more lines missing for the floors than there were: the taker uses a guarantee of its own,
  // or the free lines still cover those of all others.
  #assertFloorsKept({ memory, step }: StepRun, { granted }: Arrivals, tally: Tally): void {
    for (const poolId of new Set(granted.map(({ place }) => place.poolId))) {
      const plan = memory.planOf(poolId);
      if (!plan) continue;
      const after = this.#rules.linesMissing(plan, tally);
      for (const { place } of granted) tally.add(this.#rules.scopesOf(place), -1);
      const before = this.#rules.linesMissing(plan, tally);
      for (const { place } of granted) tally.add(this.#rules.scopesOf(place));
      for (const [name, lines] of after)
        if (lines > Math.max(0, before.get(name) ?? 0))
          throw new Violation('floor', `${lines} lines of ${name} that floors need are lent, at ${step.kind}`);
    }
  }

  // First in, first out among calls that nothing but their time of arrival tells apart.
  #assertInOrder({ board, step }: StepRun, { granted, takenOver }: Arrivals): void {
    for (const lease of takenOver ? [...granted, takenOver.lease] : granted) {
      const own = this.#waiting.get(lease.sessionId)?.sequence ?? Infinity;
      for (const [sessionId, { sequence, caller }] of this.#waiting) {
        if (sequence >= own || board.queue.get(sessionId)?.sequence !== sequence) continue;
        const { keyId, poolId, family } = caller.place;
        const isAlike = keyId === lease.place.keyId && poolId === lease.place.poolId && family === lease.place.family;
        if (isAlike && sameLimits(caller, lease))
          throw new Violation('order', `${lease.sessionId} was given a line before ${sessionId}, at ${step.kind}`);
      }
    }
  }

  #assertNobodyWaitsInVain({ board, memory, nowMs, step }: StepRun, tally: Tally): void {
    const asked = step.kind === 'acquire' ? step.callers[0] : undefined;
    const refused = asked && !board.lines.get(asked.sessionId) && !board.queue.get(asked.sessionId) ? [asked] : [];
    const waiting = [...waitersOf(board).values()].map(({ caller }) => caller);
    for (const caller of [...waiting, ...refused]) {
      const { sessionId, place, own, plan: brought } = caller;
      if (own.sessionsPerMinuteMax !== null || memory.isPaused(place.poolId, nowMs)) continue;
      const plan = memory.planOf(place.poolId) ?? brought;
      if (this.#rules.whyNoRoom(caller, plan, tally) !== null) continue;
      const held = tally.of(`pt|${place.poolId}|${place.tenantId}`);
      const isBelow = held < shareOf(plan, place.tenantId).floor;
      const what = refused.length > 0 && asked?.sessionId === sessionId ? 'is refused' : 'waits';
      throw new Violation(
        isBelow ? 'floor' : 'waits in vain',
        `${sessionId} ${what}, but there is room, at ${step.kind}`,
      );
    }
  }
}

function sameLimits(a: { readonly own: object }, b: { readonly own: object }): boolean {
  return JSON.stringify(a.own) === JSON.stringify(b.own);
}

function waitersOf({ queue }: Switchboard): Map<SessionId, Waiter> {
  const waiters = new Map<SessionId, Waiter>();
  for (const poolId of queue.pools())
    for (const waiter of queue.ofPool(poolId)) waiters.set(waiter.caller.sessionId, waiter);
  return waiters;
}
