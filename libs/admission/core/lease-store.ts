// The port to where held lines are counted and waiting calls stand in line. Guarantees that every adapter passes
// `lease-store.conformance.ts` and agrees with the pure state machine in `switchboard.ts`. Leaves the words of a refusal
// to `admit.ts`, the timing of renewals to the `LeaseKeeper` and that of waiting to the `WaitingRoom`.
import type { ApiKeyId, PoolId, ReplicaId, SessionId, TenantId } from '@trunkline/kernel';
import type { TokenUse } from './headroom.js';
import type { Caller, Lease, LeaseState, Seeker } from './lease.js';
import type { LimitScope } from './limits.js';

/** What is asked for: a line for one session, under all its limits or not at all. */
export interface AcquireRequest extends Seeker {
  /** Whether to stand in line when there is no room now. */
  readonly mayWait: boolean;
}

/** Where a waiting call stands. All of it is the tenant's own, not its neighbours'. */
export interface QueuePlace {
  /** Among the tenant's own calls that wait for this pool, from 1. */
  readonly position: number;
  /** From the pool's recent releases; null when nothing was released yet. */
  readonly expectedWaitMs: number | null;
}

/** What of its own limits a caller has in use. All of it is its tenant's and its key's own. */
export interface OwnUse {
  /** Of the minute that its rate of new sessions fills; all of it is free again after so many milliseconds. */
  readonly rateUsedMs: number;
  readonly keySessions: number;
  readonly tenantSessions: number;
}

/** What refused, and by how much. For the pool these numbers are the operator's, never a tenant's. */
export interface Denial {
  /** `rate`: the tenant's new sessions per minute. `headroom`: the upstream asked for a pause. */
  readonly scope: LimitScope | 'rate' | 'headroom';
  readonly current: number;
  readonly max: number;
  /** When asking again may help. */
  readonly retryAfterMs: number;
  /** It would have waited, but the waiting room of every pool is full. */
  readonly queueFull: boolean;
  /** Where it stood (or would have stood) in line; of several pools, in that of the likeliest. */
  readonly queue: QueuePlace;
  readonly own: OwnUse;
}

/** The answer to an acquisition. */
export type AcquireOutcome =
  /** `own`: this line included; null while the store is away. */
  | { readonly kind: 'admitted'; readonly lease: Lease; readonly own: OwnUse | null }
  /** Stands in line: attend to it, or it leaves by itself. */
  | { readonly kind: 'waiting'; readonly denial: Denial }
  /** `ownLineEnds`: a line of its key, pool and family is about to come free (see `ending`), and nobody counts on it yet. */
  | { readonly kind: 'denied'; readonly denial: Denial; readonly ownLineEnds: boolean }
  /** The store lost its memory or was away: until the window ends only living sessions re-register. */
  | { readonly kind: 'recovering'; readonly retryAfterMs: number };

/** How a waiting call stands now. */
export type AttendOutcome =
  | { readonly kind: 'granted'; readonly lease: Lease; readonly own: OwnUse }
  | { readonly kind: 'waiting'; readonly denial: Denial }
  /** Neither waits nor holds a line: the store forgot it. Ask again. */
  | { readonly kind: 'gone' };

/** A held line as operators see it. Times by the store's clock. */
export interface HeldLine {
  readonly sessionId: SessionId;
  readonly replicaId: ReplicaId;
  readonly keyId: ApiKeyId;
  readonly tenantId: TenantId;
  readonly poolId: PoolId;
  readonly family: string;
  readonly state: LeaseState;
  /** Unix time in milliseconds of the acquisition. */
  readonly sinceMs: number;
  /** Milliseconds until it lapses unless renewed. */
  readonly expiresInMs: number;
}

/** A call that stands in line, as operators see it. */
export interface WaitingCall {
  readonly sessionId: SessionId;
  readonly replicaId: ReplicaId;
  readonly keyId: ApiKeyId;
  readonly tenantId: TenantId;
  readonly poolId: PoolId;
  readonly family: string;
  /** Unix time in milliseconds at which it began to wait. */
  readonly sinceMs: number;
}

/** Which lines to list. */
export interface LineQuery {
  readonly scope: Exclude<LimitScope, 'family'>;
  readonly id: string;
  /** At most this many, those that lapse first; 1 to 10,000. */
  readonly linesMax: number;
}

/** Lines of a tenant in a pool, as numbers. */
export interface TenantLines {
  /** All of them. */
  readonly held: number;
  readonly pending: number;
  readonly kept: number;
}

/** Lines of a pool, as numbers: what it costs to tell grows with tenants and keys and not with lines. */
export interface PoolLines {
  /** Who holds any. */
  readonly tenants: ReadonlyMap<TenantId, TenantLines>;
  readonly keys: ReadonlyMap<ApiKeyId, number>;
  /** By model family. */
  readonly families: ReadonlyMap<string, number>;
}

