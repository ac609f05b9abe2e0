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

/** `ORDER BY` of ledger transactions of one tenant and period. */
export function inChainOrder(alias: string): string {
  return `${alias}.posted_at, ${alias}.id COLLATE "C"`;
}

/** The transactions as this library reads them. Every booking so far is of usage, in the month in which it occurred. */
export const BOOKS = `(SELECT *, 'usage'::text AS kind, 0 AS revision, period AS usage_period, NULL::text AS corrects_id,
                              NULL::text AS reason, NULL::text AS actor FROM ledger_transaction)`;
