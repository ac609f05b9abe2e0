// How many lines are held, by everything that a limit can belong to. The names of the counters are the fields of the
// Redis hash as well (`adapters/redis/lines.lua` makes the same), so that both stores count alike.
import type { Place } from './limits.js';

/** The counters of one line. */
export interface CounterNames {
  readonly key: string;
  readonly tenant: string;
  readonly pool: string;
  readonly family: string;
  readonly tenantInPool: string;
  readonly keyInPool: string;
}

/** Names the counters that a line of this place counts in. */
export function countersOf({ keyId, tenantId, poolId, family }: Place): CounterNames {
  return {
    key: `k|${keyId}`,
    tenant: `t|${tenantId}`,
    pool: `p|${poolId}`,
    family: `pf|${poolId}|${family}`,
    tenantInPool: `pt|${poolId}|${tenantId}`,
    keyInPool: `pk|${poolId}|${keyId}`,
  };
}

/** Lines held by counter; a counter that stands at zero is not kept. */
export class LineCounts {
  readonly #counts = new Map<string, number>();
  // Every waiting call is looked at in every step, and its names are long.
  readonly #names = new WeakMap<Place, CounterNames>();
  readonly #derived = new Map<object, number>();

  /** Lines counted under the name. */
  of(name: string): number {
    return this.#counts.get(name) ?? 0;
  }

  /** `countersOf`, made once for each place object. */
  namesOf(place: Place): CounterNames {
    const known = this.#names.get(place) ?? countersOf(place);
    this.#names.set(place, known);
    return known;
  }

  /** A number that follows from the counts and from `of` alone: computed once between two changes of the counts. */
  derived(of: object, compute: () => number): number {
    const known = this.#derived.get(of) ?? compute();
    this.#derived.set(of, known);
    return known;
  }

  /** Counts a line in (`+1`) or out (`-1`) everywhere it belongs. */
  add(place: Place, by: 1 | -1): void {
    this.#derived.clear();
    for (const name of Object.values(this.namesOf(place)) as string[]) {
      const count = this.of(name) + by;
      if (count < 0) throw new Error(`the line count of ${name} fell below zero`);
      if (count === 0) this.#counts.delete(name);
      else this.#counts.set(name, count);
    }
  }
}
