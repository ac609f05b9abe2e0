// Whether more sessions are open upstream than was ever allowed. For every line it keeps when it was given and under which
// caps; of the sessions that are open, the one whose line was given last must have been within its caps with all others.
// So a cap that is lowered holds for whom it lets in, and not for those who are in.
//
// Two kinds of sessions are not counted, for admission does not promise them: a failover lost the write that gave them
// their line (until the store knows them again), and a replica that is cut off keeps its calls by policy after their lines
// lapsed. All else is counted, whatever breaks.
import type { Lease, Place } from '@trunkline/admission';
import type { Arrivals, LinesThen } from './arrivals.js';
import type { RefereeParts } from './referee-parts.js';
import type { Rules } from './rules.js';
import type { StepRun } from './step-run.js';
import type { OpenSession } from './upstream.js';
import { Violation } from './violation.js';

/** How a line came to be. */
interface Origin {
  /** Rises with every line that is given. */
  readonly order: number;
  readonly caps: readonly (number | null)[];
}

// Of key, tenant, pool and family; the rest are ceilings of shares.
const CAPS_BUT_CEILINGS = 4;

/** The lines that were given, and the sessions on them. */
export class CapLedger {
  readonly #origins = new Map<string, Origin>();
  /** Leases by their fences. */
  readonly #byFence = new Map<number, Lease>();
  /** Sessions whose line the store does not know, by no fault of its rules. */
  readonly #excused = new Set<string>();
  /** Sessions whose line the store believes to be older than it is. */
  readonly #shaky = new Set<string>();
  #order = 0;

  constructor(
    private readonly rules: Rules,
    private readonly openSessions: RefereeParts['openSessions'],
    private readonly mayOutlive: RefereeParts['mayOutlive'],
  ) {}

  /** The caps under which the line was given. */
  capsOf(lease: Lease): readonly (number | null)[] {
    return this.#origins.get(keyOf(lease))?.caps ?? [];
  }

  stepped({ step, board, memory, nowMs }: StepRun, { granted, reregistered, takenOver }: Arrivals): void {
    const came = memory.isClosed(nowMs) ? granted : [...reregistered, ...granted];
    for (const lease of came) {
      const caps = this.rules.capsOf(lease, memory.planOf(lease.place.poolId) ?? lease.plan);
      // A living session is worth more than a ceiling within a pool, but not more than a cap.
      const judged = granted.includes(lease) ? caps : caps.slice(0, CAPS_BUT_CEILINGS);
      this.#origins.set(keyOf(lease), { order: ++this.#order, caps: judged });
      this.#byFence.set(lease.fence, lease);
      this.#excused.delete(keyOf(lease));
    }
    if (takenOver) this.#inherit(takenOver);
    if (step.kind === 'renew' || step.kind === 'confirm')
      for (const { sessionId, token } of step.callers)
        if (board.lines.get(sessionId)?.state === 'confirmed') this.#shaky.delete(`${sessionId} ${token}`);
    // A line that is given is not dialled yet; one that comes back is.
    for (const lease of reregistered) this.#assertWithin(lease.place);
  }

  /** Lines lapsed. */
  lapsed(before: LinesThen, unlapsed: LinesThen, after: LinesThen): void {
    for (const [sessionId, { lease }] of before)
      if (
        !unlapsed.has(sessionId) &&
        after.get(sessionId)?.lease.token !== lease.token &&
        this.#shaky.delete(keyOf(lease))
      )
        this.#excused.add(keyOf(lease));
    for (const session of this.openSessions()) {
      const { lease } = session;
      if (after.get(lease.sessionId)?.lease.token !== lease.token && this.mayOutlive(session))
        this.#excused.add(keyOf(lease));
    }
  }

  /** A session was dialled. */
  opened(session: OpenSession, lines: LinesThen): void {
    this.#inheritLent(session.lease);
    this.lapsed(lines, lines, lines);
    this.#assertWithin(session.lease.place);
  }

  /** The store forgot everything: it is closed until it knows the living again. */
  forgot(): void {
    this.#shaky.clear();
  }

  /** A copy took over. */
  restored(was: LinesThen, is: LinesThen): void {
    for (const [sessionId, { lease, state, expiresAtMs }] of was) {
      const copy = is.get(sessionId);
      if (copy?.lease.token !== lease.token) this.#excused.add(keyOf(lease));
      else if (copy.state !== state || copy.expiresAtMs < expiresAtMs) this.#shaky.add(keyOf(lease));
    }
  }

  // A line that changes hands without being free between them was given when the first one got it.
  #inherit({ lease, from }: { readonly lease: Lease; readonly from: Lease }): void {
    const origin = this.#origins.get(keyOf(from));
    if (origin) this.#origins.set(keyOf(lease), origin);
    this.#byFence.set(lease.fence, lease);
    if (this.#excused.has(keyOf(from))) this.#excused.add(keyOf(lease));
  }

  // A line that was lent without the store has the fence after that of the line that it is.
  #inheritLent(lease: Lease): void {
    const from = this.#origins.has(keyOf(lease)) ? undefined : this.#byFence.get(lease.fence - 1);
    if (from) this.#inherit({ lease, from });
  }

  #assertWithin(place: Place): void {
    this.rules.scopesOf(place).forEach((name, i) => {
      let [open, last]: [number, Origin | null] = [0, null];
      for (const { lease } of this.openSessions()) {
        if (this.rules.scopesOf(lease.place)[i] !== name || this.#excused.has(keyOf(lease))) continue;
        open += 1;
        const origin = this.#origins.get(keyOf(lease));
        if (origin && (last === null || origin.order > last.order)) last = origin;
      }
      const cap = last?.caps[i] ?? null;
      if (cap !== null && open > cap)
        throw new Violation('cap', `${open} sessions of ${name} are open upstream, above the cap of ${cap}`);
    });
  }
}

function keyOf({ sessionId, token }: Pick<Lease, 'sessionId' | 'token'>): string {
  return `${sessionId} ${token}`;
}
