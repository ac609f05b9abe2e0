// The simulator's own record of moderations: one entry for each answer that was given. Keeps no text and no picture.

/** One answered question. */
export interface ModerationRecord {
  readonly id: string;
  readonly key: string;
  readonly model: string;
  /** Results in the answer. */
  readonly results: number;
  readonly flagged: boolean;
  /** Epoch milliseconds. */
  readonly at: number;
}

const RECORDS_MAX = 10_000;

/** Keeps the newest records, and the count of all. */
export class ModerationBooks {
  #records: ModerationRecord[] = [];
  #answered = 0;
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Answers since the start or the last reset. */
  get answered(): number {
    return this.#answered;
  }

  enter(record: Omit<ModerationRecord, 'at'>): void {
    this.#records.push({ ...record, at: this.#now() });
    if (this.#records.length > RECORDS_MAX) this.#records.shift();
    this.#answered += 1;
  }

  /** Oldest first. */
  list(): readonly ModerationRecord[] {
    return this.#records;
  }

  reset(): void {
    this.#records = [];
    this.#answered = 0;
  }
}
