// The names of all keys of a store, and the only place that makes them. Guarantees one hash tag for all of them (a
// cluster keeps them on one node, so that one script may touch them) and that no id can name another id's key.
import type { LimitScope, Limits } from '../../index.js';

// Redis reads the tag up to the first closing brace; a slot name must not bring its own.
const SLOT = /^[a-z0-9:_-]{1,64}$/i;

/** Keys under one hash tag. */
export class Keyspace {
  /** The store's own state: heartbeat, recovery window, last fence. */
  readonly epoch: string;
  readonly #tag: string;

  /** @throws RangeError when the slot has characters that would end the hash tag. */
  constructor(slot: string) {
    if (!SLOT.test(slot)) throw new RangeError(`a lease slot is 1 to 64 letters, digits, : _ or -; got "${slot}"`);
    this.#tag = `{${slot}}`;
    this.epoch = `${this.#tag}:epoch`;
  }

  /** The lines of one limit. The id is the rest of the name, so it needs no escaping. */
  ofLimit(scope: LimitScope, id: string): string {
    return `${this.#tag}:${scope}:${id}`;
  }

  /** What is known of a session's line. */
  ofRecord(sessionId: string): string {
    return `${this.#tag}:lease:${sessionId}`;
  }

  /** The five keys that most scripts take: epoch, lease, key set, tenant set, pool set. */
  ofLease(sessionId: string, limits: Limits): string[] {
    return [this.epoch, this.ofRecord(sessionId), ...limits.map(({ scope, id }) => this.ofLimit(scope, id))];
  }
}
