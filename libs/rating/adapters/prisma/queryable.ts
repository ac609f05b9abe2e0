// What the repositories need of a connection, and how database text becomes the exact types of core.
import { parseAmount, parseId, trustedId, type AmountPico } from '@trunkline/kernel';
import type { Prisma } from '@trunkline/platform/database';
import type { PriceBookName } from '@trunkline/rating';
import { z } from 'zod';

/** A connection or a transaction on one. */
export type Queryable = Pick<Prisma.TransactionClient, '$queryRaw' | '$executeRaw'>;

/** `0.352000000000` as an amount. */
export const amountText = z.string().transform((text, context): AmountPico => {
  const parsed = parseAmount(text);
  if (parsed !== null) return parsed;
  context.addIssue(`"${text}" is not an amount`);
  return z.NEVER;
});

/** An instant in Unix milliseconds, sent as text. */
export const msText = z
  .string()
  .regex(/^-?\d+$/)
  .transform(Number);

export const priceVersionIdText = z.string().transform((text) => trustedId('pv', text));
export const tenantIdText = z.string().transform((text) => trustedId('tnt', text));

/** `vendor`, or `tenant:<id>`. */
export const bookText = z.string().transform((text, context): PriceBookName => {
  if (text === 'vendor') return text;
  const id = parseId('tnt', text.slice('tenant:'.length));
  if (text.startsWith('tenant:') && id !== null) return `tenant:${id}`;
  context.addIssue(`"${text}" is not a price book`);
  return z.NEVER;
});

/** The form that `::timestamptz` reads. */
export function iso(ms: number): string {
  return new Date(ms).toISOString();
}
