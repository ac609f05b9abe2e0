// Tokens of the last minute: a sliding window in steps of a second, so that its memory is bounded by 60 numbers.

const WINDOW_S = 60;

/** Counts the tokens of one tenant. */
export class TokenWindow {
  /** By whole Unix second. */
  readonly #seconds = new Map<number, number>();

  add(tokens: number, nowMs: number): void {
    this.#forget(nowMs);
    if (tokens <= 0) return;
    const second = Math.floor(nowMs / 1000);
    this.#seconds.set(second, (this.#seconds.get(second) ?? 0) + tokens);
  }

  used(nowMs: number): number {
    this.#forget(nowMs);
    return [...this.#seconds.values()].reduce((sum, tokens) => sum + tokens, 0);
  }

  /** Milliseconds until none of what is in the window is in it any more; 0: nothing is. */
  emptyMs(nowMs: number): number {
    this.#forget(nowMs);
    return this.#seconds.size === 0 ? 0 : (Math.max(...this.#seconds.keys()) + WINDOW_S) * 1000 - nowMs;
  }

  /** Milliseconds until fewer than `max` tokens are in the window; 0: now. */
  waitMs(max: number, nowMs: number): number {
    let left = this.used(nowMs);
    if (left < max) return 0;
    for (const [second, tokens] of [...this.#seconds].sort(([a], [b]) => a - b)) {
      left -= tokens;
      if (left < max) return (second + WINDOW_S) * 1000 - nowMs;
    }
    return 0;
  }

  #forget(nowMs: number): void {
    const firstKept = Math.floor(nowMs / 1000) - WINDOW_S + 1;
    for (const second of this.#seconds.keys()) if (second < firstKept) this.#seconds.delete(second);
  }
}
