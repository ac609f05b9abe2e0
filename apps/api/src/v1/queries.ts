// What may stand in the query of a report. Times are UTC; a day counts from its midnight.
import { COST_DIMENSIONS, type CostDimension } from '@trunkline/ledger/adapters/prisma';
import { z } from 'zod';
import { daysBefore, utcDay } from '../reads/utc-day.js';

// Longer reports are for exports.
const RANGE_DAYS_MAX = 400;
const RANGE_DAYS_DEFAULT = 30;
const SESSIONS_MAX = 1_000;

const INSTANT = 'must be a time such as 2026-11-21 or 2026-11-21T12:00:00Z';
const instant = z
  .union([z.iso.date(), z.iso.datetime({ offset: true })], INSTANT)
  .transform((text) => Date.parse(text))
  .optional();

/** From (inclusive) and to (exclusive); the last 30 days and today where they are not given. */
const range = { from: instant, to: instant };

const LIST = `must be one or more of ${COST_DIMENSIONS.join(',')}, each once, separated by commas`;
const by = z
  .string(LIST)
  .transform((text) => text.split(','))
  .pipe(z.array(z.enum(COST_DIMENSIONS, LIST)).refine((names) => new Set(names).size === names.length, LIST));

/** `/sessions`: how many rows at most. */
export const SessionsQuery = z.strictObject({
  limit: z
    .string()
    .regex(/^[1-9]\d{0,3}$/, `must be a whole number from 1 to ${SESSIONS_MAX}`)
    .transform(Number)
    .refine((limit) => limit <= SESSIONS_MAX, `must be a whole number from 1 to ${SESSIONS_MAX}`)
    .prefault('200'),
});

/** A range of time, Unix milliseconds. */
interface Range {
  readonly fromMs: number;
  readonly toMs: number;
}

/** A range, for the document. */
export const RangeQuery = z.strictObject(range);

/** What `/costs` takes, for the document. */
export const CostsQuery = z.strictObject({ ...range, by: by.prefault('tenant,model') });

/** `/usage`. `nowMs` is what the default range ends with. */
export function usageQuery(nowMs: number) {
  return z.strictObject(range).transform((query, context): Range => rangeOf(query, nowMs, context));
}

/** `/costs`. */
export function costsQuery(nowMs: number) {
  return z
    .strictObject({ ...range, by: by.prefault('tenant,model') })
    .transform((query, context): Range & { readonly by: readonly CostDimension[] } => ({
      ...rangeOf(query, nowMs, context),
      by: query.by,
    }));
}

function rangeOf(
  { from, to }: { readonly from?: number | undefined; readonly to?: number | undefined },
  nowMs: number,
  context: z.RefinementCtx,
): Range {
  const toMs = to ?? utcDay(nowMs).toMs;
  const fromMs = from ?? daysBefore(toMs, RANGE_DAYS_DEFAULT);
  const refuse = (message: string) => context.addIssue({ code: 'custom', path: ['from'], message });
  if (fromMs >= toMs) refuse('must be before to');
  else if (fromMs < daysBefore(toMs, RANGE_DAYS_MAX)) refuse(`must be at most ${RANGE_DAYS_MAX} days before to`);
  return { fromMs, toMs };
}
