// What may stand in the query of `/usage/rollup`. Times are UTC; a day counts from its midnight.
import {
  checkRollupQuery,
  ROLLUP_BUCKETS,
  ROLLUP_DIMENSIONS,
  type RollupDimension,
  type RollupQuery,
} from '@trunkline/reporting';
import { z } from 'zod';
import { daysBefore, utcDay } from '../reads/utc-day.js';

const DAYS_DEFAULT = 30;
const VALUES_MAX = 100;
const VALUE_CHARS_MAX = 200;

const INSTANT = 'must be a time such as 2026-11-21 or 2026-11-21T12:00:00Z';
const instant = z
  .union([z.iso.date(), z.iso.datetime({ offset: true })], INSTANT)
  .transform((text) => Date.parse(text))
  .optional();

const BY = `must be of ${ROLLUP_DIMENSIONS.join(',')}, each once, separated by commas`;
const by = z
  .string(BY)
  .transform((text) => text.split(','))
  .pipe(z.array(z.enum(ROLLUP_DIMENSIONS, BY)).refine((names) => new Set(names).size === names.length, BY))
  .optional();

const VALUES = `must be 1 to ${VALUES_MAX} values, separated by commas`;
const values = z
  .string(VALUES)
  .transform((text) => text.split(','))
  .refine(
    (list) => list.length <= VALUES_MAX && list.every((one) => one !== '' && one.length <= VALUE_CHARS_MAX),
    VALUES,
  )
  .optional();

const BUCKET = `must be one of ${ROLLUP_BUCKETS.join(', ')}`;
const shape = z.strictObject({
  from: instant,
  to: instant,
  bucket: z.enum(ROLLUP_BUCKETS, BUCKET).prefault('day'),
  by,
  tenant: values,
  key: values,
  pool: values,
  model: values,
  modality: values,
  direction: values,
  cache: values,
  meter: values,
  evidence: values,
} satisfies Readonly<Record<RollupDimension | 'from' | 'to' | 'bucket' | 'by', z.ZodType>>);

/** `/usage/rollup`. `nowMs` is what the default range ends with: 30 days and today, in days. */
export function rollupQuery(nowMs: number) {
  return shape.transform((query, context): RollupQuery => {
    const toMs = query.to ?? utcDay(nowMs).toMs;
    const fromMs = query.from ?? daysBefore(toMs, DAYS_DEFAULT);
    const where = Object.fromEntries(
      ROLLUP_DIMENSIONS.flatMap((name) => (query[name] === undefined ? [] : [[name, query[name]]])),
    );
    const checked = checkRollupQuery({ fromMs, toMs, bucket: query.bucket, by: query.by ?? [], where });
    if (checked.ok) return checked.value;
    context.addIssue({ code: 'custom', path: [checked.error.parameter], message: checked.error.message });
    return z.NEVER;
  });
}
