// Brings unrated usage back into the queue once its model has prices. Run it whenever the price book has changed: an event
// that still misses a price goes back to unrated with the next batch, so asking once too often costs time, never money.
import { numberText, type Queryable } from '@trunkline/platform/database';
import type { PriceBook } from '@trunkline/rating';
import { z } from 'zod';

/** Puts unrated events of models that the book knows back to pending. @returns how many. */
export async function reopenUnrated(db: Queryable, book: PriceBook): Promise<number> {
  const rows = await db.$queryRaw`
    SELECT model, (extract(epoch FROM max(occurred_at)) * 1000)::bigint::text AS "latestMs"
      FROM usage_event WHERE rating_state = 'unrated' GROUP BY model`;
  const waiting = z.array(z.object({ model: z.string(), latestMs: numberText })).parse(rows);
  const known = waiting.filter(({ model, latestMs }) => book.resolve(model, latestMs) !== null);
  if (known.length === 0) return 0;
  return db.$executeRaw`
    UPDATE usage_event SET rating_state = 'pending'
     WHERE rating_state = 'unrated' AND model = ANY(${known.map(({ model }) => model)}::text[])`;
}
