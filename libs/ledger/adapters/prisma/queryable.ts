// What the repositories need of a connection, and how database text becomes the exact types of core.
import { parseAmount, trustedId, type AmountPico } from '@trunkline/kernel';
import { parsePeriod, type Period } from '@trunkline/ledger';
import type { Prisma } from '@trunkline/platform/database';
import { z } from 'zod';

/** A connection, or a transaction on one. */
export type Queryable = Pick<Prisma.TransactionClient, '$queryRaw' | '$executeRaw'>;

/** `0.352000000000` as an amount. */
export const amountText = z.string().transform((text, context): AmountPico => {
  const parsed = parseAmount(text);
  if (parsed !== null) return parsed;
  context.addIssue(`"${text}" is not an amount`);
  return z.NEVER;
});

/** A whole number that may be larger than a double holds. */
export const wholeText = z
  .string()
  .regex(/^-?\d+$/)
  .transform(BigInt);

/** A count or an instant in milliseconds, sent as text. */
export const numberText = z
  .string()
  .regex(/^-?\d+$/)
  .transform(Number);

/** `2026-11`. */
export const periodText = z.string().transform((text, context): Period => {
  const period = parsePeriod(text);
  if (period !== null) return period;
  context.addIssue(`"${text}" is no period`);
  return z.NEVER;
});

export const tenantIdText = z.string().transform((text) => trustedId('tnt', text));
export const sessionIdText = z.string().transform((text) => trustedId('ses', text));
export const keyIdText = z.string().transform((text) => trustedId('key', text));
export const poolIdText = z.string().transform((text) => trustedId('pool', text));
export const priceVersionIdText = z.string().transform((text) => trustedId('pv', text));

/** The form that `::timestamptz` reads. */
export function instantText(ms: number): string {
  return new Date(ms).toISOString();
}
