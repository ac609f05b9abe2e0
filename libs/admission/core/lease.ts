// A lease is a held line: pending while we dial, confirmed while the session lives, gone when released or lapsed.
// Guarantees that the times fit together (a holder gives up before its line can be given away). Leaves storage to the
// `LeaseStore` and renewal to the `LeaseKeeper`.
import { base32, type ReplicaId, type SessionId } from '@trunkline/kernel';
import type { OwnLimits, Place } from './limits.js';
import type { PoolPlan } from './pool-plan.js';

/**
 * Pending: reserved for the length of a dial. Confirmed: a session is open on it. Kept: its session ended a moment ago,
 * and the same key may take it over to reconnect.
 */
export type LeaseState = 'pending' | 'confirmed' | 'kept';

/** Somebody who asks for a line, waits for one or holds one. */
export interface Caller {
  /** A session holds one line at most; acquiring again with the same id takes the line over from the older holder. */
  readonly sessionId: SessionId;
  readonly replicaId: ReplicaId;
  /** Random proof of holding. Only who has it can confirm, renew or release, so a late release frees nobody else's line. */
  readonly token: string;
  readonly place: Place;
  readonly own: OwnLimits;
  /** The pool's configuration as the caller knows it. The store goes by the newest that anybody brought. */
  readonly plan: PoolPlan;
}

/** Pools that may carry a call, by their plans: one at least. */
export type PoolChoice = readonly [PoolPlan, ...PoolPlan[]];

/** Somebody who asks for a line of whichever of its pools has one. */
export interface Seeker extends Caller {
  /** Plans of the pools that may carry the call as well as the one of its place. */
  readonly otherPools: readonly PoolPlan[];
}

/** The seeker in these pools instead, and under what holds for it there. */
export function seekIn<S extends Seeker>(seeker: S, own: OwnLimits, [plan, ...otherPools]: PoolChoice): S {
  return { ...seeker, own, plan, otherPools, place: { ...seeker.place, poolId: plan.poolId } };
}

/** The call as it is in each of its pools, in their order. */
export function inEachPool(seeker: Seeker): readonly Caller[] {
  const others = seeker.otherPools.map((plan) => {
    return { ...seeker, plan, place: { ...seeker.place, poolId: plan.poolId } };
  });
  return [seeker, ...others];
}

/** One held line. Immutable; the store knows its state and expiry. */
export interface Lease extends Caller {
  /**
   * Rises with every acquisition in a store, through a flush too: of two leases of a session the higher is the newer, and it
   * says when it was given (`sinceOf`). Who holds a line is decided by its token, never by comparing fences.
   */
  readonly fence: number;
}

/** Times of a lease, in milliseconds. Every replica on one store must use the same. */
export interface LeaseTerms {
  /** A reservation that is not confirmed lapses after this: longer than a dial and what goes with it. */
  readonly pendingMs: number;
  /** A confirmed lease lapses this long after its last renewal: how soon the lines of a killed replica are free. */
  readonly confirmedMs: number;
  /** A replica renews all its leases this often, and tells the store that it is alive. */
  readonly renewEveryMs: number;
  /** A holder that could not renew treats its leases as uncertain this long before they lapse; see `settleMsMax`. */
  readonly fenceMarginMs: number;
  /** After a flush or an outage of the store only living sessions re-register for this long. */
  readonly recoveryMs: number;
  /** A store that heard from no replica for longer assumes that it was away, and opens a recovery window. */
  readonly silenceMaxMs: number;
  /** A waiting call that its replica did not attend to for so long has left the queue. */
  readonly waiterMs: number;
}

/** The design's times: 16 s to dial, 30 s to lapse, three renewals within a lease's life. */
export const DEFAULT_LEASE_TERMS: LeaseTerms = {
  pendingMs: 16_000,
  confirmedMs: 30_000,
  renewEveryMs: 10_000,
  fenceMarginMs: 5_000,
  recoveryMs: 30_000,
  silenceMaxMs: 15_000,
  waiterMs: 5_000,
};

/** Renewals are spread by this fraction either way, so that replicas do not knock together. */
export const RENEWAL_JITTER = 0.1;

/** The keeper looks at its leases so often, in milliseconds: it may learn so late that one could not be renewed. */
export const LOOK_EVERY_MS = 500;

