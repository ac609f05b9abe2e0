// Which lines are being settled, and which calls in line count on one of them, once more, written from ADR 084 and 085: a
// call that finds no room counts on a line of its place that is being settled and that no call before it counts on, in the
// first of its pools that has one, until it leaves that pool's line; and never do more calls count on lines of a place
// than are being settled there, where those that came first have the better right. Keeps its own books of who counts: what the
// state machine has noted is only compared with them.
import { isSamePlace, type Place, type Switchboard } from '@trunkline/admission';
import type { SessionId } from '@trunkline/kernel';
import type { LinesThen, LineThen, WaitersThen } from './arrivals.js';
import type { StepRun } from './step-run.js';
import { Violation } from './violation.js';

interface Ending {
  readonly token: string;
  readonly place: Place;
}

/** Lines of one store whose sessions have ended. */
export class EndingLines {
  readonly #ending = new Map<SessionId, Ending>();
  /** In the order in which they came. */
  readonly #counting = new Map<SessionId, Place>();

  /** @param before and after: the lines; `waiting`: who stands in line after the step. */
  stepped({ step }: StepRun, before: LinesThen, after: LinesThen, waiting: WaitersThen): void {
    const [caller] = step.callers;
    if (step.kind === 'ending' && caller) this.#ends(caller.token, before.get(caller.sessionId));
    for (const [sessionId, { token }] of this.#ending)
      if (!isHeld(after.get(sessionId), token)) this.#ending.delete(sessionId);
    // Who asks again comes anew.
    if (step.kind === 'acquire' && caller) this.#counting.delete(caller.sessionId);
    for (const [sessionId, place] of this.#counting)
      if (!stands(waiting, sessionId, place)) this.#counting.delete(sessionId);
    this.#forgetLastComers();
    if (step.kind === 'acquire' && caller) this.#comes(caller.sessionId, waiting);
    this.#compare(waiting);
  }

  /** Whether the call counts on a line of this place. */
  counts(sessionId: SessionId, place: Place): boolean {
    const countsIn = this.#counting.get(sessionId);
    return countsIn !== undefined && isSamePlace(countsIn, place);
  }

  forgot(): void {
    this.#ending.clear();
    this.#counting.clear();
  }

  /** A copy took over, which knows what the log tells. */
  restored({ lines, queue }: Switchboard): void {
    this.forgot();
    for (const { lease, isEnding } of lines.all())
      if (isEnding) this.#ending.set(lease.sessionId, { token: lease.token, place: lease.place });
    for (const waiters of queue.calls())
      for (const { caller, comesBack } of waiters) if (comesBack) this.#counting.set(caller.sessionId, caller.place);
  }

  #ends(token: string, line: LineThen | undefined): void {
    if (line?.state === 'confirmed' && line.lease.token === token)
      this.#ending.set(line.lease.sessionId, { token, place: line.lease.place });
  }

  #forgetLastComers(): void {
    for (const [sessionId, place] of [...this.#counting].toReversed())
      if (this.#countingOn(place) > this.#endingAt(place)) this.#counting.delete(sessionId);
  }

  #comes(sessionId: SessionId, waiting: WaitersThen): void {
    const places = (waiting.get(sessionId) ?? []).map(({ caller }) => caller.place);
    const place = places.find((each) => this.#endingAt(each) > this.#countingOn(each));
    if (place) this.#counting.set(sessionId, place);
  }

  #compare(waiting: WaitersThen): void {
    for (const { caller, comesBack } of [...waiting.values()].flat())
      if (comesBack !== this.counts(caller.sessionId, caller.place))
        throw new Violation(
          'kept',
          `${caller.sessionId} counts on ${comesBack ? 'a' : 'no'} line that is being settled`,
        );
  }

  #endingAt(place: Place): number {
    return [...this.#ending.values()].filter((ending) => isSamePlace(ending.place, place)).length;
  }

  #countingOn(place: Place): number {
    return [...this.#counting.values()].filter((counted) => isSamePlace(counted, place)).length;
  }
}

function isHeld(line: LineThen | undefined, token: string): boolean {
  return line?.lease.token === token && line.state === 'confirmed';
}

function stands(waiting: WaitersThen, sessionId: SessionId, place: Place): boolean {
  return (waiting.get(sessionId) ?? []).some(({ caller }) => isSamePlace(caller.place, place));
}
