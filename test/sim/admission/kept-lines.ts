// Which lines may be kept for a reconnect, once more, written from ADR 026: while other tenants wait for the pool, only the
// line of a session that had it for a minute, or for a quarter of an hour where it was itself taken over. It then goes to who
// counts on it, or is kept; where nobody else waits, also to the first call in line that asks for just this place.
import { isSamePlace, type Switchboard } from '@trunkline/admission';
import type { Arrivals, LinesThen, LineThen, WaitersThen } from './arrivals.js';
import type { StepRun } from './step-run.js';
import { Violation } from './violation.js';

interface Origin {
  readonly sinceMs: number;
  readonly isTakenOver: boolean;
}

/** A step and what it did. */
export interface KeptChange {
  readonly run: StepRun;
  /** As it was, but for what has lapsed. */
  readonly before: LinesThen;
  readonly after: LinesThen;
  /** Who stood in line before. */
  readonly waiting: WaitersThen;
  readonly arrivals: Arrivals;
}

const AGE_MS_MIN = 60_000;
const AGE_AGAIN_MS_MIN = 15 * 60_000;

/** Kept lines of one store. */
export class KeptLines {
  readonly #origins = new Map<string, Origin>();

  /** @param waiterMs after which a call that nobody attends to is out of line. */
  constructor(private readonly waiterMs: number) {}

  stepped(change: KeptChange): void {
    this.#judge(change);
    const { run, after, arrivals } = change;
    const { granted, reregistered, takenOver } = arrivals;
    for (const lease of granted) this.#origins.set(keyOf(lease), { sinceMs: run.nowMs, isTakenOver: false });
    // Its fence is all that tells when a line was given that the store does not know any more.
    for (const lease of reregistered) {
      const sinceMs = Math.min(run.nowMs, Math.floor(lease.fence / 1_000));
      this.#origins.set(keyOf(lease), { sinceMs, isTakenOver: false });
    }
    if (!takenOver) return;
    const own =
      takenOver.from.sessionId === takenOver.lease.sessionId ? this.#origins.get(keyOf(takenOver.from)) : null;
    if (after.has(takenOver.lease.sessionId))
      this.#origins.set(keyOf(takenOver.lease), own ?? { sinceMs: run.nowMs, isTakenOver: true });
  }

  /** A copy took over, whose lines are as the log tells. */
  restored({ lines }: Switchboard): void {
    for (const { lease, sinceMs, isInherited } of lines.all())
      this.#origins.set(keyOf(lease), { sinceMs, isTakenOver: isInherited });
  }

  #judge({ run, before, after, waiting }: KeptChange): void {
    const { step, nowMs } = run;
    const [caller] = step.callers;
    const line = caller && before.get(caller.sessionId);
    const isAsked = step.kind === 'release' && (step.keepMs ?? 0) > 0;
    if (!line || !isAsked || line.state !== 'confirmed' || line.lease.token !== caller.token) return;
    const { sessionId } = line.lease;
    const isKept = after.get(sessionId)?.state === 'kept';
    const should = this.#shouldKeep(line, waiting, nowMs);
    if (isKept === should) return;
    throw new Violation('kept', `the line of ${sessionId} is ${isKept ? '' : 'not '}kept for a reconnect`);
  }

  #shouldKeep({ lease }: LineThen, waiting: WaitersThen, nowMs: number): boolean {
    const inPool = [...waiting.values()]
      .flat()
      .filter(({ caller, seenMs }) => caller.place.poolId === lease.place.poolId && nowMs - seenMs < this.waiterMs);
    const isWanted = inPool.some(({ caller }) => caller.place.tenantId !== lease.place.tenantId);
    const ofPlace = inPool.filter(({ caller }) => isSamePlace(caller.place, lease.place));
    if (!isWanted) return ofPlace.length === 0;
    if (ofPlace.some(({ comesBack }) => comesBack)) return false;
    const origin = this.#origins.get(keyOf(lease));
    if (!origin) throw new Violation('line from nowhere', `nobody knows since when ${lease.sessionId} has its line`);
    return nowMs - origin.sinceMs >= (origin.isTakenOver ? AGE_AGAIN_MS_MIN : AGE_MS_MIN);
  }
}

function keyOf({ sessionId, token }: LineThen['lease']): string {
  return `${sessionId} ${token}`;
}
