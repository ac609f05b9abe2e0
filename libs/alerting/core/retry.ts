// When a message that could not be delivered is tried again. Pauses double, with chance in them so that a receiver that comes
// back is not asked by everybody at once; after a day it is given up, and waits where people see it.

const PAUSE_MS_FIRST = 5_000;
const PAUSE_MS_MAX = 30 * 60_000;
/** How long a message is tried. */
export const TRIED_MS_MAX = 24 * 3_600_000;

/** What was tried so far. */
export interface Tried {
  /** At least 1. */
  readonly attempts: number;
  /** Unix milliseconds: when the message was made, or sent again by somebody. */
  readonly sinceMs: number;
}

/** When to try again, Unix milliseconds; null: it is given up. @param chance from 0 up to, not including, 1 */
export function nextTryMs(
  { attempts, sinceMs }: Tried,
  { nowMs, chance }: { readonly nowMs: number; readonly chance: number },
): number | null {
  const pauseMs = Math.min(PAUSE_MS_MAX, PAUSE_MS_FIRST * 2 ** Math.min(attempts - 1, 20));
  const nextMs = nowMs + Math.ceil(pauseMs / 2 + (pauseMs / 2) * chance);
  return nextMs - sinceMs > TRIED_MS_MAX ? null : nextMs;
}
