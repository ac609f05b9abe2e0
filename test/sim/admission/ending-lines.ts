// Which lines are being settled, and which calls in line count on one of them, once more, written from ADR 084: a call that
// finds no room counts on a line of its place that is being settled and that no call before it counts on, in the first of
// its pools that has one.
import { isSamePlace, type Place, type Switchboard } from '@trunkline/admission';
import type { SessionId } from '@trunkline/kernel';
import type { LinesThen, LineThen, WaitersThen } from './arrivals.js';
import type { StepRun } from './step-run.js';
import { Violation } from './violation.js';

/** Lines of one store whose sessions have ended. */
export class EndingLines {
  readonly #tokens = new Map<SessionId, string>();

  /** @param before and after: the lines; `waiting`: who stands in line after the step. */
  stepped({ step }: StepRun, before: LinesThen, after: LinesThen, waiting: WaitersThen): void {
    const [caller] = step.callers;
    if (step.kind === 'ending' && caller) {
      const line = before.get(caller.sessionId);
      if (line?.state === 'confirmed' && line.lease.token === caller.token)
        this.#tokens.set(caller.sessionId, caller.token);
    }
    for (const [sessionId, token] of this.#tokens)
      if (!isHeld(after.get(sessionId), token)) this.#tokens.delete(sessionId);
    if (step.kind === 'acquire' && caller) this.#judge(caller.sessionId, after, waiting);
  }

  forgot(): void {
    this.#tokens.clear();
  }

  /** A copy took over, which knows what the log tells. */
  restored({ lines }: Switchboard): void {
    this.#tokens.clear();
    for (const { lease, isEnding } of lines.all()) if (isEnding) this.#tokens.set(lease.sessionId, lease.token);
  }

  #judge(sessionId: SessionId, lines: LinesThen, waiting: WaitersThen): void {
    const places = waiting.get(sessionId) ?? [];
    const should = places.find(({ caller }) => this.#left(caller.place, sessionId, { lines, waiting }) > 0);
    const counts = places.find(({ comesBack }) => comesBack);
    if (should?.caller.place.poolId === counts?.caller.place.poolId) return;
    throw new Violation('kept', `${sessionId} counts on ${counts ? 'a' : 'no'} line that is being settled`);
  }

  #left(
    place: Place,
    besides: SessionId,
    { lines, waiting }: { readonly lines: LinesThen; readonly waiting: WaitersThen },
  ): number {
    const ending = [...this.#tokens.keys()].flatMap((sessionId) => lines.get(sessionId) ?? []);
    const counting = [...waiting.values()].flat().filter(({ comesBack, caller }) => {
      return comesBack && caller.sessionId !== besides && isSamePlace(caller.place, place);
    });
    return ending.filter(({ lease }) => isSamePlace(lease.place, place)).length - counting.length;
  }
}

function isHeld(line: LineThen | undefined, token: string): boolean {
  return line?.lease.token === token && line.state === 'confirmed';
}
