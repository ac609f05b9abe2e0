// The policy in force in this process. Guarantees that readers see one whole snapshot or the next, never a mixture, and
// that whoever watches hears of every swap. Leaves loading to the refresher.
import type { PolicySnapshot } from './policy-snapshot.js';

/** Called with the new snapshot, after it is in force. */
export type PolicyWatcher = (snapshot: PolicySnapshot) => void;

// A gateway has one or two watchers; far more means that somebody subscribes per session and leaks.
const WATCHERS_MAX = 16;

/** Holds the current snapshot. */
export class SnapshotHolder {
  readonly #watchers = new Set<PolicyWatcher>();
  #current: PolicySnapshot;

  constructor(first: PolicySnapshot) {
    this.#current = first;
  }

  /** The snapshot in force. */
  current(): PolicySnapshot {
    return this.#current;
  }

  /**
   * Puts a snapshot in force and tells the watchers. One of them failing does not keep the others from hearing of it.
   * @throws AggregateError of what watchers threw, after all were told.
   */
  swap(next: PolicySnapshot): void {
    this.#current = next;
    const failures: unknown[] = [];
    for (const watcher of this.#watchers) {
      try {
        watcher(next);
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw new AggregateError(failures, 'a policy watcher failed');
  }

  /** Watches swaps from now on. @returns the function that stops it. */
  subscribe(watcher: PolicyWatcher): () => void {
    if (this.#watchers.size >= WATCHERS_MAX) throw new RangeError(`at most ${WATCHERS_MAX} policy watchers`);
    this.#watchers.add(watcher);
    return () => void this.#watchers.delete(watcher);
  }
}
