// Of the refusals of several pools, the one to go by: that of the pool which is likely to have a line first. Pure, and in
// whole numbers only, so that every store finds the same.
import type { Denial } from './lease-store.js';

// The pool's pace says nothing of a limit of one's own, and a pool that the upstream asked to leave alone is the last to
// hope for.
const RANKS: Readonly<Record<Denial['scope'], number>> = {
  rate: 0,
  pool: 0,
  family: 0,
  key: 1,
  tenant: 1,
  headroom: 2,
};

/** Whether `a` is likelier to end in a line soon than `b`: by what refused, the expected wait, and the place in line. */
export function isLikelier(a: Denial, b: Denial): boolean {
  return before(
    [RANKS[a.scope], a.queue.expectedWaitMs ?? Infinity, a.queue.position],
    [RANKS[b.scope], b.queue.expectedWaitMs ?? Infinity, b.queue.position],
  );
}

function before(a: readonly number[], b: readonly number[]): boolean {
  const i = a.findIndex((value, at) => value !== b[at]);
  return i >= 0 && (a[i] ?? 0) < (b[i] ?? 0);
}
