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
export function endingEvent(id: string): string {
  return JSON.stringify({
    type: 'trunkline.session.ending',
    event_id: `event_ending_${id}`,
    reason: CAUSE,
    ends_in_ms: WARNING_MS,
  });
}

/** Watches the sessions of this process. Call `sweep` a few times a second. */
export class IdleLines {
  /** When each warned session ends; and those that are asked about just now. */
  private readonly warned = new Map<LiveSession, number>();
  private readonly asking = new Set<LiveSession>();
  private readonly askedAtMs = new WeakMap<LiveSession, number>();
  private warnings = 0;

  constructor(private readonly parts: IdleLinesParts) {}

  sweep(): void {
    const nowMs = this.parts.nowMs();
    for (const { lastWord, relay, observer } of this.parts.live.all())
      lastWord.received(relay.counters.fromClient.bytes, observer.detectsTurns, nowMs);
    for (const [session, endsAtMs] of this.warned) {
      if (!this.isIdle(session, nowMs)) this.warned.delete(session);
      else if (nowMs >= endsAtMs) this.ask(session, () => session.relay.end(CAUSE));
    }
    for (const session of this.longestUnasked(nowMs)) this.ask(session, () => this.warn(session));
  }

  private isIdle(session: LiveSession, nowMs: number): boolean {
    const idleMsMax = this.parts.idleMsMax(session);
    const isTalking = session.observer.reportsOwed() > 0;
    return idleMsMax !== null && !isTalking && !session.relay.isEnding && nowMs - session.lastWord.atMs >= idleMsMax;
  }

  /** Of each pool the idle session that was asked about longest ago: one question a pool and sweep, and each its turn. */
  private longestUnasked(nowMs: number): Iterable<LiveSession> {
    const ofPool = new Map<string, LiveSession>();
    for (const session of this.parts.live.all()) {
      if (this.warned.has(session) || this.asking.has(session) || !this.isIdle(session, nowMs)) continue;
      const first = ofPool.get(session.poolId);
      if (!first || (this.askedAtMs.get(session) ?? 0) < (this.askedAtMs.get(first) ?? 0))
        ofPool.set(session.poolId, session);
    }
    return ofPool.values();
  }

  /** Acts if the line is wanted and the session still idle when the answer comes. */
  private ask(session: LiveSession, act: () => void): void {
    this.warned.delete(session);
    if (this.asking.size >= ASKING_MAX || this.asking.has(session)) return;
    this.asking.add(session);
    this.askedAtMs.set(session, this.parts.nowMs());
    this.parts
      .isWanted(session)
      .then((isWanted) => {
        if (isWanted && this.isIdle(session, this.parts.nowMs())) act();
      })
      .catch(this.parts.failed)
      .finally(() => this.asking.delete(session));
  }

  private warn(session: LiveSession): void {
    this.warnings += 1;
    session.relay.sendClient(endingEvent(`${session.id}_${this.warnings}`));
    this.warned.set(session, this.parts.nowMs() + WARNING_MS);
  }
}
