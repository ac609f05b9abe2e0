// Who is owed a line. Guarantees an order that every store finds alike (whole numbers, no chance): below its floor comes
// first, then whoever holds least above its floor for its weight, then whoever asked first. Leaves whether there is room
// to `room.ts`.
//
// Lines are whole and shares are not: a tenant that is owed 0.7 lines must have one for 70 % of the time. So the next line
// of a tenant that holds n above its floor stands at (n + d) / weight, and the smallest number is next, where d moves
// through the interval from 0 to 1, at its own phase for each tenant. What a tenant gets is then its share on the average,
// and never more than a line away from it. A constant d of one half is Webster's method, which rounds once and for ever.

/** Steps of the running d; a power of two, so that the odd stride visits each step once. */
export const PHASES = 1024;
// PHASES by the golden ratio: the steps that were visited so far are spread as evenly as can be, at any moment.
const STRIDE = 633;
// Of a pool without a cap, whose tenants are never in each other's way.
const TURN_LINES = 50;

/** A tenant with a call that waits. */
export interface Contender {
  /** Lines it holds in the pool. */
  readonly held: number;
  readonly floor: number;
  readonly weight: number;
  /** Where its d stands, 0 to `PHASES` - 1. */
  readonly phase: number;
  /** Rises with every call that began to wait. */
  readonly sequence: number;
}

/**
 * The pool's turn, by which all phases move on together. It moves once for every two lines given of each that there is:
 * often enough to even out within minutes, and seldom enough for the lines to follow (a d that moved with every line
 * given would favour whoever waits longest, and that is who is owed least).
 * @param given lines that the pool has given so far.
 */
export function turnOf(plan: { readonly sessionsMax: number | null } | undefined, given: number): number {
  return Math.floor(given / (2 * (plan?.sessionsMax ?? TURN_LINES)));
}

/** Where a tenant's d stands in that turn. */
export function phaseOf(tenantId: string, turn: number): number {
  let own = 0;
  for (const byte of Buffer.from(tenantId)) own = (own * 31 + byte) % PHASES;
  return (own + (turn % PHASES) * STRIDE) % PHASES;
}

/** Whether `a` is owed the next line rather than `b`. */
export function isAhead(a: Contender, b: Contender): boolean {
  const [aboveA, aboveB] = [a.held - a.floor, b.held - b.floor];
  const difference =
    aboveA < 0 || aboveB < 0
      ? aboveA - aboveB
      : (PHASES * aboveA + a.phase) * b.weight - (PHASES * aboveB + b.phase) * a.weight;
  return difference === 0 ? a.sequence < b.sequence : difference < 0;
}

/** A tenant's claim on a pool. */
export interface Claim {
  readonly floor: number;
  readonly ceiling: number | null;
  readonly weight: number;
  /** Lines it holds and lines it waits for. */
  readonly demand: number;
}

/**
 * The lines that each claim should have if `lines` were given out anew: everybody its floor as far as it wants it, the
 * rest one by one to whoever is ahead, rounded once (Webster). Sums to at most `lines`; what nobody wants is left over.
 */
export function fairShares(lines: number, claims: readonly Claim[]): readonly number[] {
  const wanted = claims.map(({ demand, ceiling }) => Math.min(demand, ceiling ?? demand));
  const shares = claims.map(() => 0);
  for (let left = lines; left > 0; left -= 1) {
    let next: number | null = null;
    for (let i = 0; i < claims.length; i++) {
      if ((shares[i] ?? 0) >= (wanted[i] ?? 0)) continue;
      if (next === null || isAhead(contender(claims, shares, i), contender(claims, shares, next))) next = i;
    }
    if (next === null) break;
    shares[next] = (shares[next] ?? 0) + 1;
  }
  return shares;
}

function contender(claims: readonly Claim[], shares: readonly number[], i: number): Contender {
  const claim = claims[i];
  const { floor = 0, weight = 1 } = claim ?? {};
  return { held: shares[i] ?? 0, floor, weight, phase: PHASES / 2, sequence: i };
}

/**
 * Lines by weight, as fractions, and none above its maximum: what one leaves goes to the others, as far as they may have it.
 */
export function fairParts(
  lines: number,
  claims: readonly { readonly weight: number; readonly max: number }[],
): number[] {
  const parts = claims.map(() => 0);
  let left = lines;
  let open = claims.map(({ weight, max }, i) => ({ i, weight, max }));
  while (open.length > 0) {
    const weights = open.reduce((sum, { weight }) => sum + weight, 0);
    const perWeight = left / weights;
    const full = open.filter(({ weight, max }) => max <= weight * perWeight);
    if (full.length === 0) {
      for (const { i, weight } of open) parts[i] = weight * perWeight;
      break;
    }
    for (const { i, max } of full) {
      parts[i] = max;
      left -= max;
    }
    open = open.filter(({ weight, max }) => max > weight * perWeight);
  }
  return parts;
}

/**
 * Jain's fairness index of what everybody got relative to what was due: 1 when all got the same part of their due,
 * 1/n when one of n got everything. Shares of zero due are left out.
 */
export function jainIndex(got: readonly { readonly lines: number; readonly due: number }[]): number {
  const parts = got.filter(({ due }) => due > 0).map(({ lines, due }) => lines / due);
  const sum = parts.reduce((total, part) => total + part, 0);
  const squares = parts.reduce((total, part) => total + part * part, 0);
  return squares === 0 ? 1 : (sum * sum) / (parts.length * squares);
}
