// What a vendor's own books say that an account used and costs: the port that reconciliation reads. Guarantees our meters
// and exact amounts; leaves comparing to libs/reporting. Imports nothing that could reach a live session.
import type { AmountPico } from '@trunkline/kernel';
import type { Meter } from '@trunkline/metering';

/** Use of a model by a key in an hour. */
export interface UpstreamUsage {
  /** When the hour begins, Unix milliseconds. */
  readonly hourMs: number;
  /** The vendor's id of the key; null where it does not say. */
  readonly keyId: string | null;
  readonly model: string;
  readonly meter: Meter;
  readonly quantityMicro: bigint;
}

/** A charge of a UTC day. */
export interface UpstreamCost {
  readonly dayMs: number;
  readonly keyId: string | null;
  readonly lineItem: string;
  /** Null where the name of the line item tells none that we know. */
  readonly of: { readonly model: string; readonly meter: Meter } | null;
  readonly amount: AmountPico;
}

/** A range of instants and what of the account is meant. */
export interface UpstreamScope {
  /** Unix milliseconds; the end exclusive. Whole UTC days. */
  readonly fromMs: number;
  readonly toMs: number;
  /** The vendor's ids of projects; empty: the whole account. */
  readonly projectIds: readonly string[];
}

/** The vendor's books. Both reject with `UpstreamBooksUnreadable`. */
export interface UpstreamBooks {
  usage(scope: UpstreamScope): Promise<readonly UpstreamUsage[]>;
  costs(scope: UpstreamScope): Promise<readonly UpstreamCost[]>;
}

/** The vendor's books cannot be read; the message says why and what to do, without a secret. */
export class UpstreamBooksUnreadable extends Error {
  override readonly name = 'UpstreamBooksUnreadable';
}
