// A line that is spoken once, before the first answer of a session, whatever the app does: one that is cancelled or fails is
// spoken again, and when it cannot be spoken at all the session must not go on.
import type { StartTimer } from '@trunkline/moderation';

/** What the line needs of the world. */
export interface SpokenLinePorts {
  readonly startTimer: StartTimer;
  /** What is to be said, by the policy in force; null: nothing. */
  readonly line: () => string | null;
  /** Has it said, beside the conversation. The mark comes back with the response's events. */
  readonly say: (line: string, mark: string) => void;
  /** It has been said. */
  readonly said: () => void;
  /** It cannot be said. */
  readonly failed: () => void;
}

const TRIES_MAX = 3;
// A sentence is generated faster than it is spoken; a response that takes longer will not come.
const SAYING_MS_MAX = 15_000;
const MARK = 'disclosure';

/** The line of one session. */
export class SpokenLine {
  private state: 'unsaid' | 'saying' | 'said' = 'unsaid';
  private tries = 0;
  private callOff: () => void = () => undefined;

  constructor(private readonly ports: SpokenLinePorts) {}

  /** Nothing has to be said (any more). */
  get isSaid(): boolean {
    return this.state === 'said' || this.ports.line() === null;
  }

  /** It is time. @returns whether it has been said, or there is nothing to say. */
  begin(): boolean {
    const line = this.ports.line();
    if (line === null || this.state === 'said') return true;
    if (this.state === 'unsaid') this.say(line);
    return false;
  }

  /** Whether nothing of it was begun. */
  get isAhead(): boolean {
    return this.state === 'unsaid' && this.ports.line() !== null;
  }

  /** A response of ours is over. */
  ended(mark: string, isComplete: boolean): void {
    if (this.state !== 'saying' || mark !== `${MARK}_${this.tries}`) return;
    this.callOff();
    if (!isComplete) return this.again();
    this.state = 'said';
    this.ports.said();
  }

  close(): void {
    this.callOff();
  }

  private say(line: string): void {
    this.state = 'saying';
    this.tries += 1;
    this.callOff = this.ports.startTimer(SAYING_MS_MAX, () => this.again());
    this.ports.say(line, `${MARK}_${this.tries}`);
  }

  private again(): void {
    this.state = 'unsaid';
    if (this.tries >= TRIES_MAX) this.ports.failed();
    else this.begin();
  }
}
