// Which answer reads which of the caller's words: each reads what stood in the conversation when it began. Only the last one
// counts: those before it are over, and were heard or interrupted.

// Transcripts come within a few turns of their words.
const ITEMS_MAX = 64;

/** The answers in the conversation of one session. Bounded: of words that are forgotten no answer is known. */
export class AnswersBegun {
  private begun = 0;
  private last: string | null = null;
  /** How many had begun when an item joined the conversation. */
  private readonly before = new Map<string, number>();

  /** The caller's words joined the conversation. */
  committed(itemId: string): void {
    const [oldest] = this.before.size >= ITEMS_MAX ? this.before.keys() : [];
    if (oldest !== undefined) this.before.delete(oldest);
    this.before.set(itemId, this.begun);
  }

  /** An answer begins. */
  began(responseId: string): void {
    this.begun += 1;
    this.last = responseId;
  }

  /** The last answer that reads an item; null: none does. */
  to(itemId: string): string | null {
    const before = this.before.get(itemId);
    return before !== undefined && this.begun > before ? this.last : null;
  }
}
