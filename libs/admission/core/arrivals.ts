// Arrivals of calls, for asking what another configuration would have done, and a week of them made up from calls per
// hour. Deterministic: the same seed gives the same week. Streams: a week is never in memory as a whole. What would become
// of the calls is for `what-if.ts`.
import type { ApiKeyId, TenantId } from '@trunkline/kernel';

/** A call that asks for a line. */
export interface Arrival {
  /** Unix milliseconds. */
  readonly atMs: number;
  readonly tenantId: TenantId;
  readonly keyId: ApiKeyId;
  /** The model family that it counts under. */
  readonly family: string;
  /** How long its session lasts once it has a line. */
  readonly lastsMs: number;
  /** How long it would stand in line; 0: not at all. */
  readonly waitMs: number;
  /** What its app asked for, where that decides which pools may carry it. */
  readonly model?: string;
  /** Its client goes away when it has stood in line for so long. */
  readonly patienceMs?: number;
  /** It was refused when it was recorded. */
  readonly wasRefused?: boolean;
}

/** A tenant's traffic, for making up a week. */
export interface Traffic {
  readonly tenantId: TenantId;
  readonly keyId: ApiKeyId;
  readonly family: string;
  /** In the busiest hour of a working day. */
  readonly callsPerHour: number;
  /** How long a call lasts on average; single ones are spread exponentially. */
  readonly meanMs: number;
  readonly waitMs: number;
}

/** A week to make up. */
export interface MadeUpWeek {
  readonly seed: number;
  /** Unix milliseconds; the shape of a day is by UTC. */
  readonly fromMs: number;
  /** 7 unless said otherwise. */
  readonly days?: number;
  readonly traffic: readonly Traffic[];
}

/** Where a week begins that nobody asks for at a certain time: a Monday, 0:00 UTC, so that a seed means the same calls for ever. */
export const MADE_UP_FROM_MS = Date.UTC(2026, 0, 5);

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
// Parts of the busiest hour by hour of the day: two humps with a lunch between them, and a little at night. A support
// line's week looks so; whoever has another one replays a recorded week.
const WORKING_DAY = [2, 1, 1, 1, 2, 5, 15, 40, 75, 100, 100, 90, 65, 85, 95, 90, 75, 50, 30, 20, 14, 9, 5, 3];
const WEEKEND_PART = 0.15;
// 1 January 1970 was a Thursday; days of the week are counted from Monday.
const EPOCH_WEEKDAY = 3;

/**
 * Calls of all tenants in order of time. They come independently of each other (Poisson), more or fewer by the hour.
 */
export function* madeUpArrivals({ seed, fromMs, days = 7, traffic }: MadeUpWeek): Generator<Arrival> {
  const random = seededRandom(seed);
  const perHour = traffic.reduce((sum, { callsPerHour }) => sum + callsPerHour, 0);
  if (perHour <= 0) return;
  const exponential = (mean: number): number => -mean * Math.log(1 - random());
  // Candidates at the rate of the busiest hour, of which each hour keeps its part.
  for (let atMs = fromMs + exponential(HOUR_MS / perHour); atMs < fromMs + days * DAY_MS;) {
    const caller = drawn(traffic, random() * perHour);
    if (random() < busyness(atMs)) {
      const { tenantId, keyId, family, meanMs, waitMs } = caller;
      const lastsMs = Math.ceil(exponential(meanMs));
      yield { atMs: Math.floor(atMs), tenantId, keyId, family, lastsMs, waitMs };
    }
    atMs += exponential(HOUR_MS / perHour);
  }
}

/** How busy it is then, as a part of the busiest hour of a week. */
export function busyness(atMs: number): number {
  const weekday = (Math.floor(atMs / DAY_MS) + EPOCH_WEEKDAY) % 7;
  const hour = Math.floor((atMs % DAY_MS) / HOUR_MS);
  return ((WORKING_DAY[hour] ?? 0) / 100) * (weekday < 5 ? 1 : WEEKEND_PART);
}

/** Numbers in [0, 1) that the seed decides (mulberry32: five lines, where a package would bring a framework). */
export function seededRandom(seed: number): () => number {
  // Neighbouring seeds must not begin alike.
  let state = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  for (let i = 0; i < 3; i++) next();
  return next;
}

// Whose share of all calls the point falls into.
function drawn(traffic: readonly Traffic[], point: number): Traffic {
  let rest = point;
  for (const each of traffic) {
    rest -= each.callsPerHour;
    if (rest < 0) return each;
  }
  const last = traffic.at(-1);
  if (!last) throw new RangeError('there is no traffic to draw from');
  return last;
}
