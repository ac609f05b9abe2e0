// How lists are paged: `?limit=` rows after `?after=`, which is `next` of the page before.
import { z } from 'zod';

const ROWS_MAX = 500;
const ROWS = `must be a whole number from 1 to ${ROWS_MAX}`;

/** The parameters of a list that has states. */
export function pageQuery<const States extends readonly [string, ...string[]]>(states: States) {
  return z.strictObject({
    q: z.string().trim().min(1).max(100).optional().meta({ description: 'part of a name, in any case; or an id' }),
    state: z.enum(states, `must be one of ${states.join(', ')}`).optional(),
    after: z.string().min(1).max(200).optional().meta({ description: '`next` of the page before' }),
    limit: z
      .string()
      .regex(/^[1-9]\d{0,2}$/, ROWS)
      .transform(Number)
      .refine((limit) => limit <= ROWS_MAX, ROWS)
      .prefault('100'),
  });
}

/** Where the next page begins; null: this is the last. */
export const Next = z.string().nullable().meta({ description: 'send it as `after` for the next page; null: none' });
