// What repositories need of a connection, and how the text that a database answers becomes exact types. Amounts, counts and
// instants are sent as text, since the driver would make doubles or local dates of them. Types of one domain (a period, a
// price book) are read by that domain.
import { parseAmount, trustedId, type AmountPico } from '@trunkline/kernel';
import { z } from 'zod';
import type { Prisma } from './generated/client.js';

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

/** A count, or an instant in Unix milliseconds. */
export const numberText = z
  .string()
  .regex(/^-?\d+$/)
  .transform(Number);

/** Ids that this system stored itself. */
export const tenantIdText = z.string().transform((text) => trustedId('tnt', text));
export const sessionIdText = z.string().transform((text) => trustedId('ses', text));
export const keyIdText = z.string().transform((text) => trustedId('key', text));
export const poolIdText = z.string().transform((text) => trustedId('pool', text));
export const priceVersionIdText = z.string().transform((text) => trustedId('pv', text));

/** An instant in Unix milliseconds in the form that `::timestamptz` reads. */
export function instantText(ms: number): string {
  return new Date(ms).toISOString();
}
