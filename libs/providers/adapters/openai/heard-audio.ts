// How long the caller spoke, for each piece of audio that was committed. The upstream says it in milliseconds where it detects
// turns; where the client does (push to talk) all that it sent since the last commit is taken for audio, which most of it is.
import { bytesPerMs } from './token-rates.js';

/** All that has come from the client so far, frames included. */
export interface ClientTraffic {
  readonly bytes: number;
  readonly messages: number;
}

/** A committed piece. */
export interface HeardAudio {
  readonly ms: number;
  readonly by: 'vendor' | 'bytes';
}

// `{"type":"input_audio_buffer.append","audio":""}` and the header of a masked frame.
const APPEND_BYTES = 55;
const BASE64_RATIO = 3 / 4;
/** Nothing shorter can be committed (protocol facts 3.4). */
const COMMIT_MS_MIN = 100;

/** The caller's audio of one session. */
export class CallerAudio {
  private since: ClientTraffic = { bytes: 0, messages: 0 };
  private startMs: number | null = null;
  private spokenMs: number | null = null;
  private format: { readonly type?: unknown } = {};

  constructor(private readonly traffic: () => ClientTraffic) {}

  /** The session's `audio.input.format`. */
  formatIs(format: { readonly type?: unknown }): void {
    this.format = format;
  }

  /** `speech_started`, `speech_stopped`, `timeout_triggered`: where a turn begins and ends on the session's audio clock. */
  turnMark(startMs: unknown, endMs: unknown): void {
    if (typeof startMs === 'number') {
      this.startMs = startMs;
      this.spokenMs = null;
    }
    if (typeof endMs === 'number' && this.startMs !== null) this.spokenMs = Math.max(0, endMs - this.startMs);
  }

  /** The buffer became an item. */
  committed(): HeardAudio {
    const { spokenMs } = this;
    const byBytes = Math.max(COMMIT_MS_MIN, this.sentMs());
    this.cleared();
    return spokenMs === null ? { ms: byBytes, by: 'bytes' } : { ms: spokenMs, by: 'vendor' };
  }

  /** What was sent so far will not become an item any more. */
  cleared(): void {
    this.startMs = this.spokenMs = null;
    const { bytes, messages } = this.traffic();
    this.since = { bytes, messages };
  }

  private sentMs(): number {
    const now = this.traffic();
    const framing = (now.messages - this.since.messages) * APPEND_BYTES;
    return (Math.max(0, now.bytes - this.since.bytes - framing) * BASE64_RATIO) / bytesPerMs(this.format);
  }
}
