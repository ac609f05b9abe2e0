// Whether a pool's upstream has been answering, as this process sees it. Guarantees that a pool which fails again and
// again is tried last for a while, and that one success clears it. It never takes a pool out of use: with every pool
// unhealthy the calls still go somewhere. Deterministic: time is an argument.
import type { PoolId } from '@trunkline/kernel';

// One failed dial may be bad luck; three in a row are the account or the way to it.
const FAILURES_MAX = 3;
const AVOID_MS_MIN = 5_000;
const AVOID_MS_MAX = 60_000;

/** Dial outcomes by pool. As many entries as there are pools. */
export class PoolHealth {
  readonly #pools = new Map<PoolId, { failures: number; avoidUntilMs: number }>();

  /** A dial worked. */
  succeeded(id: PoolId): void {
    this.#pools.delete(id);
  }

  /** A dial failed in a way that another account might not. */
  failed(id: PoolId, nowMs: number): void {
    const failures = (this.#pools.get(id)?.failures ?? 0) + 1;
    const avoidMs = Math.min(AVOID_MS_MAX, AVOID_MS_MIN * 2 ** (failures - FAILURES_MAX));
    this.#pools.set(id, { failures, avoidUntilMs: failures < FAILURES_MAX ? nowMs : nowMs + avoidMs });
  }

  /** False for a while after several failures in a row. */
  isHealthy(id: PoolId, nowMs: number): boolean {
    return nowMs >= (this.#pools.get(id)?.avoidUntilMs ?? 0);
  }
}
