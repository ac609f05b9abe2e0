// Calls that nobody made, for a what-if without a record: they come by chance (Poisson) at a rate that goes up and down
// with the day, last by chance (exponential), and are spread evenly over the tenants. The same seed gives the same calls.

/** Whose call. */
export interface Caller {
  readonly tenantId: string;
  readonly keyId: string;
  readonly family: string;
}

/** A call that asks for a line. */
export interface Call extends Caller {
  /** Unix milliseconds. */
  readonly atMs: number;
  readonly durationMs: number;
}

/** What to make up. */
export interface GeneratedTerms {
  /** On the average over a day; at its busiest 1.8 times as many, at its quietest 0.2. */
  readonly callsPerHour: number;
  /** Milliseconds. */
  readonly meanMs: number;
  readonly fromMs: number;
  readonly days: number;
  readonly seed: number;
  /** At least one. */
  readonly callers: readonly Caller[];
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const SWING = 0.8;
// The busiest moment of the day, UTC.
const PEAK_HOUR = 14;

/** The calls, by time. */
export function generatedCalls(terms: GeneratedTerms): readonly Call[] {
  const { fromMs, days, meanMs, callers } = terms;
  const random = chance(terms.seed);
  const busiest = terms.callsPerHour * (1 + SWING);
  const calls: Call[] = [];
  let atMs = fromMs;
  for (;;) {
    // Thinning: calls at the busiest rate, of which quieter hours keep a part.
    atMs += exponential(random, HOUR_MS / busiest);
    if (atMs >= fromMs + days * DAY_MS) return calls;
    const isKept = random() * (1 + SWING) < rateAt(atMs);
    const caller = callers[Math.floor(random() * callers.length)];
    const durationMs = Math.max(1, Math.round(exponential(random, meanMs)));
    if (isKept && caller) calls.push({ ...caller, atMs: Math.floor(atMs), durationMs });
  }
}

/** Relative to the average of the day. */
function rateAt(atMs: number): number {
  return 1 + SWING * Math.cos((2 * Math.PI * (atMs - PEAK_HOUR * HOUR_MS)) / DAY_MS);
}

function exponential(random: () => number, mean: number): number {
  return -Math.log(1 - random()) * mean;
}

/** Mulberry32: small, well spread, the same everywhere. Uniform in [0, 1). */
function chance(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
