// The rules of admission once more, written from the issue and not from the code: lines are counted from a list each time,
// and a guarantee is kept by looking at the world as it would be. What the referee judges the state machine by.
import { shareOf, type OwnLimits, type Place, type PoolPlan } from '@trunkline/admission';

/** Lines counted from a list, by everything that they count against. */
export class Tally {
  readonly #counts = new Map<string, number>();

  add(scopes: readonly string[], by = 1): void {
    for (const name of scopes) this.#counts.set(name, this.of(name) + by);
  }

  of(name: string): number {
    return this.#counts.get(name) ?? 0;
  }

  names(): Iterable<string> {
    return this.#counts.keys();
  }
}

/** Who asks, under which limits of its own. */
export interface Asker {
  readonly place: Place;
  readonly own: OwnLimits;
}

/** What a plan promises, with the names that it is counted by. */
interface Guarantee {
  readonly floor: number;
  readonly name: string;
  readonly ceiling: number | null;
  readonly keys: readonly (readonly [name: string, floor: number])[];
}

/** The rules; remembers names, which would otherwise be what it mostly does. */
export class Rules {
  readonly #scopes = new WeakMap<Place, readonly string[]>();
  readonly #promises = new WeakMap<PoolPlan, readonly Guarantee[]>();

  /** Everything that a line of this place counts against. The names are those of the state machine's own counters. */
  scopesOf(place: Place): readonly string[] {
    const known = this.#scopes.get(place);
    if (known) return known;
    const { keyId, tenantId, poolId, family } = place;
    const ofPool = [`p|${poolId}`, `pf|${poolId}|${family}`, `pt|${poolId}|${tenantId}`, `pk|${poolId}|${keyId}`];
    const scopes = [`k|${keyId}`, `t|${tenantId}`, ...ofPool];
    this.#scopes.set(place, scopes);
    return scopes;
  }

  /** The caps of the scopes of a place, in their order; null: none. */
  capsOf({ place: { keyId, tenantId, family }, own }: Asker, plan: PoolPlan): readonly (number | null)[] {
    const share = shareOf(plan, tenantId);
    const ofPool = [
      plan.sessionsMax,
      plan.familyMax[family] ?? null,
      share.ceiling,
      share.keys[keyId]?.ceiling ?? null,
    ];
    return [own.keySessionsMax, own.tenantSessionsMax, ...ofPool];
  }

  count(places: Iterable<Place>): Tally {
    const tally = new Tally();
    for (const place of places) tally.add(this.scopesOf(place));
    return tally;
  }

  /** Why one more line may not be lent to who asks; null when it may. */
  whyNoRoom(asker: Asker, plan: PoolPlan, tally: Tally): string | null {
    const [scopes, caps] = [this.scopesOf(asker.place), this.capsOf(asker, plan)];
    const full = scopes.find((name, i) => tally.of(name) >= (caps[i] ?? Infinity));
    if (full !== undefined) return `${full} is full`;
    const own = this.#promisesOf(plan).find(({ name }) => name === scopes[4]);
    const before = [this.#owedByPool(plan, tally), own ? owedToKeys(own, tally) : 0] as const;
    tally.add(scopes);
    const after = [this.#owedByPool(plan, tally), own ? owedToKeys(own, tally) : 0] as const;
    const left = [
      Math.min(...capsOfPool(plan, asker.place.family).map(({ cap, name }) => freeOf(cap, tally.of(name)))),
      own ? freeForKeys(own, tally) : Infinity,
    ] as const;
    tally.add(scopes, -1);
    if (left[1] < after[1] && after[1] >= before[1]) return 'kept for other keys of the tenant';
    if (left[0] < after[0] && after[0] >= before[0]) return 'kept for the floors of others';
    return null;
  }

  /**
   * Lines that are missing for having every guarantee that is not in use, all at once: of the pool, and within each
   * tenant's ceiling for its keys. None is missing at 0 and below.
   */
  linesMissing(plan: PoolPlan, tally: Tally): ReadonlyMap<string, number> {
    const missing = new Map(
      this.#promisesOf(plan).map((promise) => [promise.name, owedToKeys(promise, tally) - freeForKeys(promise, tally)]),
    );
    const owed = this.#owedByPool(plan, tally);
    for (const { cap, name } of capsOfPool(plan, ...Object.keys(plan.familyMax)))
      missing.set(name, owed - freeOf(cap, tally.of(name)));
    return missing;
  }

  #owedByPool(plan: PoolPlan, tally: Tally): number {
    let owed = 0;
    for (const promise of this.#promisesOf(plan))
      owed += Math.max(0, promise.floor - tally.of(promise.name), owedToKeys(promise, tally));
    return owed;
  }

  // Who is promised nothing is owed nothing, and is left out.
  #promisesOf(plan: PoolPlan): readonly Guarantee[] {
    const known = this.#promises.get(plan);
    if (known) return known;
    const promises = Object.entries(plan.shares).flatMap(([tenantId, { floor, ceiling, keys }]) => {
      if (floor === 0) return [];
      const ofKeys = Object.entries(keys).map(([keyId, key]) => [`pk|${plan.poolId}|${keyId}`, key.floor] as const);
      return [{ floor, ceiling, name: `pt|${plan.poolId}|${tenantId}`, keys: ofKeys }];
    });
    this.#promises.set(plan, promises);
    return promises;
  }
}

/** The caps that guarantees are kept within: the pool's, and those of families, for a floor may be asked for in any. */
function capsOfPool({ poolId, sessionsMax, familyMax }: PoolPlan, ...families: readonly string[]) {
  const ofFamilies = families.map((family) => ({ cap: familyMax[family] ?? null, name: `pf|${poolId}|${family}` }));
  return [{ cap: sessionsMax, name: `p|${poolId}` }, ...ofFamilies];
}

function owedToKeys({ keys }: Guarantee, tally: Tally): number {
  let owed = 0;
  for (const [name, floor] of keys) owed += Math.max(0, floor - tally.of(name));
  return owed;
}

function freeForKeys({ ceiling, name }: Guarantee, tally: Tally): number {
  return freeOf(ceiling, tally.of(name));
}

function freeOf(cap: number | null, held: number): number {
  return cap === null ? Infinity : cap - held;
}
