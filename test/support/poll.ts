import { setTimeout as delay } from 'node:timers/promises';

const POLL_MS = 25;

/** Waits until `probe` gives a value other than null; throws with `what` when it does not within the deadline. */
export async function eventually<T>(
  what: string,
  probe: () => Promise<T | null> | T | null,
  deadlineMs = 10_000,
): Promise<T> {
  const end = performance.now() + deadlineMs;
  for (;;) {
    const value = await probe();
    if (value !== null) return value;
    if (performance.now() > end) throw new Error(`not within ${deadlineMs} ms: ${what}`);
    await delay(POLL_MS);
  }
}
