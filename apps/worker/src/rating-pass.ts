// One pass over the queue, on the newest prices. A change of the price book brings unrated usage back first, so that an
// import by anybody (CLI, API, a seed) is all it takes.
import { hasPending, postBatch, reopenUnrated, type PostOptions } from '@trunkline/ledger/adapters/prisma';
import type { Database } from '@trunkline/platform/database';
import type { PriceBook, PriceBooks } from '@trunkline/rating';
import { loadPriceBook, priceBookRevision, type LoadedPriceBook } from '@trunkline/rating/adapters/prisma';
import type { PassReport, RatingPass } from './rating-loop.js';

const NOTHING: PassReport = { claimed: 0, more: false, rated: 0, unrated: 0, setAside: [] };

/** The passes of one process over one database. Keeps the compiled price book between them. */
export function ratingPasses(db: Database, options: PostOptions = {}): RatingPass {
  let loaded: LoadedPriceBook | null = null;

  const currentBook = async (): Promise<PriceBook> => {
    if (loaded !== null && loaded.revision === (await priceBookRevision(db))) return loaded.book;
    const fresh = await loadPriceBook(db);
    await reopenUnrated(db, fresh.book);
    loaded = fresh;
    return fresh.book;
  };

  return async () => {
    const book = await currentBook();
    // Most looks find nothing: one small query instead of a transaction.
    return (await hasPending(db)) ? postBatch(db, sameForAll(book), options) : NOTHING;
  };
}

// Tenants are charged the vendor's list until they have price lists of their own.
function sameForAll(book: PriceBook): PriceBooks {
  return { provider_cost: book, tenant_charge: book };
}
