// How a line comes into a caller's hands: given anew, taken over from an older holder or from the key's last session, or
// put back for a living session. Guarantees that of two leases of a session the newer has the higher fence. Leaves to the
// switchboard who may have one.
import type { Caller, Lease, LeaseTerms } from './lease.js';
import type { Line, LineRegister } from './line-register.js';
import type { RateCharge } from './pace.js';

// A fence is never less than the time at which it was given, so it rises through a flush too.
const FENCES_PER_MS = 1_000;

const NEW_LINE = { isInherited: false, isEnding: false };

/** Gives lines of one register. */
export class GivenLines {
  #fence = 0;

  constructor(
    private readonly lines: LineRegister,
    private readonly terms: Pick<LeaseTerms, 'pendingMs' | 'confirmedMs'>,
  ) {}

  /** A new line, for the length of a dial; `charge`: what it uses of the tenant's rate. */
  give(caller: Caller, charge: RateCharge | null, nowMs: number): Lease {
    const lease = this.#leaseFor(caller, nowMs);
    const expiresAtMs = nowMs + this.terms.pendingMs;
    this.lines.put({ lease, sinceMs: nowMs, ...NEW_LINE, charge, state: 'pending', expiresAtMs });
    return lease;
  }

  /** The line of an older holder of the session, or one that was kept for its key; it counts throughout. */
  takeOver(line: Line, caller: Caller, nowMs: number): Lease {
    this.lines.remove(line.lease.sessionId);
    const lease = this.#leaseFor(caller, nowMs);
    const isOwn = line.lease.sessionId === caller.sessionId;
    const expiresAtMs = nowMs + this.terms.pendingMs;
    const { sinceMs, isInherited } = isOwn ? line : { sinceMs: nowMs, isInherited: true };
    // Once it was confirmed a session has begun on it.
    const charge = isOwn && line.state === 'pending' ? line.charge : null;
    this.lines.put({ lease, sinceMs, isInherited, isEnding: false, charge, state: 'pending', expiresAtMs });
    return lease;
  }

  /** The line of a living session, which may have lapsed. */
  putBack(lease: Lease, nowMs: number): void {
    this.#fence = Math.max(this.#fence, lease.fence);
    const line = this.lines.get(lease.sessionId);
    const { sinceMs, isInherited, isEnding } = line ?? { sinceMs: sinceOf(lease, nowMs), ...NEW_LINE };
    const expiresAtMs = nowMs + this.terms.confirmedMs;
    const kept = { lease: line?.lease ?? lease, sinceMs, isInherited, isEnding, charge: null };
    this.lines.put({ ...kept, state: 'confirmed', expiresAtMs });
  }

  #leaseFor({ sessionId, replicaId, token, place, own, plan }: Caller, nowMs: number): Lease {
    this.#fence = Math.max(this.#fence + 1, nowMs * FENCES_PER_MS);
    return { sessionId, replicaId, token, place, own, plan, fence: this.#fence };
  }
}

/** When a lease was given, as far as its fence tells; a store that lost its memory knows no better. Unix milliseconds. */
export function sinceOf({ fence }: Lease, nowMs: number): number {
  return Math.min(nowMs, Math.floor(fence / FENCES_PER_MS));
}
