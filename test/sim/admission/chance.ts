// Chance that a number decides: the same seed gives the same world, on every machine. mulberry32 is five lines, and no
// package that we have offers a seeded generator without a test framework around it.

/** A stream of chance. */
export class Chance {
  #state: number;

  constructor(seed: number) {
    // Neighbouring seeds must not begin alike.
    this.#state = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) >>> 0;
    for (let i = 0; i < 3; i++) this.next();
  }

  /** Uniform in [0, 1). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** True in this part of all cases. */
  happens(part: number): boolean {
    return this.next() < part;
  }

  /** A whole number, both ends included. */
  between(least: number, most: number): number {
    return least + Math.floor(this.next() * (most - least + 1));
  }

  /** Times between events that do not know of each other. Whole milliseconds, at least 1. */
  exponential(meanMs: number): number {
    return Math.max(1, Math.round(-meanMs * Math.log(1 - this.next())));
  }

  /** One of them. */
  pick<T>(from: readonly T[]): T {
    const picked = from[Math.floor(this.next() * from.length)];
    if (picked === undefined) throw new RangeError('there is nothing to pick from');
    return picked;
  }

  bytes(count: number): Uint8Array {
    return Uint8Array.from({ length: count }, () => this.between(0, 255));
  }

  /** A stream of its own, so that what one part of a world draws does not move the draws of another. */
  fork(): Chance {
    return new Chance(this.between(0, 2 ** 31));
  }
}
