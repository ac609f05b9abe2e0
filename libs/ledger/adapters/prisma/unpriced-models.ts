// Models whose usage waits for a price, for whoever is to import one. Of the whole system: prices are the company's.
import { numberText, type Queryable } from '@trunkline/platform/database';
import { z } from 'zod';

/** A model, as the vendor calls it. */
export interface UnpricedModel {
  readonly model: string;
  /** Usage events that wait. */
  readonly events: number;
}

const MODELS_MAX = 100;

/** Those with the most events first, a hundred at most. Reads a partial index. */
export async function unpricedModels(db: Queryable): Promise<readonly UnpricedModel[]> {
  const rows = await db.$queryRaw`
    SELECT model, count(*)::text AS events FROM usage_event WHERE rating_state = 'unrated'
     GROUP BY model ORDER BY count(*) DESC, model LIMIT ${MODELS_MAX}`;
  return z.array(z.object({ model: z.string(), events: numberText })).parse(rows);
}
