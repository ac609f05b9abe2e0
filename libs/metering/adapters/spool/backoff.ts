// How long to wait between tries of something that is away: doubling up to a cap, with jitter, so that replicas which
// lost the same database do not come back in step.

/** How a retry waits. */
export interface BackoffOptions {
  /** First wait, milliseconds. */
  readonly firstMs: number;
  /** Longest wait, milliseconds. */
  readonly maxMs: number;
  /** A number from 0 (inclusive) to 1. */
  readonly random: () => number;
}

/** The wait before the next try after `failures` (1 or more) in a row: between half of and the whole doubled time. */
export function backoffMs(failures: number, { firstMs, maxMs, random }: BackoffOptions): number {
  const full = Math.min(maxMs, firstMs * 2 ** Math.min(failures - 1, 30));
  return full / 2 + (random() * full) / 2;
}
