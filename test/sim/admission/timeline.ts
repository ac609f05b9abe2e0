// The time of a simulated world: events in order, one at a time. After each event every promise that it settled has run
// as far as it can, so that real asynchronous code (keeper, waiting room, admission) runs in simulated time.

/** Something that will happen. */
export interface Event {
  readonly atMs: number;
  cancelled: boolean;
}

interface Entry extends Event {
  readonly order: number;
  readonly run: () => void;
  /** It may settle promises. */
  readonly wakes: boolean;
}

/** Time. Begins at 0 ms. */
export class Timeline {
  readonly #heap: Entry[] = [];
  #nowMs = 0;
  #order = 0;
  #failure: Error | null = null;

  /** Milliseconds since the world began. */
  get nowMs(): number {
    return this.#nowMs;
  }

  /** Something happens then; not before now. @param wakes false for what certainly settles no promise. */
  at(atMs: number, run: () => void, wakes = true): Event {
    const entry = { atMs: Math.max(this.#nowMs, atMs), cancelled: false, order: this.#order++, run, wakes };
    this.#heap.push(entry);
    this.#rise(this.#heap.length - 1);
    return entry;
  }

  /** Something happens after so many milliseconds. */
  after(ms: number, run: () => void, wakes = true): Event {
    return this.at(this.#nowMs + ms, run, wakes);
  }

  /** Ends the world: for what is found inside a promise, whose rejection the code under test may swallow. */
  fail(error: Error): void {
    this.#failure ??= error;
  }

  /** Lets time pass. @throws what the world failed of. */
  async run(untilMs: number): Promise<void> {
    for (let next = this.#heap[0]; next !== undefined && next.atMs <= untilMs; next = this.#heap[0]) {
      this.#takeFirst();
      if (next.cancelled) continue;
      this.#nowMs = next.atMs;
      next.run();
      if (next.wakes) await settled();
      if (this.#failure) throw this.#failure;
    }
    this.#nowMs = untilMs;
  }

  #takeFirst(): void {
    const last = this.#heap.pop();
    if (last === undefined || this.#heap.length === 0) return;
    this.#heap[0] = last;
    this.#sink();
  }

  #rise(from: number): void {
    let at = from;
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (!this.#swapIfBefore(at, above)) return;
      at = above;
    }
  }

  #sink(): void {
    for (let at = 0; ;) {
      const [left, right] = [2 * at + 1, 2 * at + 2];
      const smaller = this.#isBefore(right, left) ? right : left;
      if (!this.#swapIfBefore(smaller, at)) return;
      at = smaller;
    }
  }

  #swapIfBefore(a: number, b: number): boolean {
    if (!this.#isBefore(a, b)) return false;
    const [one, other] = [this.#heap[a], this.#heap[b]];
    if (one === undefined || other === undefined) return false;
    [this.#heap[a], this.#heap[b]] = [other, one];
    return true;
  }

  #isBefore(a: number, b: number): boolean {
    const [one, other] = [this.#heap[a], this.#heap[b]];
    if (one === undefined || other === undefined) return false;
    return one.atMs === other.atMs ? one.order < other.order : one.atMs < other.atMs;
  }
}

/** Resolves when every promise that could go on has done so. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
