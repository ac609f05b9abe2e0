// The port to where held lines are counted. Guarantees that every adapter passes `lease-store.conformance.ts` and
// agrees with the model in `lease-store.model.ts`. Leaves the words of a refusal to `admit.ts` and the timing of
// renewals to the `LeaseKeeper`.
import type { ApiKeyId, PoolId, ReplicaId, SessionId, TenantId } from '@trunkline/kernel';
import type { Lease, LeaseState } from './lease.js';
import type { LimitScope, Limits } from './limits.js';

/** What is asked for: a line for one session, under all its limits or not at all. */
export interface AcquireRequest {
  readonly sessionId: SessionId;
  readonly replicaId: ReplicaId;
  /** Minted by the caller (`mintToken`), so that an acquisition whose answer never came can still be taken back. */
  readonly token: string;
  readonly limits: Limits;
}

/** The limit that refused, and by how much. For the pool these numbers are the operator's, never a tenant's. */
export interface Denial {
  readonly scope: LimitScope;
  readonly current: number;
  readonly max: number;
  /** When the next of the counted lines lapses unless its holder renews it. */
  readonly retryAfterMs: number;
}

/** The answer to an acquisition. */
export type AcquireOutcome =
  | { readonly kind: 'admitted'; readonly lease: Lease }
  | { readonly kind: 'denied'; readonly denial: Denial }
  /** The store lost its memory or was away: until the window ends only living sessions re-register. */
  | { readonly kind: 'recovering'; readonly retryAfterMs: number };

/** A held line as operators see it. Times by the store's clock. */
export interface HeldLine {
  readonly sessionId: SessionId;
  readonly replicaId: ReplicaId;
  readonly keyId: ApiKeyId;
  readonly tenantId: TenantId;
  readonly poolId: PoolId;
  readonly state: LeaseState;
  /** Unix time in milliseconds of the acquisition. */
  readonly sinceMs: number;
  /** Milliseconds until it lapses unless renewed. */
  readonly expiresInMs: number;
}

/** Which lines to list. */
export interface LineQuery {
  readonly scope: LimitScope;
  readonly id: string;
  /** At most this many, those that lapse first; 1 to 10,000. */
  readonly linesMax: number;
}

/**
 * Where lines are counted. All methods are atomic and use the store's own clock.
 *
 * When the store is away, every method rejects with `LeaseStoreUnavailable` within a short deadline, and the system
 * - **new sessions: closed.** `admit` refuses with `admission_unavailable`; nothing is admitted that was not counted.
 * - **live sessions: degrade.** They go on; the keeper tries again and re-registers them when the store is back. Until
 *   then their lines are uncertain: if it was only this replica that could not reach the store, its lines lapse after
 *   their time and may be given to others, so a pool can stand above its cap by at most this replica's sessions. An
 *   installation that would rather end calls than risk that sets the keeper's `whenUnreachable` to `end`.
 * - **when it is back** after being away for everybody, or has lost its memory, it stands in a recovery window:
 *   acquisitions answer `recovering`, and only `reregister` adds lines, so that living sessions are counted before
 *   anybody new is let in. Leases that lapsed while only their holder was away come back if there is still room;
 *   otherwise they are lost, and the keeper ends their sessions with `lease_lost`.
 */
export interface LeaseStore {
  /**
   * Takes a pending line under all limits, or under none. Asking again for a session that already holds a line takes it
   * over (new token, no second line); it must be the same key, tenant and pool.
   */
  acquire(request: AcquireRequest): Promise<AcquireOutcome>;
  /** Pending to confirmed, for `confirmedMs` from now; again on a confirmed lease it renews. `lost`: it had lapsed. */
  confirm(lease: Lease): Promise<'confirmed' | 'lost'>;
  /**
   * Prolongs confirmed leases that are **still present**, and never puts one back: a lapsed line may be somebody
   * else's by now. Pending leases are reported present but keep their expiry. An empty batch still tells the store that
   * this replica lives.
   * @returns those that are not present, or present under another token.
   */
  renew(leases: readonly Lease[]): Promise<readonly Lease[]>;
  /**
   * Puts living, confirmed sessions back: in a recovery window always, for they are open upstream whether counted or
   * not; otherwise only where every limit has room. Harmless for a lease that is present.
   * @returns those that could not be put back: their line is gone for good.
   */
  reregister(leases: readonly Lease[]): Promise<readonly Lease[]>;
  /** Gives the line back. `gone`: it had lapsed, or somebody took the session over; nothing was freed. */
  release(lease: Lease): Promise<'released' | 'gone'>;
  /** Who holds lines of a key, tenant or pool right now. For operators: the caller checks who may ask. */
  list(query: LineQuery): Promise<readonly HeldLine[]>;
}

/** The store cannot be reached, did not answer in time, or failed. The outcome of the call is unknown. */
export class LeaseStoreUnavailable extends Error {
  override readonly name = 'LeaseStoreUnavailable';

  constructor(
    /** For logs and metrics: what went wrong, without addresses or secrets. */
    readonly reason: 'timeout' | 'disconnected' | 'overloaded' | 'failed',
    options?: ErrorOptions,
  ) {
    super(`the lease store is unavailable (${reason})`, options);
  }
}
