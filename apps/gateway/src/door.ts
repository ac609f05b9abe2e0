// The door of a gateway process: whether anybody new is let in at all, and who inside is asked to leave because the
// policy changed, the journal is full or the process stops. One timer for all sessions.
import { setTimeout as delay } from 'node:timers/promises';
import { systemClock, type Refusal } from '@trunkline/kernel';
import type { UsageJournal } from '@trunkline/metering';
import { endUserRefusal, stillAllowed, type SnapshotHolder } from '@trunkline/tenancy';
import type { GaugeHandle } from '@trunkline/telemetry/adapters/prom';
import type { IdleLines } from './idle-lines.js';
import type { LiveSession, LiveSessions } from './live-session.js';

/** How long a stopping gateway waits, in milliseconds from the signal. */
export interface DrainTimes {
  /** Sessions go on untouched until here, then each ends at its next turn boundary. */
  readonly softMs: number;
  /** Whatever is still open is ended here. */
  readonly maxMs: number;
}

/** What the door watches. */
export interface DoorParts {
  readonly policy: SnapshotHolder;
  readonly journal: UsageJournal;
  readonly live: LiveSessions;
  readonly idle: IdleLines;
  readonly drainingGauge: GaugeHandle;
}

// With the policy's own refresh (half a second) a revocation is acted on within one second, promised are two.
const SWEEP_MS = 250;

/** Whether anybody new is let in, and the ways in which everybody inside is asked to leave. */
export class Door {
  draining = false;

  private readonly sweep: NodeJS.Timeout;

  constructor(private readonly parts: DoorParts) {
    this.sweep = setInterval(() => {
      this.endForbidden();
      this.endWithoutJournal();
      this.parts.idle.sweep();
      for (const session of this.parts.live.all()) session.unreported.mark();
    }, SWEEP_MS).unref();
  }

  close(): void {
    clearInterval(this.sweep);
  }

  closedBecause(): Refusal | null {
    if (this.draining) {
      return { code: 'draining', message: 'This gateway is restarting. Connect again.', retryAfterMs: 1_000 };
    }
    if (!this.parts.live.hasRoom()) {
      return {
        code: 'internal_error',
        message: 'This gateway holds all the sessions it can. Try again.',
        retryAfterMs: 1_000,
      };
    }
    const pressure = this.parts.journal.pressure();
    if (pressure === 'ok' || pressure === 'warn') return null;
    return {
      code: 'metering_unavailable',
      message: 'Usage cannot be recorded right now, so no session can be opened. Try again in a few minutes.',
      retryAfterMs: 10_000,
    };
  }

  /** Lets nobody in; ends sessions at their turn boundaries after `softMs`, all of them after `maxMs`. */
  async drain({ softMs, maxMs }: DrainTimes): Promise<void> {
    this.draining = true;
    this.parts.drainingGauge.set(1);
    const startedMs = systemClock.monotonicMs();
    const gone = new AbortController();
    void this.parts.live.empty().then(() => gone.abort());
    while (!gone.signal.aborted) {
      const spentMs = systemClock.monotonicMs() - startedMs;
      if (spentMs >= maxMs) this.parts.live.endWhere(() => 'draining');
      else if (spentMs >= softMs) this.parts.live.endWhere((session) => (atTurnBoundary(session) ? 'draining' : null));
      await delay(SWEEP_MS, undefined, { signal: gone.signal }).catch(() => undefined);
    }
  }

  // Reads the policy in force, so a swapped snapshot and a key that expires by the clock are seen the same way.
  private endForbidden(): void {
    const snapshot = this.parts.policy.current();
    const nowMs = systemClock.nowMs();
    this.parts.live.endWhere((session) => {
      const { principal, endUser } = session;
      if (snapshot.isEndAsked(session)) return 'ended_by_admin';
      const forbidden = stillAllowed(principal, snapshot, nowMs);
      return forbidden ?? (endUserRefusal(principal, endUser, { snapshot, nowMs }) === null ? null : 'moderation');
    });
  }

  // Without a journal no usage may go on arising; a running turn is let finish, its report waits among the stragglers.
  private endWithoutJournal(): void {
    if (this.parts.journal.pressure() !== 'full') return;
    this.parts.live.endWhere((session) => (atTurnBoundary(session) ? 'metering_unavailable' : null));
  }
}

function atTurnBoundary(session: LiveSession): boolean {
  return session.observer.reportsOwed() === 0;
}
