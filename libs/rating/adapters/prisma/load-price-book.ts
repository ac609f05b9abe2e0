// Reads the stored prices into a book. A stored list that contradicts itself is refused as a whole: imports check the
// same rules under a lock, so it means somebody wrote the table by hand, and any price out of it may be wrong.
import { compilePriceBook, type PriceBook } from '@trunkline/rating';
import { z } from 'zod';
import { selectAliases, selectVersions, type Queryable } from './price-rows.js';

/** A book and the revision of the tables it was read from. */
export interface LoadedPriceBook {
  readonly book: PriceBook;
  readonly revision: string;
}

/** The stored prices contradict each other; the message names the rows. */
export class PriceBookRefused extends Error {
  override readonly name = 'PriceBookRefused';
}

/**
 * Reads the whole book (a few hundred rows).
 * @throws PriceBookRefused.
 */
export async function loadPriceBook(db: Queryable): Promise<LoadedPriceBook> {
  // Read first: prices that arrive in between make the book newer than its revision, and it is read once more.
  const revision = await priceBookRevision(db);
  const compiled = compilePriceBook(await selectVersions(db), await selectAliases(db));
  if (compiled.ok) return { book: compiled.value, revision };
  throw new PriceBookRefused(`The stored prices contradict each other: ${compiled.error.join('; ')}`);
}

/** Changes whenever a price or an alias is imported. Rows are only ever added, so their number is enough. */
export async function priceBookRevision(db: Queryable): Promise<string> {
  const rows = await db.$queryRaw`
    SELECT (SELECT count(*) FROM price_version)::text || '.' || (SELECT count(*) FROM price_alias)::text AS revision`;
  const [row] = z.array(z.object({ revision: z.string() })).parse(rows);
  return row?.revision ?? '';
}

/** The book as a process keeps it fresh: a cheap look whether it changed, and the book. */
export function priceSource(db: Queryable): { load(): Promise<LoadedPriceBook>; revision(): Promise<string> } {
  return { load: () => loadPriceBook(db), revision: () => priceBookRevision(db) };
}
