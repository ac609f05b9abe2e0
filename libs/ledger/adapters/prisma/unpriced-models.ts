// Models whose usage waits for a price, for whoever is to import one. Of the whole system: prices are the company's.
import { numberText, type Queryable } from '@trunkline/platform/database';
import { z } from 'zod';

/** A model, as its vendor calls it: another vendor's of the same name has a price of its own. */
export interface UnpricedModel {
  readonly vendor: string;
  readonly model: string;
  /** Usage events that wait. */
  readonly events: number;
}

const MODELS_MAX = 100;

/** Those with the most events first, a hundred at most. Reads a partial index. */
export async function unpricedModels(db: Queryable): Promise<readonly UnpricedModel[]> {
  const rows = await db.$queryRaw`
    SELECT vendor, model, count(*)::text AS events FROM usage_event WHERE rating_state = 'unrated'
     GROUP BY vendor, model ORDER BY count(*) DESC, vendor, model LIMIT ${MODELS_MAX}`;
  return z.array(z.object({ vendor: z.string(), model: z.string(), events: numberText })).parse(rows);
}
