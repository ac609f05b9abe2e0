// Brings unrated usage back into the queue once its model has prices. Run it whenever the price book has changed: an event
// that still misses a price goes back to unrated with the next batch, so asking once too often costs time, never money.
import { vendorNamed } from '@trunkline/kernel';
import { numberText, type Queryable } from '@trunkline/platform/database';
import type { PriceBooks } from '@trunkline/rating';
import { z } from 'zod';

const waitingRow = z.object({ vendor: z.string(), model: z.string(), latestMs: numberText });

/** Puts unrated events of models that their vendor's list knows back to pending. @returns how many. */
export async function reopenUnrated(db: Queryable, books: PriceBooks): Promise<number> {
  const rows = await db.$queryRaw`
    SELECT vendor, model, (extract(epoch FROM max(occurred_at)) * 1000)::bigint::text AS "latestMs"
      FROM usage_event WHERE rating_state = 'unrated' GROUP BY vendor, model`;
  const known = z
    .array(waitingRow)
    .parse(rows)
    .filter(({ vendor, model, latestMs }) => {
      const listed = vendorNamed(vendor);
      return listed !== null && books.listOf(listed).resolve(model, latestMs) !== null;
    });
  if (known.length === 0) return 0;
  const [vendors, models] = [known.map(({ vendor }) => vendor), known.map(({ model }) => model)];
  return db.$executeRaw`
    UPDATE usage_event SET rating_state = 'pending'
     WHERE rating_state = 'unrated'
       AND (vendor, model) IN (SELECT * FROM unnest(${vendors}::text[], ${models}::text[]))`;
}
