// What is due, earliest first, and of what is due at once the earlier put in. A binary heap: taking and putting cost the
// logarithm of what is in it. Bounded by whoever puts things in.

interface Due<T> {
  readonly atMs: number;
  readonly order: number;
  readonly what: T;
}

/** Things that are due at a time. */
export class DueQueue<T> {
  readonly #heap: Due<T>[] = [];
  #order = 0;

  /** When the first is due; null when nothing is. */
  get nextMs(): number | null {
    return this.#heap[0]?.atMs ?? null;
  }

  put(atMs: number, what: T): void {
    this.#heap.push({ atMs, order: this.#order++, what });
    for (let at = this.#heap.length - 1; at > 0;) {
      const above = (at - 1) >> 1;
      if (!this.#swapIfBefore(at, above)) return;
      at = above;
    }
  }

  /** Takes out the first. */
  take(): T | null {
    const first = this.#heap[0];
    const last = this.#heap.pop();
    if (first === undefined || last === undefined) return null;
    if (this.#heap.length > 0) this.#heap[0] = last;
    for (let at = 0; ;) {
      const [left, right] = [2 * at + 1, 2 * at + 2];
      const earlier = this.#isBefore(right, left) ? right : left;
      if (!this.#swapIfBefore(earlier, at)) return first.what;
      at = earlier;
    }
  }

  #swapIfBefore(a: number, b: number): boolean {
    const [one, other] = [this.#heap[a], this.#heap[b]];
    if (one === undefined || other === undefined || !this.#isBefore(a, b)) return false;
    this.#heap[a] = other;
    this.#heap[b] = one;
    return true;
  }

  #isBefore(a: number, b: number): boolean {
    const [one, other] = [this.#heap[a], this.#heap[b]];
    if (one === undefined || other === undefined) return false;
    return one.atMs === other.atMs ? one.order < other.order : one.atMs < other.atMs;
  }
}
