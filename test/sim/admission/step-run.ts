// What whoever watches the store is told of each step.
import type { PoolPlan, Switchboard } from '@trunkline/admission';
import type { Memory } from './memory.js';
import type { Step } from './step.js';

/** What watches the store. */
export interface StoreWatch {
  /** A step was run. @returns the plans that came into force by it. */
  stepped(run: StepRun): readonly PoolPlan[];
  /** All memory is gone. */
  forgot(): void;
  /** A copy took over. */
  restored(board: Switchboard): void;
}

/** A step that was run. */
export interface StepRun {
  readonly step: Step;
  readonly outcome: unknown;
  readonly board: Switchboard;
  /** What the store should know; by the time of the step. */
  readonly memory: Memory;
  readonly nowMs: number;
}
