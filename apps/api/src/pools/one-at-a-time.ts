// Work that a process does once at a time, however often it is asked for. Who asked waits no longer than said; the work that
// goes on all the same still counts as under way, so that trying again never piles it up.
import { orTooLong } from '../reads/read-within.js';

/** One piece of work at a time. */
export class OneAtATime {
  #isUnderWay = false;

  /**
   * Begins the work, unless some is under way.
   * @param work must end by itself.
   * @returns what came of it; null: other work is under way.
   * @throws ReadTookTooLong when it is not done within `msMax`, and whatever the work throws.
   */
  async begin<T extends object>(work: () => Promise<T>, msMax: number): Promise<T | null> {
    if (this.#isUnderWay) return null;
    this.#isUnderWay = true;
    const done = work().finally(() => {
      this.#isUnderWay = false;
    });
    return orTooLong(done, msMax);
  }
}
