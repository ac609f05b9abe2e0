// When somebody last said something in a session: the caller by voice, text or push to talk, or the model, whose answer is
// generated faster than it is heard. What an idle session is judged by.
import type { UsageEvent } from '@trunkline/metering';

// Audio that a model speaks is a token for each 50 ms (protocol facts 5).
const OUTPUT_TOKEN_MS = 50;
const MICRO = 1_000_000;

/** The last word of one session. Times are monotonic milliseconds. */
export class LastWord {
  private isSpeaking = false;
  private bytes = 0;

  /** @param atMs when the session began. */
  constructor(public atMs: number) {}

  /** An event of a turn went by. */
  heard(type: string, nowMs: number): void {
    if (type === 'input_audio_buffer.speech_started') this.isSpeaking = true;
    if (type === 'input_audio_buffer.speech_stopped') this.isSpeaking = false;
    this.atMs = Math.max(this.atMs, nowMs);
  }

  /** An answer was generated: it is in use until it has been played out, counted from its end, which is no less. */
  answered({ quantities }: Pick<UsageEvent, 'quantities'>, nowMs: number): void {
    const spoken = quantities.find(({ meter }) => meter === 'output_audio');
    const playedMs = spoken ? (Number(spoken.quantityMicro) / MICRO) * OUTPUT_TOKEN_MS : 0;
    this.atMs = Math.max(this.atMs, nowMs + playedMs);
  }

  /**
   * So many bytes have come from the client in all. Where the upstream detects no turns (push to talk), what comes in is
   * somebody speaking; elsewhere it may be silence.
   */
  received(bytes: number, detectsTurns: boolean, nowMs: number): void {
    const isSpeaking = this.isSpeaking || (!detectsTurns && bytes !== this.bytes);
    this.bytes = bytes;
    if (isSpeaking) this.atMs = Math.max(this.atMs, nowMs);
  }
}
