// Judges every step of the store against the promises of admission, from the lines themselves and from the upstream's
// books. It believes no counter and no answer of the state machine, only who holds which line and who stands in line.
import type { PoolId, SessionId, TenantId } from '@trunkline/kernel';
import { inEachPool, isSamePlace, shareOf, type PoolPlan, type Switchboard } from '@trunkline/admission';
import {
  arrivalsOf,
  linesOf,
  takenBy,
  waitersOf,
  type Arrivals,
  type LinesThen,
  type WaitersThen,
} from './arrivals.js';
import { CapLedger } from './cap-ledger.js';
import { assertOwed } from './fair-order.js';
import { EndingLines } from './ending-lines.js';
import { KeptLines } from './kept-lines.js';
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
  readonly #kept: KeptLines;
  readonly #ending = new EndingLines();
  readonly #everCounted = new Set<string>();
  #lines: LinesThen = new Map();
  #waiting: WaitersThen = new Map();
  /** Steps judged. */
  steps = 0;
  grants = 0;
  waited = 0;

  constructor({ tenants, waiterMs, openSessions, mayOutlive }: RefereeParts) {
    this.#kept = new KeptLines(waiterMs);
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
    this.#assertInEachLine(run);
    assertOwed(run, arrivals.granted, { rules: this.#rules, tally });
    this.#kept.stepped({ run, before, after: lines, waiting: this.#waiting, arrivals });
    if (!memory.isClosed(nowMs)) this.#assertNobodyWaitsInVain(run, tally);
    this.#patience.stepped(run, arrivals.granted, tally);
    this.#ending.stepped(run, before, lines, waitersOf(board));
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
    this.#ending.forgot();
    this.#ledger.forgot();
  }

  restored(board: Switchboard): void {
    const lines = linesOf(board);
    this.#ledger.restored(this.#lines, lines);
    this.#kept.restored(board);
    this.#ending.restored(board);
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
    const plans = step.callers.flatMap(({ plan, otherPools = [] }) => [plan, ...otherPools]);
    for (const plan of plans) memory.adopt(plan);
    return plans;
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
    const paused = granted.find(({ place }) => memory.isPaused(place, nowMs));
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

  // First in, first out among calls that nothing but their time of arrival tells apart: in each pool, and whichever other
  // pools may carry them as well.
  #assertInOrder({ board, step }: StepRun, { granted, takenOver }: Arrivals): void {
    // A line that is kept is for who comes back: for the first of those who count on one, and of others for the first.
    for (const lease of takenOver && step.kind === 'release' ? [...granted, takenOver.lease] : granted) {
      const own = this.#waiting.get(lease.sessionId)?.[0]?.sequence ?? Infinity;
      const isBack = lease === takenOver?.lease && this.#ending.counts(lease.sessionId, lease.place);
      for (const { sequence, caller } of [...this.#waiting.values()].flat()) {
        const { sessionId, place } = caller;
        if (sequence >= own || !isSamePlace(place, lease.place)) continue;
        if (isBack && !this.#ending.counts(sessionId, place)) continue;
        const stays = board.queue.get(sessionId).find((now) => now.caller.place.poolId === place.poolId);
        // By its limits as they are by now.
        if (stays?.sequence === sequence && sameLimits(stays.caller, lease))
          throw new Violation('order', `${lease.sessionId} was given a line before ${sessionId}, at ${step.kind}`);
      }
    }
  }

  // Whoever waits stands in the line of each pool that may carry it, unless that line is full; and whoever has a line
  // stands in none.
  #assertInEachLine({ step, board, memory }: StepRun): void {
    for (const sessionId of waitersOf(board).keys())
      if (board.lines.get(sessionId))
        throw new Violation('left in line', `${sessionId} has a line and waits for another`);
    if (step.kind !== 'acquire' && step.kind !== 'attend') return;
    for (const asked of step.callers) {
      const waiters = board.queue.get(asked.sessionId);
      if (waiters[0]?.caller.token !== asked.token) continue;
      for (const { place, plan: brought } of inEachPool({ otherPools: [], ...asked })) {
        if (waiters.some(({ caller }) => caller.place.poolId === place.poolId)) continue;
        const { waitingMax, waitingPerTenantMax } = memory.planOf(place.poolId) ?? brought;
        const rivals = this.#everInLine(place.poolId, { step, board });
        rivals.delete(asked.sessionId);
        const ofTenant = [...rivals.values()].filter((tenantId) => tenantId === place.tenantId);
        if (rivals.size < waitingMax && ofTenant.length < waitingPerTenantMax)
          throw new Violation('left out', `${asked.sessionId} waits, but not for ${place.poolId}, at ${step.kind}`);
      }
    }
  }

  /** Whoever may have been in the pool's line at any moment of the step, and its tenant. */
  #everInLine(poolId: PoolId, { step, board }: Pick<StepRun, 'step' | 'board'>): Map<SessionId, TenantId> {
    const askers = step.callers.flatMap((asked) => inEachPool({ otherPools: [], ...asked }));
    const waiters = [...[...this.#waiting.values()].flat(), ...board.queue.ofPool(poolId)].map(({ caller }) => caller);
    const there = [...waiters, ...askers].filter(({ place }) => place.poolId === poolId);
    return new Map(there.map(({ sessionId, place }) => [sessionId, place.tenantId]));
  }

  #assertNobodyWaitsInVain({ board, memory, nowMs, step }: StepRun, tally: Tally): void {
    const asked = step.kind === 'acquire' ? step.callers[0] : undefined;
    const isRefused = asked && !board.lines.get(asked.sessionId) && board.queue.get(asked.sessionId).length === 0;
    const refused = isRefused ? inEachPool({ otherPools: [], ...asked }) : [];
    const waiting = [...waitersOf(board).values()].flat().map(({ caller }) => caller);
    for (const caller of [...waiting, ...refused]) {
      const { sessionId, place, own, plan: brought } = caller;
      if (own.sessionsPerMinuteMax !== null || memory.isPaused(place, nowMs)) continue;
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
