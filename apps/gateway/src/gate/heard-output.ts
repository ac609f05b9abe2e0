// How much of each response the caller was sent to hear. Several run at once (an answer, and what is spoken beside the
// conversation), and audio is looked at only where it must be: while one runs, audio is that one's.

// The frame of an audio delta around its base64, on the short side: what was heard must not be more than there is.
const DELTA_OVERHEAD_BYTES = 400;
const BASE64_BYTES_PER_MS = 64;
// More than run at once, and those that were over when a verdict came.
const RESPONSES_MAX = 128;

/** What went out of one response. */
interface Heard {
  bytes: number;
  messages: number;
}

/** What was heard in one session. Bounded. */
export class HeardOutput {
  /** By response, the oldest first. */
  private readonly responses = new Map<string, Heard>();
  private readonly running = new Set<string>();
  /** Of responses whose begin nobody looked at. */
  private unnamed: Heard = { bytes: 0, messages: 0 };

  /** Audio must be looked at to say whose it is. */
  get mustBeTold(): boolean {
    return this.running.size > 1;
  }

  /** A response begins. @param responseId null: nobody looked which. */
  began(responseId: string | null): void {
    if (responseId === null) {
      this.unnamed = { bytes: 0, messages: 0 };
      this.running.clear();
      return;
    }
    const [oldest] = this.responses.size >= RESPONSES_MAX ? this.responses.keys() : [];
    if (oldest !== undefined) {
      this.responses.delete(oldest);
      this.running.delete(oldest);
    }
    this.responses.set(responseId, { bytes: 0, messages: 0 });
    this.running.add(responseId);
  }

  /** A response is over; what is held back of it may be heard yet. */
  ended(responseId: string): void {
    this.running.delete(responseId);
  }

  /** Audio goes to the caller. @param bytes of its message. @param responseId null: nobody looked whose it is. */
  audio(bytes: number, responseId: string | null): void {
    const [alone] = this.running;
    const heard = this.of(responseId ?? alone ?? null);
    heard.bytes += bytes;
    heard.messages += 1;
  }

  /** The caller may be hearing some of it. */
  isHeard(responseId: string): boolean {
    return this.of(responseId).messages > 0;
  }

  /** Milliseconds that the caller may have heard of a response. */
  msOf(responseId: string): number {
    const { bytes, messages } = this.of(responseId);
    return Math.floor(Math.max(0, bytes - messages * DELTA_OVERHEAD_BYTES) / BASE64_BYTES_PER_MS);
  }

  private of(responseId: string | null): Heard {
    return (responseId === null ? undefined : this.responses.get(responseId)) ?? this.unnamed;
  }
}
