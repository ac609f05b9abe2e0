// One pass over the queue, on the newest prices. A change of the price book brings unrated usage back first, so that an
// import by anybody (CLI, API, a seed) is all it takes.
import { hasPending, postBatch, reopenUnrated, type PostOptions } from '@trunkline/ledger/adapters/prisma';
import type { Database } from '@trunkline/platform/database';
import type { PriceBooks } from '@trunkline/rating';
import {
  loadPriceBook,
  priceBookRevision,
  storeDerivedPrices,
  type LoadedPriceBook,
} from '@trunkline/rating/adapters/prisma';
import type { PassReport, RatingPass } from './rating-loop.js';

const NOTHING: PassReport = { claimed: 0, more: false, rated: 0, unrated: 0, setAside: [] };

/** The passes of one process over one database. Keeps the compiled price book between them. */
export function ratingPasses(db: Database, options: PostOptions = {}): RatingPass {
  let loaded: LoadedPriceBook | null = null;

  const currentBooks = async (): Promise<PriceBooks> => {
    if (loaded !== null && loaded.revision === (await priceBookRevision(db))) return loaded.books;
    const fresh = await loadPriceBook(db);
    await reopenUnrated(db, fresh.books);
    loaded = fresh;
    return fresh.books;
  };

  return async () => {
    const prices = { books: await currentBooks(), storeDerived: storeDerivedPrices };
    // Most looks find nothing: one small query instead of a transaction.
    return (await hasPending(db)) ? postBatch(db, prices, options) : NOTHING;
  };
}
