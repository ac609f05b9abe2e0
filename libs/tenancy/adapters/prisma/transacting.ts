// A view of a database on which something happens around each transaction. Everything else goes straight through, so what has to
// be inside is for services that change what they change in one transaction.
import type { Database, Prisma } from '@trunkline/platform/database';
import type { Options, Work } from './database-view.js';

/** The view. @param around what becomes of a service's work; it runs in one transaction of the database below */
export function transacting(
  db: Database,
  around: (tx: Prisma.TransactionClient, work: Work) => Promise<unknown>,
): Database {
  const transaction = (work: Work, options?: Options): Promise<unknown> =>
    db.$transaction((tx) => around(tx, work), options);
  return new Proxy(db, {
    get: (target, property): unknown =>
      property === '$transaction' ? transaction : Reflect.get(target, property, target),
  });
}

/** A view of a database that is one transaction: what services do in theirs is done in it, all of it or nothing. */
export function within(db: Database, tx: Prisma.TransactionClient): Database {
  const transaction = (work: Work): Promise<unknown> => work(tx);
  return new Proxy(db, {
    get: (_target, property): unknown => (property === '$transaction' ? transaction : Reflect.get(tx, property, tx)),
  });
}
