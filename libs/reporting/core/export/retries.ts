// When what failed about an export is tried again. An outage of a night (a full disk, a bucket store that is away) must lose
// nothing, and what can never succeed must end: the waits double up to an hour, the tries last for about a day.

/** Tries of a run, or of its delivery, before a person has to look. */
export const EXPORT_ATTEMPTS_MAX = 30;

const FIRST_WAIT_MS = 5_000;
const WAIT_MS_MAX = 3_600_000;
/** A process that makes a run says so every few seconds; one that did not for so long is gone. */
export const EXPORT_SILENCE_MS = 45_000;

/** How often it was tried and when last. */
export interface FailedTry {
  /** Of the run: spreads what failed together. */
  readonly id: string;
  readonly attempts: number;
  readonly failedAtMs: number;
}

/** When it is tried again, Unix milliseconds; null: it was tried often enough. */
export function nextTryMs({ id, attempts, failedAtMs }: FailedTry): number | null {
  if (attempts >= EXPORT_ATTEMPTS_MAX) return null;
  const waitMs = Math.min(WAIT_MS_MAX, FIRST_WAIT_MS * 2 ** (attempts - 1));
  return failedAtMs + Math.round(waitMs * (0.75 + spread(`${id} ${attempts}`) / 2));
}

// From 0 to 1, the same for the same text (FNV-1a): every process must come to the same instant without asking another.
function spread(text: string): number {
  let hash = 0x811c9dc5;
  for (const char of text) hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  return hash / 2 ** 32;
}
