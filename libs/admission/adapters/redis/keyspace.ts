// The names of all keys of a store, and the only place that makes them. Guarantees one hash tag for all of them: a cluster
// keeps them on one node, so that one script may touch them all. Ids are fields and members of these keys, never keys.

// Redis reads the tag up to the first closing brace; a slot name must not bring its own.
const SLOT = /^[a-z0-9:_-]{1,64}$/i;

/** Keys under one hash tag. */
export class Keyspace {
  /** The eleven keys that every script takes, in their order; `lines.lua` says what each holds. */
  readonly all: readonly string[];
  readonly lines: string;
  readonly expiry: string;
  readonly counts: string;
  readonly #state: string;

  /** @throws RangeError when the slot has characters that would end the hash tag. */
  constructor(slot: string) {
    if (!SLOT.test(slot)) throw new RangeError(`a lease slot is 1 to 64 letters, digits, : _ or -; got "${slot}"`);
    const key = (name: string): string => `{${slot}}:${name}`;
    this.#state = key('state');
    this.lines = key('lines');
    this.expiry = key('expiry');
    this.counts = key('counts');
    const more = ['plans', 'waiters', 'queue', 'seen', 'reclaims', 'pending'].map(key);
    this.all = [this.#state, this.lines, this.expiry, key('kept'), this.counts, ...more];
  }

  /** Where a replica hears of lines given to its waiting calls. */
  grantsFor(replicaId: string): string {
    return `${this.#state}:granted:${replicaId}`;
  }
}
