// A timer wheel with slots of one millisecond: one timer for thousands of paced sessions. Guarantees that an entry comes
// up in the first turn at or after its time, and at most once per turn: a load that cannot keep up falls behind its rate
// instead of catching up for ever. Leaves the clock to its caller.

/** The furthest an entry can lie ahead, and so the number of slots. */
export const WHEEL_SPAN_MS = 8192;

/** Entries by the millisecond they are due. */
export class Wheel<T> {
  private readonly slots: T[][] = Array.from({ length: WHEEL_SPAN_MS }, () => []);
  private turnedTo: number;
  private turningTo: number;

  constructor(nowMs: number) {
    this.turnedTo = Math.floor(nowMs);
    this.turningTo = this.turnedTo;
  }

  /** Puts an entry at `dueMs`; a time in the past means the next turn. */
  put(dueMs: number, entry: T): void {
    const due = Math.max(Math.floor(dueMs), this.turningTo + 1);
    if (due - this.turnedTo > WHEEL_SPAN_MS - 1)
      throw new Error(`wheel: ${dueMs} lies more than ${WHEEL_SPAN_MS} ms ahead`);
    this.slots[due % WHEEL_SPAN_MS]?.push(entry);
  }

  /** Takes out what is due by `nowMs` and hands it on with its time; the handler may put entries back. */
  turn(nowMs: number, onDue: (entry: T, dueMs: number) => void): void {
    const until = Math.max(this.turnedTo, Math.floor(nowMs));
    this.turningTo = until;
    while (this.turnedTo < until) {
      this.turnedTo += 1;
      const slot = this.turnedTo % WHEEL_SPAN_MS;
      const due = this.slots[slot] ?? [];
      if (due.length === 0) continue;
      this.slots[slot] = [];
      for (const entry of due) onDue(entry, this.turnedTo);
    }
  }
}
