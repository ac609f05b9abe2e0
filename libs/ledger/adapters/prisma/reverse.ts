// Taking bookings back, inside the caller's database transaction: once each, however often it is asked for. One correction
// at a time (a lock until the commit), so that two of them never see the same booking as not yet taken back. Whoever also
// posts in the same database transaction books everything by one `insertTransactions`: chains are then locked in one order.
import { err, ok, type Result } from '@trunkline/kernel';
import { becauseProblem, reversalOf, type Because, type Transaction } from '@trunkline/ledger';
import { againWhenLost, Prisma, type Database, type Queryable } from '@trunkline/platform/database';
import { z } from 'zod';
import { bookedRowsWhere } from './booked-rows.js';
import { holdCompany, type BookingContext } from './company.js';
import { insertTransactions, type Booked } from './insert-transactions.js';
import { transactionOf } from './stored-transaction.js';

/** What was asked for cannot be booked; the message says why and what to do. */
export class BookingRefused extends Error {
  override readonly name = 'BookingRefused';
}

// Any number that no other lock here has.
const LOCK = 7_263_402;

/** Holds back all other corrections until the database transaction ends. */
export async function holdCorrections(tx: Queryable): Promise<void> {
  await tx.$executeRaw`SELECT pg_advisory_xact_lock(${LOCK})`;
}

/**
 * The reversals of transactions, to be booked in this database transaction. Those that are taken back already are left
 * out. Usage is reversed in its own month, or the next that is open.
 * @throws BookingRefused for an id that is not in the books, or of a reversal.
 */
export async function reversalsOf(
  tx: Queryable,
  ids: readonly string[],
  because: Because,
  context: Pick<BookingContext, 'nowMs'>,
): Promise<readonly Transaction[]> {
  const problem = becauseProblem(because);
  if (problem !== null) throw new BookingRefused(problem);
  if (ids.length === 0) return [];
  await holdCorrections(tx);
  const found = await bookedRowsWhere(tx, Prisma.sql`id = ANY(${[...ids]}::text[]) ORDER BY id`);
  const known = new Map(found.map(({ row }) => [row.id, transactionOf(row)]));
  for (const id of ids) {
    const transaction = known.get(id);
    if (transaction === undefined) throw new BookingRefused(`${id} is not in the books: see \`ledger transactions\`.`);
    if (transaction.kind === 'reversal')
      throw new BookingRefused(`${id} is itself a reversal: book again what it took back instead.`);
  }
  const reversed = await reversedAmong(tx, ids);
  return [...known.values()]
    .filter(({ id }) => !reversed.has(id))
    .map((transaction) => reversalOf(transaction, because, context.nowMs));
}

/** Takes transactions back now. @returns what was booked. @throws BookingRefused */
export async function reverse(tx: Queryable, ids: readonly string[], because: Because): Promise<readonly Booked[]> {
  const context = await holdCompany(tx);
  return insertTransactions(tx, context, await reversalsOf(tx, ids, because, context));
}

/** Takes one tenant's transaction back, as a person asks for it. */
export async function reverseTransaction(
  db: Database,
  id: string,
  because: Because,
): Promise<Result<Booked, { readonly message: string }>> {
  try {
    const [booked] = await againWhenLost(() => db.$transaction((tx) => reverse(tx, [id], because)));
    return booked === undefined ? err({ message: `${id} is taken back already.` }) : ok(booked);
  } catch (error) {
    if (error instanceof BookingRefused) return err({ message: error.message });
    throw error;
  }
}

/** The ids of what stands in the books for these usage events: neither reversed nor a reversal. */
export async function standingUsage(tx: Queryable, usageEventIds: readonly string[]): Promise<readonly string[]> {
  const rows = await tx.$queryRaw`
    SELECT id FROM ledger_transaction t
     WHERE usage_event_id = ANY(${[...usageEventIds]}::text[]) AND ${isStanding()} ORDER BY id`;
  return z
    .array(z.object({ id: z.string() }))
    .parse(rows)
    .map(({ id }) => id);
}

/** Condition on `ledger_transaction t`: usage that nobody took back. */
export function isStanding(): Prisma.Sql {
  return Prisma.sql`t.kind = 'usage'
    AND NOT EXISTS (SELECT FROM ledger_transaction r WHERE r.corrects_id = t.id AND r.kind = 'reversal')`;
}

async function reversedAmong(tx: Queryable, ids: readonly string[]): Promise<ReadonlySet<string>> {
  const rows = await tx.$queryRaw`
    SELECT corrects_id AS id FROM ledger_transaction WHERE kind = 'reversal' AND corrects_id = ANY(${[...ids]}::text[])`;
  return new Set(
    z
      .array(z.object({ id: z.string() }))
      .parse(rows)
      .map(({ id }) => id),
  );
}