/** A renewal that failed is tried again after so long, in milliseconds. */
export const RENEW_AGAIN_MS = 1_000;

// A look, and as long again for settling and for a process that stands still.
const FENCE_MARGIN_MS_MIN = 2 * LOOK_EVERY_MS;

/**
 * The design's terms with some replaced. A shorter or longer `confirmedMs` scales whatever depends on it and was not
 * given: an operator who wants the lines of a killed replica back sooner sets that one value.
 * @throws RangeError naming the sum that does not hold, for terms under which a line could be lent twice.
 */
export function leaseTerms(replacing: Partial<LeaseTerms> = {}): LeaseTerms {
  const scale = (replacing.confirmedMs ?? DEFAULT_LEASE_TERMS.confirmedMs) / DEFAULT_LEASE_TERMS.confirmedMs;
  const scaled = (ms: number): number => Math.round(ms * scale);
  const terms: LeaseTerms = {
    ...DEFAULT_LEASE_TERMS,
    renewEveryMs: scaled(DEFAULT_LEASE_TERMS.renewEveryMs),
    fenceMarginMs: Math.max(FENCE_MARGIN_MS_MIN, scaled(DEFAULT_LEASE_TERMS.fenceMarginMs)),
    recoveryMs: scaled(DEFAULT_LEASE_TERMS.recoveryMs),
    silenceMaxMs: scaled(DEFAULT_LEASE_TERMS.silenceMaxMs),
    ...replacing,
  };
  assertTermsHold(terms);
  return terms;
}

function assertTermsHold(terms: LeaseTerms): void {
  for (const [name, ms] of Object.entries(terms))
    if (!Number.isSafeInteger(ms) || ms <= 0)
      throw new RangeError(`lease ${name} must be a positive integer, is ${ms}`);
  if (terms.fenceMarginMs < FENCE_MARGIN_MS_MIN)
    throw new RangeError(`lease fenceMarginMs must be at least ${FENCE_MARGIN_MS_MIN}, is ${terms.fenceMarginMs}`);
  const slowestRenewalMs = Math.round(terms.renewEveryMs * (1 + RENEWAL_JITTER));
  const rules: readonly (readonly [lessMs: number, less: string, moreMs: number, more: string])[] = [
    // One renewal may fail and be tried again, at the next look, before the holder gives up.
    [
      slowestRenewalMs + RENEW_AGAIN_MS + LOOK_EVERY_MS,
      `renewEveryMs + 10 % + ${RENEW_AGAIN_MS + LOOK_EVERY_MS} ms for a second try`,
      terms.confirmedMs - terms.fenceMarginMs,
      'confirmedMs - fenceMarginMs',
    ],
    // A healthy system must not look silent...
    [slowestRenewalMs, 'renewEveryMs + 10 %', terms.silenceMaxMs, 'silenceMaxMs'],
    // ...and a silence in which a lease could have lapsed unrenewed must be noticed.
    [terms.silenceMaxMs, 'silenceMaxMs', terms.confirmedMs - slowestRenewalMs, 'confirmedMs - renewEveryMs - 10 %'],
    // Every living replica has a renewal within the window.
    [slowestRenewalMs, 'renewEveryMs + 10 %', terms.recoveryMs, 'recoveryMs'],
  ];
  for (const [lessMs, less, moreMs, more] of rules)
    if (lessMs >= moreMs) throw new RangeError(`lease ${less} (${lessMs} ms) must be less than ${more} (${moreMs} ms)`);
}

/**
 * How long before a lost lease can lapse its session must be gone from the upstream, in milliseconds: half of what a look
 * leaves of the margin, for a process that stands still, and for clocks that go apart.
 */
export function goneBeforeMs({ fenceMarginMs }: Pick<LeaseTerms, 'fenceMarginMs'>): number {
  return Math.ceil((fenceMarginMs - LOOK_EVERY_MS) / 2);
}

/** The other half: what the upstream of a lost session gets for saying what it still owes, in milliseconds. */
export function settleMsMax(terms: Pick<LeaseTerms, 'fenceMarginMs'>): number {
  return terms.fenceMarginMs - LOOK_EVERY_MS - goneBeforeMs(terms);
}

/** A fresh token: 128 random bits, so that no holder can guess another's. */
export function mintToken(randomBytes: (n: number) => Uint8Array): string {
  return base32(randomBytes(16));
}
