// Every call to Redis goes through here: it has a deadline, there is a bound on calls under way, and whatever goes wrong
// becomes `LeaseStoreUnavailable` with its cause, so that a dead or stalled Redis is a quick no and not a queue.
import { LeaseStoreUnavailable } from '../../index.js';

/** Calls with a deadline and a bound. */
export class BoundedCalls {
  #underWay = 0;

  constructor(
    private readonly deadlineMs: number,
    private readonly underWayMax: number,
  ) {}

  /** Runs the call. After a timeout it still counts as under way until the client gives it up: a stall cannot pile up. */
  async run<T>(call: () => Promise<T>): Promise<T> {
    if (this.#underWay >= this.underWayMax) throw new LeaseStoreUnavailable('overloaded');
    this.#underWay++;
    const answer = call().finally(() => this.#underWay--);
    let timer: NodeJS.Timeout | undefined;
    const deadline = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new LeaseStoreUnavailable('timeout')), this.deadlineMs);
    });
    try {
      return await Promise.race([answer, deadline]);
    } catch (error) {
      throw unavailable(error);
    } finally {
      clearTimeout(timer);
    }
  }
}

function unavailable(error: unknown): LeaseStoreUnavailable {
  if (error instanceof LeaseStoreUnavailable) return error;
  // An error reply came from a living Redis (loading, read-only, out of memory); all else is the connection.
  const replied = error instanceof Error && error.name === 'ReplyError';
  return new LeaseStoreUnavailable(replied ? 'failed' : 'disconnected', { cause: error });
}
