// A process of a simulated world: alive or killed, running or standing still, with clocks of its own that go wrong. What
// happens to it happens only while it lives, and not before it goes on.
import type { Clock } from '@trunkline/kernel';
import type { Event, Timeline } from './timeline.js';

/** How a process's clocks are wrong. */
export interface ClockError {
  /** Its second is this much longer or shorter, as a part of one. */
  readonly drift: number;
  /** Its wall clock is this much ahead; anything goes. */
  readonly wallMs: number;
}

/** A process. */
export class Process {
  readonly clock: Clock;
  #alive = true;
  #stalledUntilMs = 0;
  #frozenUntilMs = -Infinity;

  constructor(
    private readonly timeline: Timeline,
    private readonly error: ClockError,
  ) {
    this.clock = {
      nowMs: () => timeline.nowMs + error.wallMs,
      monotonicMs: () => timeline.nowMs * (1 + error.drift),
    };
  }

  get isAlive(): boolean {
    return this.#alive;
  }

  /** Killed: nothing happens to it any more. */
  kill(): void {
    this.#alive = false;
  }

  /** Stands still; whatever would happen to it happens afterwards, in order. */
  stall(forMs: number): void {
    this.#stalledUntilMs = Math.max(this.#stalledUntilMs, this.timeline.nowMs + forMs);
  }

  /** Stands still for longer than anybody who depends on it can bear. */
  freeze(forMs: number): void {
    this.stall(forMs);
    this.#frozenUntilMs = this.#stalledUntilMs;
  }

  /** Whether it is frozen, or was within the time. */
  wasFrozen(withinMs: number): boolean {
    return this.timeline.nowMs - this.#frozenUntilMs <= withinMs;
  }

  /** Something reaches it after so many milliseconds of the world. */
  reach(ms: number, run: () => void): Event {
    return this.timeline.after(ms, () => this.#happen(run));
  }

  /** A timer of its own, by its own clock. */
  after(localMs: number, run: () => void): Event {
    return this.reach(localMs / (1 + this.error.drift), run);
  }

  /** Resolves after the time by its own clock, or early when aborted. */
  wait(localMs: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const done = (): void => {
        timer.cancelled = true;
        signal?.removeEventListener('abort', done);
        resolve();
      };
      const timer = this.after(localMs, done);
      signal?.addEventListener('abort', done);
    });
  }

  get #isStalled(): boolean {
    return this.timeline.nowMs < this.#stalledUntilMs;
  }

  #happen(run: () => void): void {
    if (!this.#alive) return;
    if (this.#isStalled) this.timeline.at(this.#stalledUntilMs, () => this.#happen(run));
    else run();
  }
}
