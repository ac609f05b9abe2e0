// Long computing beside everything else that this process does; where it is the gateway's as well, calls are among that. It
// works for a few milliseconds, then lets others for as long, until it is done, nobody wants it any more or its time is over.
import { setTimeout as delay } from 'node:timers/promises';

/** How the work is spread. */
export interface SliceTerms {
  /** Asked between slices. */
  readonly isWanted: () => boolean;
  /** Milliseconds by the clock, pauses included. */
  readonly msMax: number;
  readonly nowMs?: () => number;
  readonly rest?: (ms: number) => Promise<unknown>;
}

const SLICE_MS = 3;

/** Runs the steps to their end. @returns what they return; null when the work was given up. */
export async function inSlices<T>(
  steps: Generator<undefined, T>,
  { isWanted, msMax, nowMs = () => performance.now(), rest = delay }: SliceTerms,
): Promise<T | null> {
  const endMs = nowMs() + msMax;
  while (isWanted()) {
    const sliceMs = nowMs();
    if (sliceMs >= endMs) return null;
    while (nowMs() - sliceMs < SLICE_MS) {
      const step = steps.next();
      if (step.done) return step.value;
    }
    await rest(SLICE_MS);
  }
  return null;
}