/** Which lines of a pool to show. */
export interface PageQuery {
  readonly poolId: PoolId;
  /** About this many: 1 to 1,000. A store may show some more rather than pass over one. */
  readonly linesMax: number;
  /** Where the last page said to go on; null: from the beginning. */
  readonly after: string | null;
}

/** Some lines, in no order. Whoever held its line throughout is on one of the pages. */
export interface LinePage {
  readonly lines: readonly HeldLine[];
  /** Where to go on; null: these were the last. */
  readonly next: string | null;
}

/** The place to go on from was none of this store's. */
export class NoSuchPage extends Error {
  override readonly name = 'NoSuchPage';
}

/** A pool as operators see it. */
export interface PoolView {
  readonly held: PoolLines;
  /** In the order in which they began to wait. */
  readonly waiting: readonly WaitingCall[];
  /** Milliseconds for which the upstream's headroom keeps new sessions out; 0: not at all. */
  readonly pausedForMs: number;
  /** The same of model families that are kept out by themselves; those that are not are not named. */
  readonly pausedFamilies: Readonly<Record<string, number>>;
  /** Milliseconds for which the store lets nobody in, because it counts living sessions again; 0: it does not. */
  readonly recoveringMs: number;
}

/** Told when a waiting call of this process was given a line. A hint that may get lost: `attend` says the same. */
export type OnGranted = (sessionId: SessionId) => void;

/**
 * Where lines are counted. All methods are atomic and use the store's own clock.
 *
 * When the store is away, every method rejects with `LeaseStoreUnavailable` within a short deadline, and the system
 * - **new sessions: closed.** `admit` refuses with `admission_unavailable`; nothing is admitted that was not counted.
 *   An installation may allow each replica a static share instead, while its lines cannot have lapsed (`static-share.ts`).
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
   * Takes a pending line under all limits, or under none; with `mayWait` stands in line when there is none. Who may be
   * carried by several pools takes the line of the first that has one, or stands in line in all of them at once (but those
   * whose line is full) until one gives it a line, which takes it out of the others in the same step. Asking again for a
   * session that already holds a line takes it over (new token, no second line); it must be one of the same places. A
   * line kept for the same key, pool and family is taken over before anything else is asked.
   */
  acquire(request: AcquireRequest): Promise<AcquireOutcome>;
  /**
   * Keeps calls in line, from now on under the limits of their own and in the pools that they bring, and says how each of
   * them stands, in their order. A pool that is new to a call is joined at the place of when the call came, unless its line
   * is full. Gives out whatever has become free.
   */
  attend(callers: readonly Seeker[]): Promise<readonly AttendOutcome[]>;
  /** Leaves the line, of all pools. `granted`: it was given a line a moment before, which is the caller's to use or release. */
  leave(caller: Caller): Promise<AttendOutcome>;
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
   * not; otherwise only where every cap has room. Harmless for a lease that is present.
   * @returns those that could not be put back: their line is gone for good.
   */
  reregister(leases: readonly Lease[]): Promise<readonly Lease[]>;
  /**
   * Says of a confirmed line that its session has ended and is being settled. A call under its key, pool and family that
   * finds no room hears of it, and when it waits for it, may do so in a full line, and has it before all others if the line
   * is kept. Nothing happens when the line is not held.
   */
  ending(lease: Lease): Promise<void>;
  /**
   * Gives the line back; whoever is owed it and waits gets it in the same step. With `keepMs` above 0 a confirmed line
   * is kept so long for the same key to reconnect. `gone`: it had lapsed, or somebody took the session over; nothing was
   * freed.
   */
  release(lease: Lease, keepMs?: number): Promise<'released' | 'gone'>;
  /**
   * No new line of the pool, or of one model family in it, until so many milliseconds have passed; a longer pause stands.
   * Reconnects go on.
   */
  pause(poolId: PoolId, forMs: number, family?: string | null): Promise<void>;
  /** Counts tokens; when the last minute's leave less than a tenth of what the account may use, it pauses as above. */
  used(use: TokenUse): Promise<void>;
  /**
   * Whether this idle session should give its line up: true when somebody else waits who could use it, and nobody else
   * is giving one up for that call already. Asking again within a few seconds answers the same.
   */
  mayReclaim(lease: Lease): Promise<boolean>;
  /** Who holds lines of a key, tenant or pool right now. For operators: the caller checks who may ask. */
  list(query: LineQuery): Promise<readonly HeldLine[]>;
  /** The pool as it stands. For operators. */
  view(poolId: PoolId): Promise<PoolView>;
  /** Who holds lines of a pool, a page at a time. For operators. @throws NoSuchPage */
  page(query: PageQuery): Promise<LinePage>;
  /**
   * For a store that may confirm a lease in another's place: when that other last answered for it, by the monotonic clock
   * of this process; null where it does not know.
   */
  answeredAtMs?(lease: Lease): number | null;
  /** Hears of lines given to calls of this replica. @returns the function that stops it. */
  onGranted(replicaId: ReplicaId, listener: OnGranted): () => void;
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
