// What a step did to the lines, found from how they stood before and after it: which were given to whom, which changed
// hands without coming free, and which living sessions took back.
import { inEachPool, isSamePlace, type Lease, type LeaseState, type Switchboard } from '@trunkline/admission';
import type { SessionId } from '@trunkline/kernel';
import type { Step } from './step.js';
import { Violation } from './violation.js';

/** A line as it stood after a step. */
export interface LineThen {
  readonly lease: Lease;
  readonly state: LeaseState;
  readonly expiresAtMs: number;
}

/** Lines by session, as they stood after a step. */
export type LinesThen = ReadonlyMap<SessionId, LineThen>;

/** A call in the line of a pool. */
export type Waiter = ReturnType<Switchboard['queue']['get']>[number];

/** Calls in line by session, each with its places: one a pool. */
export type WaitersThen = ReadonlyMap<SessionId, readonly Waiter[]>;

/** The lines that came in a step, by how they came. */
export interface Arrivals {
  /** In the order in which they were given. */
  readonly granted: readonly Lease[];
  readonly reregistered: readonly Lease[];
  /** A line that changed hands without being free between them. */
  readonly takenOver: Passed | null;
}

interface Passed {
  readonly lease: Lease;
  readonly from: Lease;
}

/** What is to be compared. */
export interface Change {
  readonly step: Step;
  /** As it was, but for what has lapsed. */
  readonly before: LinesThen;
  readonly after: LinesThen;
  /** Who stood in line before. */
  readonly waiting: WaitersThen;
}

/** The lines of the board. */
export function linesOf({ lines }: Switchboard): LinesThen {
  const then = new Map<SessionId, LineThen>();
  for (const { lease, state, expiresAtMs } of lines.all()) then.set(lease.sessionId, { lease, state, expiresAtMs });
  return then;
}

/** Who stands in line. */
export function waitersOf({ queue }: Switchboard): WaitersThen {
  return new Map(
    [...queue.calls()].flatMap((waiters) => waiters.slice(0, 1).map(({ caller }) => [caller.sessionId, waiters])),
  );
}

/** How lines came. @throws Violation for one that nobody asked for. */
export function arrivalsOf(change: Change): Arrivals {
  const { step, before, after, waiting } = change;
  const granted: Lease[] = [];
  const reregistered: Lease[] = [];
  const passed = takeOver(change);
  for (const [sessionId, { lease }] of after) {
    const was = before.get(sessionId)?.lease;
    if (lease === passed?.lease || (was?.token === lease.token && was.fence === lease.fence)) continue;
    const isOfStep = step.callers.some((caller) => caller.sessionId === sessionId && caller.token === lease.token);
    if (step.kind === 'reregister' && isOfStep) reregistered.push(lease);
    else if (waiting.has(sessionId) || (step.kind === 'acquire' && isOfStep)) granted.push(lease);
    else throw new Violation('line from nowhere', `${sessionId} has a line that nobody gave it, at ${step.kind}`);
  }
  return { granted: granted.sort((a, b) => a.fence - b.fence), reregistered, takenOver: passed };
}

/**
 * The line that an acquisition takes over: its session's own, or of the first of its places that has any the kept one that
 * lapses first.
 */
export function takenBy(caller: Step['callers'][number] | undefined, before: LinesThen): Lease | null {
  if (!caller) return null;
  const own = before.get(caller.sessionId);
  if (own) return own.lease;
  for (const { place } of inEachPool({ otherPools: [], ...caller })) {
    const kept = [...before.values()].filter(({ state, lease }) => state === 'kept' && isSamePlace(lease.place, place));
    kept.sort((a, b) => a.expiresAtMs - b.expiresAtMs || (a.lease.sessionId < b.lease.sessionId ? -1 : 1));
    if (kept[0]) return kept[0].lease;
  }
  return null;
}

function takeOver({ step, before, after, waiting }: Change): Passed | null {
  const [caller] = step.callers;
  if (!caller) return null;
  if (step.kind === 'acquire') {
    const [from, line] = [takenBy(caller, before), after.get(caller.sessionId)];
    return from && line?.lease.token === caller.token && line.lease.fence !== from.fence
      ? { lease: line.lease, from }
      : null;
  }
  // Who broke off may be back, and in line, before its old line is given back to be kept: then it has that line at once; where
  // other tenants wait, only who came while the line was being settled.
  const from = before.get(caller.sessionId);
  const isKept = step.kind === 'release' && (step.keepMs ?? 0) > 0 && from?.state === 'confirmed';
  if (!isKept || after.has(caller.sessionId)) return null;
  const { poolId, tenantId } = from.lease.place;
  const places = [...waiting.values()].flat();
  const isWanted = places.some(({ caller: { place } }) => place.poolId === poolId && place.tenantId !== tenantId);
  const back = places
    .filter(({ caller, comesBack }) => isSamePlace(caller.place, from.lease.place) && (comesBack || !isWanted))
    .sort((a, b) => Number(b.comesBack) - Number(a.comesBack));
  for (const { caller } of back) {
    const line = after.get(caller.sessionId);
    if (line) return { lease: line.lease, from: from.lease };
  }
  return null;
}
