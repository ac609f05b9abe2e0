// The row that statements and exports are made of: what one key used of one meter on one day at one pair of prices, and
// what that costs; or one booking of its own, where it corrects a month that was closed or was made by hand. Quantities
// and amounts are exact sums of ledger lines. What a format shows of it is for the format.
import type { AmountPico, ApiKeyId, PriceVersionId, TenantId } from '@trunkline/kernel';
import type { Period } from '@trunkline/ledger';
import type { Evidence } from '@trunkline/metering';
import type { PriceUnit } from '@trunkline/rating';

/** A price as it stood when the charge was made: `amount = quantity x price / per`. */
export interface AppliedPrice {
  readonly id: PriceVersionId;
  readonly provider: string;
  /** The model whose price it is; may be a family of the one used. */
  readonly model: string;
  readonly serviceTier: string;
  readonly unit: PriceUnit;
  readonly price: AmountPico;
  readonly per: bigint;
}

/** What the day, or the booking, is. `correction`: of a month that was closed when it was booked. */
export type ChargeKind = 'usage' | 'correction' | 'adjustment' | 'credit' | 'prepayment';

/**
 * What the row is to the tenant. `not_billed`: nothing, as its policy says of estimates; a report that
 * comes for it is charged. `cost_only`: what the
 * vendor's cost was corrected by, of usage that the tenant is charged for as before.
 */
export const BILLINGS = ['charged', 'not_billed', 'cost_only'] as const;
export type Billing = (typeof BILLINGS)[number];

/** Where the row stands in time; days are the company's, instants Unix milliseconds. */
export interface ChargeTime {
  /** Month it is booked in. */
  readonly period: Period;
  /** Month in which the usage occurred; differs from `period` for corrections and late usage. */
  readonly usagePeriod: Period;
  /** The company's day, `2026-11-21`. */
  readonly day: string;
  readonly fromMs: number;
  /** Exclusive. */
  readonly toMs: number;
}

/** Metered usage of a day, or one correction. */
export interface MeteredRow extends ChargeTime {
  readonly kind: 'usage' | 'correction';
  readonly tenantId: TenantId;
  readonly keyId: ApiKeyId | null;
  readonly model: string;
  readonly meter: string;
  readonly evidence: Evidence;
  readonly billing: Billing;
  /** What the tenant is charged at; null where `billing` is not `charged`. */
  readonly chargePrice: AppliedPrice | null;
  /** What the vendor charges at. */
  readonly listPrice: AppliedPrice | null;
  /** Millionths of the meter's unit; negative where it takes back. */
  readonly quantityMicro: bigint;
  readonly charge: AmountPico;
  readonly cost: AmountPico;
  /** Usage events in it. */
  readonly events: number;
  /** Of a correction: the booking, what it corrects, and why. */
  readonly booking: Booking | null;
}

/** A booking that somebody, or a correction, made. */
export interface Booking {
  readonly id: string;
  readonly correctsId: string | null;
  readonly reason: string | null;
  readonly actor: string | null;
}

/** A booking by hand: no meter, an amount. */
export interface ManualRow extends ChargeTime {
  readonly kind: 'adjustment' | 'credit' | 'prepayment';
  readonly tenantId: TenantId;
  /** What was booked. */
  readonly total: AmountPico;
  /** By how much the tenant owes more; a prepayment changes nothing of that until usage is paid out of it. */
  readonly charge: AmountPico;
  /** By how much the vendor charges us more; nothing for a booking of the tenant's side. */
  readonly cost: AmountPico;
  readonly booking: Booking;
}

/** A row of any kind. */
export type ChargeRow = MeteredRow | ManualRow;

/** Whether a row has a meter. */
export function isMetered(row: ChargeRow): row is MeteredRow {
  return row.kind === 'usage' || row.kind === 'correction';
}

/** Rows as they are read: in batches, in stable order, never all at once. */
export type ChargeRows = AsyncIterable<readonly ChargeRow[]>;
