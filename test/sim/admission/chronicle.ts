// What happened last in a world, for whoever has to understand a violation. Written out only when somebody asks.
import type { StepRun } from './step-run.js';

/** The last events of a world; bounded. */
export class Chronicle {
  readonly #events: (readonly [atMs: number, tell: () => string])[] = [];

  constructor(
    private readonly nowMs: () => number,
    private readonly eventsMax: number,
  ) {}

  note(tell: () => string): void {
    this.#events.push([this.nowMs(), tell]);
    if (this.#events.length > 2 * this.eventsMax) this.#events.splice(0, this.eventsMax);
  }

  step({ step: { kind, callers }, outcome, board }: StepRun): void {
    const [lines, waiting] = [board.lines.size, board.queue.size];
    this.note(() => {
      const who = callers.map(({ sessionId }) => sessionId.replace('ses_', '')).join(' ');
      return `${kind} ${who} -> ${told(outcome)} (${lines} lines, ${waiting} waiting)`;
    });
  }

  /** One event a line, the last one at the end. */
  toString(): string {
    return this.#events
      .slice(-this.eventsMax)
      .map(([atMs, tell]) => `${(atMs / 1000).toFixed(3).padStart(9)} s  ${tell()}`)
      .join('\n');
  }
}

function told(outcome: unknown): string {
  if (Array.isArray(outcome)) return outcome.map(told).join(' ') || 'none';
  if (typeof outcome === 'object' && outcome !== null) {
    if ('kind' in outcome) return String(outcome.kind);
    if ('sessionId' in outcome) return String(outcome.sessionId).replace('ses_', '');
  }
  return String(outcome);
}
