// What becomes of a line that is given back to be kept for a reconnect. Nobody can tell who comes back from who comes anew: a
// key is all that they show. So while other tenants wait, a line is kept only where a call was really under way, and for who
// comes from its end on; of those who were in line before, everybody is as good as the next.
import type { Line } from './line-register.js';
import type { Waiter, WaitingQueue } from './waiting-queue.js';

/** A session younger than this that breaks off while others wait is as much a new call as theirs. */
export const KEEP_AGE_MS_MIN = 60_000;
/** The same for a session that came by its line as a reconnect: a chain of them must not pass others by for ever. */
export const KEEP_AGAIN_AGE_MS_MIN = 15 * 60_000;

/** Free for whoever is owed it, kept for who comes back, or at once a call's that is back already. */
export type KeptFate = 'free' | 'kept' | Waiter;

/** What becomes of the line. */
export function fateOfKept(line: Line, queue: WaitingQueue, nowMs: number): KeptFate {
  const { place } = line.lease;
  const isWanted = queue.ofPool(place.poolId).some(({ caller }) => caller.place.tenantId !== place.tenantId);
  const ageMsMin = line.isInherited ? KEEP_AGAIN_AGE_MS_MIN : KEEP_AGE_MS_MIN;
  if (isWanted && nowMs - line.sinceMs < ageMsMin) return 'free';
  // Who broke off may have come back before its old connection was settled: then its call is in line already.
  const inLine = queue.at(place);
  return inLine.find(({ comesBack }) => comesBack) ?? (isWanted ? undefined : inLine[0]) ?? 'kept';
}
