// Commits of the app's that the upstream has not answered: each becomes an item or is refused, for whatever reason. None is
// waited for longer than the upstream takes for either, or a session whose app commits in vain would never be answered.
import type { StartTimer } from '@trunkline/moderation';

/** What it needs of the world. */
export interface CommitsUnderWayPorts {
  readonly startTimer: StartTimer;
  /** One that was never answered is waited for no more. */
  readonly givenUp: () => void;
}

interface Commit {
  readonly eventId: string;
  readonly callOff: () => void;
}

// The upstream answers within a round trip.
const ANSWER_MS_MAX = 10_000;
// More than these no app has under way; of others the oldest is taken for answered.
const COMMITS_MAX = 64;

/** Those of one session. */
export class CommitsUnderWay {
  private readonly commits: Commit[] = [];

  constructor(private readonly ports: CommitsUnderWayPorts) {}

  get areAny(): boolean {
    return this.commits.length > 0;
  }

  /** @param eventId by which a refusal names it. */
  began(eventId: string): void {
    if (this.commits.length >= COMMITS_MAX) this.drop(0);
    const commit: Commit = {
      eventId,
      callOff: this.ports.startTimer(ANSWER_MS_MAX, () => {
        this.drop(this.commits.indexOf(commit));
        this.ports.givenUp();
      }),
    };
    this.commits.push(commit);
  }

  /** The oldest became an item: the upstream answers in order. */
  taken(): void {
    this.drop(0);
  }

  /** An event was refused. @returns whether it was one of these. */
  refused(eventId: string): boolean {
    return this.drop(this.commits.findIndex((each) => each.eventId === eventId));
  }

  clear(): void {
    for (const { callOff } of this.commits.splice(0)) callOff();
  }

  private drop(index: number): boolean {
    const [commit] = index === -1 ? [] : this.commits.splice(index, 1);
    commit?.callOff();
    return commit !== undefined;
  }
}
