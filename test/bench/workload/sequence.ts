// Counts what became of the frames of one direction. Guarantees that a gap, a repeat and a frame out of turn are each
// counted; the last frames of a session, after which no gap can show, are found by comparing totals of both ends.

/** What went wrong, summed over sessions. All zero in a correct run. */
export interface Integrity {
  lost: number;
  reordered: number;
  altered: number;
  foreign: number;
}

/** Nothing went wrong yet. */
export const flawless = (): Integrity => ({ lost: 0, reordered: 0, altered: 0, foreign: 0 });

/** The sequence of one direction of one session. */
export class SequenceCheck {
  private next = 0;

  constructor(private readonly integrity: Integrity) {}

  /** Takes the number of an intact frame. A frame that comes late was counted as lost before: it is taken back. */
  take(sequence: number): void {
    if (sequence === this.next) {
      this.next += 1;
    } else if (sequence > this.next) {
      this.integrity.lost += sequence - this.next;
      this.next = sequence + 1;
    } else {
      this.integrity.reordered += 1;
      if (this.integrity.lost > 0) this.integrity.lost -= 1;
    }
  }
}
