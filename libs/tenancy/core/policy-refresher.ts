// Keeps the policy of this process fresh: asks for the version, and loads when it is another. Guarantees that the last
// good snapshot stays in force while the source is away. Leaves what a change means for live sessions to the watchers.
import type { PolicySnapshot } from './policy-snapshot.js';
import type { SnapshotHolder } from './snapshot-holder.js';

/**
 * Where policy comes from. When it is away it rejects, within a deadline of its own; the system then **degrades**: live
 * sessions and new ones go on under the last snapshot, and changes (a revocation too) wait until it is back.
 */
export interface PolicySource {
  /**
   * Cheap: asked several times a second. Differs after every change of policy, and grows with each: also after a backup
   * was restored, because admission keeps the newest plan.
   */
  version(): Promise<bigint>;
  /** Everything, consistent with the version it carries. */
  load(): Promise<PolicySnapshot>;
}

/** What the refresher reports, for logs and metrics. */
export type PolicyRefresherEvent =
  | { readonly kind: 'swapped'; readonly version: bigint }
  /** `failures`: in a row. The last good snapshot stays in force. */
  | { readonly kind: 'source_failed'; readonly failures: number; readonly error: unknown }
  | { readonly kind: 'watcher_failed'; readonly error: unknown };

/** What a refresher works with. */
export interface PolicyRefresherParts {
  readonly source: PolicySource;
  readonly holder: SnapshotHolder;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Resolves after the time, or early when aborted. */
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly observe: (event: PolicyRefresherEvent) => void;
  /** Milliseconds between two looks; default 500. A revocation reaches live sessions within this and one load. */
  readonly everyMs?: number;
}

// Replicas that start together should not ask together; ten per cent either way.
const JITTER = 0.1;
// While the source is away it is asked less often, but soon enough that a revocation does not wait long after it.
const BACKOFF_MAX_MS = 2_000;

/** Polls the source. Call `run` once; `refresh` looks at once (a test, or an admin who wants it now). */
export class PolicyRefresher {
  #failures = 0;
  #refreshing: Promise<void> | null = null;

  constructor(private readonly parts: PolicyRefresherParts) {}

  /** Looks until aborted. */
  async run(signal: AbortSignal): Promise<void> {
    const { wait, random, everyMs = 500 } = this.parts;
    while (!signal.aborted) {
      await this.refresh();
      const pauseMs = Math.max(everyMs, Math.min(BACKOFF_MAX_MS, everyMs * 2 ** this.#failures));
      await wait(pauseMs * (1 + JITTER * (2 * random() - 1)), signal);
    }
  }

  /** One look. Never rejects: failures are reported and the last good snapshot stays. Calls under way are joined. */
  refresh(): Promise<void> {
    this.#refreshing ??= this.#look().finally(() => (this.#refreshing = null));
    return this.#refreshing;
  }

  async #look(): Promise<void> {
    const { source, holder, observe } = this.parts;
    let next: PolicySnapshot;
    try {
      // Any other version: a source that was restored is believed, whatever it counts by.
      const unchanged = (await source.version()) === holder.current().version;
      next = unchanged ? holder.current() : await source.load();
      this.#failures = 0;
      if (unchanged) return;
    } catch (error) {
      this.#failures++;
      observe({ kind: 'source_failed', failures: this.#failures, error });
      return;
    }
    try {
      holder.swap(next);
    } catch (error) {
      observe({ kind: 'watcher_failed', error });
    }
    observe({ kind: 'swapped', version: next.version });
  }
}
