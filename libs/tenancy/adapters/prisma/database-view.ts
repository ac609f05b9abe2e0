// A view of a database of which some calls are not made on it but in a transaction of their own, which the view's maker opens.
// Calls inside of a transaction go to that transaction and are none of the view's.
import type { Database, Prisma } from '@trunkline/platform/database';

/** A transaction under way. */
export type Tx = Prisma.TransactionClient;
/** What is done in it. */
export type Work = (tx: Tx) => Promise<unknown>;
export type Options = Parameters<Database['$transaction']>[1];
/** How the view opens a transaction. */
export type Transaction = (work: Work, options?: Options) => Promise<unknown>;

/** A call: `['tenant', 'findMany']` or `['$queryRaw']`, and what is given to it. */
export interface Call {
  readonly path: readonly [string] | readonly [string, string];
  readonly given: readonly unknown[];
}

/** The view. @param goesAlone whether a call gets a transaction; else it goes to the database below */
export function viewOf(db: Database, transaction: Transaction, goesAlone: (call: Call) => boolean): Database {
  const caller =
    (path: Call['path']) =>
    (...given: readonly unknown[]): unknown =>
      goesAlone({ path, given }) ? transaction((tx) => awaited(tx, { path, given })) : called(db, { path, given });
  return new Proxy(db, {
    get: (target, property): unknown => {
      if (property === '$transaction') return transaction;
      const value: unknown = Reflect.get(target, property, target);
      if (typeof property === 'symbol') return value;
      if (RAW.test(property)) return caller([property]);
      if (property.startsWith('$') || typeof value !== 'object' || value === null) return value;
      return new Proxy(value, {
        get: (model, method): unknown => {
          const own: unknown = Reflect.get(model, method, model);
          return typeof method === 'string' && typeof own === 'function' ? caller([property, method]) : own;
        },
      });
    },
  });
}

const RAW = /^\$(query|execute)Raw/;

async function awaited(on: object, call: Call): Promise<unknown> {
  const answer: unknown = await called(on, call);
  return answer;
}

function called(on: object, { path, given }: Call): unknown {
  const holder = path.slice(0, -1).reduce<unknown>((at, name) => readFrom(at, name), on);
  const method: unknown = readFrom(holder, path.at(-1) ?? '');
  if (typeof method !== 'function') throw new Error(`a database has no ${path.join('.')}`);
  const answer: unknown = Reflect.apply(method, holder, given);
  return answer;
}

function readFrom(holder: unknown, name: string): unknown {
  return typeof holder === 'object' && holder !== null ? Reflect.get(holder, name, holder) : undefined;
}
