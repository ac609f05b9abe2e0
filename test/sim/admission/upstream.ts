// The upstream's own books: who has a session open there, whatever the store believes. A session is open from the moment
// in which it is dialled (it may count from then on) until its socket is gone.
import type { Lease } from '@trunkline/admission';
import type { ReplicaId } from '@trunkline/kernel';

/** A session that is open upstream. */
export interface OpenSession {
  readonly lease: Lease;
  readonly replicaId: ReplicaId;
}

/** The books. */
export class Upstream {
  readonly #open = new Set<OpenSession>();

  constructor(private readonly opened: (session: OpenSession) => void) {}

  get size(): number {
    return this.#open.size;
  }

  sessions(): Iterable<OpenSession> {
    return this.#open;
  }

  /** A session is dialled. @returns the function that ends it. */
  dial(lease: Lease): () => void {
    const session = { lease, replicaId: lease.replicaId };
    this.#open.add(session);
    this.opened(session);
    return () => void this.#open.delete(session);
  }

  /** Sockets die with their process. */
  endAllOf(replicaId: ReplicaId): void {
    for (const session of this.#open) if (session.replicaId === replicaId) this.#open.delete(session);
  }
}
