// One open session as the rest of the gateway sees it, and the bounded list of all of them. The list is the only place
// that ends sessions for a reason from outside (revocation, drain, a journal that cannot take more).
import type { ApiKeyId, PoolId, SessionId, TenantId } from '@trunkline/kernel';
import type { Lease } from '@trunkline/admission';
import type { SessionObserver } from '@trunkline/providers';
import type { EndCause, Session } from '@trunkline/realtime';
import type { Principal } from '@trunkline/tenancy';
import type { SessionGating } from './gate/session-gating.js';
import type { LastWord } from './last-word.js';
import type { UsageEvent } from '@trunkline/metering';
import type { OwedReports } from './owed-reports.js';
import type { SessionBill } from './session-bill.js';
import type { SessionOwed } from './session-owed.js';
import type { TurnBudget } from './turn-budget.js';

/** An admitted, connected session. */
export interface LiveSession {
  readonly id: SessionId;
  readonly principal: Principal;
  readonly tenantId: TenantId;
  readonly keyId: ApiKeyId;
  /** Keyed hash of the app's end user; null where it names none. */
  readonly endUser: string | null;
  readonly poolId: PoolId;
  readonly model: string;
  /** Unix milliseconds. */
  readonly openedAtMs: number;
  readonly relay: Session;
  /** The line that it holds. */
  readonly lease: Lease;
  readonly lastWord: LastWord;
  readonly observer: SessionObserver;
  /** For waiting until nothing is owed; and what is. */
  readonly owed: OwedReports;
  readonly unreported: SessionOwed;
  /** Takes a durable usage event into the bill, the budget and the metrics. */
  readonly metered: (event: UsageEvent) => void;
  readonly bill: SessionBill;
  readonly budget: TurnBudget;
  /** Who judges what passes, if anybody does. */
  readonly gating: SessionGating;
}

/** Why sessions should end from outside, asked for each of them; null leaves it alone. */
export type EndWhen = (session: LiveSession) => EndCause | null;

// One process relays some thousands of sessions at most (docs/performance.md); this bound is a last defence for memory
// where no cap was configured, not a limit that anybody should meet.
const SESSIONS_MAX = 20_000;

/** The sessions of this process. */
export class LiveSessions {
  private readonly sessions = new Map<SessionId, LiveSession>();
  private readonly waiting = new Set<() => void>();
  private arriving = 0;

  get size(): number {
    return this.sessions.size;
  }

  /** False when the process holds as many sessions as it can bear. */
  hasRoom(): boolean {
    return this.sessions.size < SESSIONS_MAX;
  }

  /** Counts a call that may yet become a session. Call what it returns, once, when that is decided. */
  arrives(): () => void {
    this.arriving += 1;
    return () => {
      this.arriving -= 1;
      this.tellWhenEmpty();
    };
  }

  add(session: LiveSession): void {
    this.sessions.set(session.id, session);
  }

  /** Forgets a settled session. */
  remove(id: SessionId): void {
    this.sessions.delete(id);
    this.tellWhenEmpty();
  }

  get(id: SessionId): LiveSession | null {
    return this.sessions.get(id) ?? null;
  }

  all(): Iterable<LiveSession> {
    return this.sessions.values();
  }

  /** Ends every session for which `why` names a cause. Settlement follows on its own. */
  endWhere(why: EndWhen): void {
    for (const session of this.sessions.values()) {
      const cause = why(session);
      if (cause) session.relay.end(cause);
    }
  }

  /** Resolves when no session is left and no call is on its way to become one. */
  empty(): Promise<void> {
    if (this.isEmpty()) return Promise.resolve();
    return new Promise((resolve) => {
      const done = () => {
        this.waiting.delete(done);
        resolve();
      };
      this.waiting.add(done);
    });
  }

  private isEmpty(): boolean {
    return this.sessions.size === 0 && this.arriving === 0;
  }

  private tellWhenEmpty(): void {
    if (this.isEmpty()) for (const resolve of this.waiting) resolve();
  }
}
