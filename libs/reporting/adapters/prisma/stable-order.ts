// Which bookings leave the house, and in which order. One place, so that every export of a closed month has the same bytes.
import type { TenantId } from '@trunkline/kernel';
import type { Period } from '@trunkline/ledger';
import { literal } from '@trunkline/platform/database';

/** Whose books of which month, and whose days. */
export interface BooksRange {
  /** Rows come in the order of these ids by code point, whatever order they are given in. */
  readonly tenants: readonly TenantId[];
  readonly period: Period;
  /** IANA name: the company's, in which months and days begin. */
  readonly timeZone: string;
}

/** `WHERE`, for ledger transactions. */
export function inTheBooks(alias: string, { tenants, period }: BooksRange): string {
  const ids = tenants.map((id) => literal(id)).join(', ');
  return `${alias}.tenant_id = ANY(ARRAY[${ids}]::text[]) AND ${alias}.period = ${literal(period)}`;
}

/** `ORDER BY` of ledger transactions of one tenant and period: their places in its hash chain. */
export function inChainOrder(alias: string): string {
  return `${alias}.chain_sequence`;
}
