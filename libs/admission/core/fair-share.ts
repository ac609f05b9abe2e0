// Who is owed a line. Guarantees an order without ties of chance: below its floor comes first, then whoever holds least
// above its floor for its weight (Webster's rule, which favours neither large nor small), then whoever asked first.
// Whole numbers only, so that every store decides alike. Leaves whether there is room to `room.ts`.

/** A tenant with a call that waits. */
export interface Contender {
  /** Lines it holds in the pool. */
  readonly held: number;
  readonly floor: number;
  readonly weight: number;
  /** Rises with every call that began to wait. */
  readonly sequence: number;
}

/** Whether `a` is owed the next line rather than `b`. */
export function isAhead(a: Contender, b: Contender): boolean {
  const [aboveA, aboveB] = [a.held - a.floor, b.held - b.floor];
  const difference =
    aboveA < 0 || aboveB < 0 ? aboveA - aboveB : (2 * aboveA + 1) * b.weight - (2 * aboveB + 1) * a.weight;
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
 * rest one by one to whoever is ahead. Sums to at most `lines`; what nobody wants is left over.
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
  return { held: shares[i] ?? 0, floor: claim?.floor ?? 0, weight: claim?.weight ?? 1, sequence: i };
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
