// What may be asked of the rollups, and which of their tables can answer. Guarantees that an accepted question has one
// exact answer: a range that cuts a bucket in two is refused, never rounded. Reading the tables is for the adapter.
import { err, ok, type Result } from '@trunkline/kernel';

/** How time is cut. `total` is the range in one piece. */
export const ROLLUP_BUCKETS = ['hour', 'day', 'month', 'total'] as const;
export type RollupBucket = (typeof ROLLUP_BUCKETS)[number];

/** By what sums are told apart, and what they may be narrowed to. */
export const ROLLUP_DIMENSIONS = [
  'tenant',
  'key',
  'pool',
  'model',
  'modality',
  'direction',
  'cache',
  'meter',
  'evidence',
] as const;
export type RollupDimension = (typeof ROLLUP_DIMENSIONS)[number];

/** A question. */
export interface RollupQuery {
  /** Unix milliseconds, inclusive: at a full hour, or a midnight UTC for days, or the first of a month for months. */
  readonly fromMs: number;
  /** Exclusive. */
  readonly toMs: number;
  readonly bucket: RollupBucket;
  readonly by: readonly RollupDimension[];
  /** Only what has one of these values; all of a dimension that is not named. */
  readonly where: Readonly<Partial<Record<RollupDimension, readonly string[]>>>;
}

/** What a table of sums is computed for. */
export type RollupGrain = 'hour' | 'day' | 'month';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
// A chart has some hundreds of points. Longer ranges are for coarser buckets.
const DAYS_MAX: Readonly<Record<RollupBucket, number>> = { hour: 100, day: 800, month: 4_000, total: 4_000 };

/** The question, or the first thing that is wrong with it: the parameter and what it must be. */
export function checkRollupQuery<Query extends RollupQuery>(
  query: Query,
): Result<Query, { readonly parameter: 'from' | 'to'; readonly message: string }> {
  const { fromMs, toMs, bucket } = query;
  if (!isStart(bucket, fromMs)) return err({ parameter: 'from', message: STARTS[bucket] });
  if (!isStart(bucket, toMs)) return err({ parameter: 'to', message: STARTS[bucket] });
  if (fromMs >= toMs) return err({ parameter: 'from', message: 'must be before to' });
  const days = DAYS_MAX[bucket];
  if (toMs - fromMs > days * DAY_MS)
    return err({ parameter: 'from', message: `must be at most ${days} days before to in buckets of one ${bucket}` });
  return ok(query);
}

/** The coarsest table that cuts time finely enough. */
export function grainOf({ fromMs, toMs, bucket }: RollupQuery): RollupGrain {
  if (bucket !== 'total') return bucket;
  return isStart('day', fromMs) && isStart('day', toMs) ? 'day' : 'hour';
}

/** What has to be told apart at least: each key's sums, each tenant's, or none of either. The less, the fewer rows are read. */
export function scopeOf({ by, where }: RollupQuery): 'keys' | 'tenants' | 'all' {
  const asksFor = (name: RollupDimension): boolean => by.includes(name) || where[name] !== undefined;
  if (asksFor('key')) return 'keys';
  return asksFor('tenant') ? 'tenants' : 'all';
}

/**
 * What `events` counts in the answer: each event once; the events that reported the one meter of the row; or nothing that
 * could be added up, where meters are told apart or left out by what they have in common.
 */
export function eventsCounted({ by, where }: RollupQuery): 'events' | 'readings' | 'nothing' {
  if (by.includes('meter') || where.meter?.length === 1) return 'readings';
  const ofMeters = ['meter', 'modality', 'direction', 'cache'] as const;
  return ofMeters.some((name) => by.includes(name) || where[name] !== undefined) ? 'nothing' : 'events';
}

const STARTS: Readonly<Record<RollupBucket, string>> = {
  hour: 'must be a full hour UTC',
  day: 'must be a midnight UTC',
  month: 'must be the first of a month, at midnight UTC',
  total: 'must be a full hour UTC',
};

function isStart(bucket: RollupBucket, atMs: number): boolean {
  switch (bucket) {
    case 'hour':
    case 'total':
      return atMs % HOUR_MS === 0;
    case 'day':
      return atMs % DAY_MS === 0;
    case 'month':
      return atMs % DAY_MS === 0 && new Date(atMs).getUTCDate() === 1;
  }
}
