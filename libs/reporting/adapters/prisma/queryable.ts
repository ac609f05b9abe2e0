// What the readers need of a connection, and how database text becomes exact types.
import { parseAmount, type AmountPico } from '@trunkline/kernel';
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

/** A count or an instant, sent as text. */
export const numberText = z
  .string()
  .regex(/^-?\d+$/)
  .transform(Number);
