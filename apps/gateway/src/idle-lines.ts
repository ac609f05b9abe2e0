// Idle sessions make room for calls that wait: warned first, ended only when somebody could use the line, and let be when
// they say something in between. The store decides whether a line is wanted, so that two processes never give up two
// lines for one call.
import type { EndCause } from '@trunkline/realtime';
import type { LiveSession, LiveSessions } from './live-session.js';

/** What the sweep works with. */
export interface IdleLinesParts {
  readonly live: LiveSessions;
  readonly nowMs: () => number;
  /** After how many idle milliseconds this session may be asked; null: never. */
  readonly idleMsMax: (session: LiveSession) => number | null;
  /** Whether somebody waits who could use its line. */
  readonly isWanted: (session: LiveSession) => Promise<boolean>;
  /** The question failed; it is asked again. */
  readonly failed: (error: unknown) => void;
}

/** From the warning to the end, in milliseconds: long enough to say something. */
export const WARNING_MS = 2_000;
// A store that is slow to answer is not asked more at once.
const ASKING_MAX = 16;

const CAUSE: EndCause = 'line_reclaimed';

/** The event that warns an app. Of our own name: SDKs ignore event types that they do not know. */
export function endingEvent(sessionId: string): string {
  return JSON.stringify({
    type: 'trunkline.session.ending',
    event_id: `event_ending_${sessionId}`,
    reason: CAUSE,
    ends_in_ms: WARNING_MS,
  });
}

/** Watches the sessions of this process. Call `sweep` a few times a second. */
export class IdleLines {
  /** When each warned session ends; and those that are asked about just now. */
  private readonly warned = new Map<LiveSession, number>();
  private readonly asking = new Set<LiveSession>();

  constructor(private readonly parts: IdleLinesParts) {}

  sweep(): void {
    const nowMs = this.parts.nowMs();
    for (const [session, endsAtMs] of this.warned) {
      if (!this.isIdle(session, nowMs)) this.warned.delete(session);
      else if (nowMs >= endsAtMs) {
        this.warned.delete(session);
        session.relay.end(CAUSE);
      }
    }
    for (const session of this.parts.live.all()) {
      if (this.asking.size >= ASKING_MAX) return;
      if (!this.warned.has(session) && !this.asking.has(session) && this.isIdle(session, nowMs)) this.ask(session);
    }
  }

  private isIdle(session: LiveSession, nowMs: number): boolean {
    const idleMsMax = this.parts.idleMsMax(session);
    const isTalking = session.observer.reportsOwed() > 0;
    return idleMsMax !== null && !isTalking && !session.relay.isEnding && nowMs - session.lastWord.atMs >= idleMsMax;
  }

  private ask(session: LiveSession): void {
    this.asking.add(session);
    this.parts
      .isWanted(session)
      .then((isWanted) => {
        if (!isWanted || !this.isIdle(session, this.parts.nowMs())) return;
        session.relay.sendClient(endingEvent(session.id));
        this.warned.set(session, this.parts.nowMs() + WARNING_MS);
      })
      .catch(this.parts.failed)
      .finally(() => this.asking.delete(session));
  }
}
