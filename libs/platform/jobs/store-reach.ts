// Whether the store of the jobs answers, as the connections of one process see it. Guarantees one word in the log when it
// stops answering and one when it answers again, however often its drivers try meanwhile. Leaves trying to them.
import type { Log } from '../logging/index.js';

/** A queue or worker of BullMQ. */
interface Follower {
  on(event: 'error', listener: (error: Error) => void): unknown;
  /** What forwards `ready` of its connections, each time that one is there again. */
  getBackend(): { on(event: 'ready', listener: () => void): unknown };
}

/** One per process: all queues are in one store. */
export class StoreReach {
  #isAway = false;

  constructor(private readonly log: Log) {}

  /** It failed, and nothing has come from it since. */
  get isAway(): boolean {
    return this.#isAway;
  }

  /** Listens to a queue or worker for as long as that lives. */
  follow(follower: Follower): void {
    follower.on('error', (error) => this.#failed(error));
    follower.getBackend().on('ready', () => this.answered());
  }

  /** Something came from the store. */
  answered(): void {
    if (!this.#isAway) return;
    this.#isAway = false;
    this.log.info({ event: 'jobs_reachable' }, 'the store of the jobs answers again');
  }

  #failed(error: Error): void {
    if (this.#isAway) return;
    this.#isAway = true;
    this.log.warn({ event: 'jobs_unreachable', err: error }, 'the store of the jobs does not answer');
  }
}
