// The order in which bookings leave the house. One place, so that every export of a closed month has the same bytes.
import type { TenantId } from '@trunkline/kernel';
import type { Period } from '@trunkline/ledger';

/** Whose books of which month, and whose days. */
export interface BooksRange {
  readonly tenantId: TenantId;
  readonly period: Period;
  /** IANA name: the company's, in which months and days begin. */
  readonly timeZone: string;
}

/** `ORDER BY` of ledger transactions of one tenant and period: their places in its hash chain. */
export function inChainOrder(alias: string): string {
  return `${alias}.chain_sequence`;
}
