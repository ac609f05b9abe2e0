// How admin pages read the database: in one short read-only transaction, so that the figures of a page belong together, on
// one connection, so that a page never takes the pool from the calls' journal, and with a deadline for the whole.
import { setTimeout as delay } from 'node:timers/promises';
import { Prisma, type Database } from '@trunkline/platform/database';

/** A person waits this long and no longer. */
export const READ_MS_MAX = 5_000;
// The server stops a statement before we stop waiting: then its error says why.
const STATEMENT_MS_MAX = 4_000;
const CONNECTION_WAIT_MS_MAX = 2_000;

/** The database did not answer within `READ_MS_MAX`. */
export class ReadTookTooLong extends Error {
  override readonly name = 'ReadTookTooLong';
}

/** Reads in a snapshot. @throws ReadTookTooLong, and whatever the database throws. */
export function readWithin<T>(db: Database, work: (tx: Prisma.TransactionClient) => Promise<T>): Promise<T> {
  const options = {
    isolationLevel: Prisma.TransactionIsolationLevel.RepeatableRead,
    maxWait: CONNECTION_WAIT_MS_MAX,
    timeout: READ_MS_MAX,
  };
  return orTooLong(
    db.$transaction(async (tx) => {
      // Where a server can compile queries, it would take longer over that than over a page's figures.
      await tx.$queryRaw`SELECT set_config('transaction_read_only', 'on', true), set_config('jit', 'off', true),
                                set_config('statement_timeout', ${String(STATEMENT_MS_MAX)}, true)`;
      return work(tx);
    }, options),
  );
}

/** Waits for a read no longer than a person would, or than said. @throws ReadTookTooLong */
export async function orTooLong<T>(reading: Promise<T>, msMax: number = READ_MS_MAX): Promise<T> {
  const answered = new AbortController();
  const late = delay(msMax, null, { signal: answered.signal }).then(() => {
    throw new ReadTookTooLong(`no answer within ${msMax} ms`);
  });
  // One of the two always loses: the timer when it is aborted, the read when it is late.
  late.catch(() => undefined);
  reading.catch(() => undefined);
  try {
    return await Promise.race([reading, late]);
  } finally {
    answered.abort();
  }
}
