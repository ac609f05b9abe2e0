// What administrators may set as a share of a pool. Whether shares can hold together is `check-shares.ts`'s question.
import { z } from 'zod';

// As for caps: what is above is a typing error.
const LINES_MAX = 1_000_000;
const WEIGHT_MAX = 1_000;

/** What each number of a share may be. */
export const SHARE_BOUNDS = {
  floor: { min: 0, max: LINES_MAX },
  ceiling: { min: 1, max: LINES_MAX },
  weight: { min: 1, max: WEIGHT_MAX },
} as const;

const FLOOR_PROBLEM = `floor must be a whole number from 0 to ${LINES_MAX}: the lines held back`;
const CEILING_PROBLEM = `ceiling must be a whole number from 1 to ${LINES_MAX}, or null for none; to let nobody in, suspend the tenant or revoke the key`;
const WEIGHT_PROBLEM = `weight must be a whole number from 1 to ${WEIGHT_MAX}`;

const FloorInput = whole(0, LINES_MAX, FLOOR_PROBLEM);
const CeilingInput = whole(1, LINES_MAX, CEILING_PROBLEM).nullable();

/** A tenant's share; what is not named stays, and is the default where there was no share. */
export const SetShareInput = z.strictObject({
  floor: FloorInput.optional(),
  ceiling: CeilingInput.optional(),
  weight: whole(1, WEIGHT_MAX, WEIGHT_PROBLEM).optional(),
});

/** A key's share of its tenant's lines. */
export const SetKeyShareInput = z.strictObject({ floor: FloorInput.optional(), ceiling: CeilingInput.optional() });

/** What callers pass, before it is checked. */
export type SetShareRequest = z.input<typeof SetShareInput>;
export type SetKeyShareRequest = z.input<typeof SetKeyShareInput>;

function whole(min: number, max: number, problem: string) {
  return z.number(problem).int(problem).min(min, problem).max(max, problem);
}
