// For how long no new session is let into a pool, or into one model family of it: on the upstream's word, or because the
// tokens of the last minute leave no headroom. A longer pause stands. Deterministic: time is an argument.
import type { PoolId } from '@trunkline/kernel';
import { TokenWindow } from './budget/token-window.js';
import { headroomMark, type TokenUse } from './headroom.js';

/** The pauses of all pools. */
export class Pauses {
  /** By pool, and by pool and family. */
  readonly #untilMs = new Map<string, number>();
  /** Tokens of the last minute, by the same. */
  readonly #tokens = new Map<string, TokenWindow>();

  /** `family`: null for the whole pool. */
  pause(poolId: PoolId, family: string | null, untilMs: number): void {
    this.#pauseUntil(placeName(poolId, family), untilMs);
  }

  /** Counts tokens, and pauses while the last minute's leave no headroom. */
  used({ poolId, family, tokens, tokensPerMinuteMax }: TokenUse, nowMs: number): void {
    const name = placeName(poolId, family);
    const window = this.#tokens.get(name) ?? new TokenWindow();
    this.#tokens.set(name, window);
    window.add(tokens, nowMs);
    const waitMs = window.waitMs(headroomMark(tokensPerMinuteMax), nowMs);
    if (waitMs > 0) this.#pauseUntil(name, nowMs + waitMs);
  }

  /** Milliseconds for which the pool is paused: all of it, or the family in it where that is longer. */
  forMs(poolId: PoolId, nowMs: number, family: string | null = null): number {
    const whole = this.#untilMs.get(poolId) ?? 0;
    const part = family === null ? 0 : (this.#untilMs.get(placeName(poolId, family)) ?? 0);
    return Math.max(0, Math.max(whole, part) - nowMs);
  }

  /** The pool's families that are paused by themselves, and for how many milliseconds. */
  families(poolId: PoolId, nowMs: number): Readonly<Record<string, number>> {
    const ofPool = placeName(poolId, '');
    const paused = [...this.#untilMs].filter(([name, untilMs]) => name.startsWith(ofPool) && untilMs > nowMs);
    return Object.fromEntries(paused.map(([name, untilMs]) => [name.slice(ofPool.length), untilMs - nowMs]));
  }

  #pauseUntil(name: string, untilMs: number): void {
    this.#untilMs.set(name, Math.max(this.#untilMs.get(name) ?? 0, untilMs));
  }
}

function placeName(poolId: PoolId, family: string | null): string {
  return family === null ? poolId : `${poolId}|${family}`;
}
