// Reads the stored prices into books. A stored list that contradicts itself is refused as a whole: approvals check the
// same rules under a lock, so it means somebody wrote the tables by hand, and any price out of them may be wrong.
import type { Queryable } from '@trunkline/platform/database';
import { compilePriceBooks, type PriceBooks, type PriceCatalogue } from '@trunkline/rating';
import { z } from 'zod';
import { selectPlans, selectUplifts } from './plan-rows.js';
import { selectAliases, selectVersions } from './price-rows.js';

/** All prices and the revision of the tables they were read from. */
export interface LoadedPriceBook {
  readonly books: PriceBooks;
  readonly revision: string;
}

/** The stored prices contradict each other; the message names the rows. */
export class PriceBookRefused extends Error {
  override readonly name = 'PriceBookRefused';
}

/**
 * Reads all prices (some hundred rows and a few per tenant).
 * @throws PriceBookRefused.
 */
export async function loadPriceBook(db: Queryable): Promise<LoadedPriceBook> {
  // Read first: prices that arrive in between make the books newer than their revision, and they are read once more.
  const revision = await priceBookRevision(db);
  const compiled = compilePriceBooks(await selectCatalogue(db));
  if (compiled.ok) return { books: compiled.value, revision };
  throw new PriceBookRefused(`The stored prices contradict each other: ${compiled.error.join('; ')}`);
}

/** Everything that is approved. */
export async function selectCatalogue(db: Queryable): Promise<PriceCatalogue> {
  return {
    versions: await selectVersions(db),
    aliases: await selectAliases(db),
    plans: await selectPlans(db),
    uplifts: await selectUplifts(db),
  };
}

/**
 * Changes whenever a price, an alias, a markup or an uplift is approved. Rows are only ever added, so their number is
 * enough. Prices that rating made itself do not count.
 */
export async function priceBookRevision(db: Queryable): Promise<string> {
  const rows = await db.$queryRaw`
    SELECT concat_ws('.', (SELECT count(*) FROM price_version WHERE derived_from IS NULL),
                     (SELECT count(*) FROM price_alias), (SELECT count(*) FROM price_plan),
                     (SELECT count(*) FROM price_uplift)) AS revision`;
  const [row] = z.array(z.object({ revision: z.string() })).parse(rows);
  return row?.revision ?? '';
}

/** The books as a process keeps them fresh: a cheap look whether they changed, and the books. */
export function priceSource(db: Queryable): { load(): Promise<LoadedPriceBook>; revision(): Promise<string> } {
  return { load: () => loadPriceBook(db), revision: () => priceBookRevision(db) };
}
