// The input audio buffer: raw bytes since the last commit, placed on the session's audio clock. Guarantees that a cut
// falls on a sample; leaves the bound on its size and all events to turns.ts.
import { bytesPerMs, sampleBytes, type AudioCodec } from '../audio/formats.js';

/** Bytes not yet committed. Times are milliseconds of audio since the session began. */
export class InputBuffer {
  readonly codec: AudioCodec;
  #parts: Buffer[] = [];
  #bytes = 0;
  #startMs: number;

  /** `startMs`: where on the session's audio clock the first byte lies. */
  constructor(codec: AudioCodec, startMs = 0) {
    this.codec = codec;
    this.#startMs = startMs;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get durationMs(): number {
    return this.#bytes / bytesPerMs(this.codec);
  }

  get startMs(): number {
    return this.#startMs;
  }

  get endMs(): number {
    return this.#startMs + this.durationMs;
  }

  append(bytes: Buffer): void {
    if (bytes.length === 0) return;
    this.#parts.push(bytes);
    this.#bytes += bytes.length;
  }

  /** Drops audio before `ms`. */
  dropBefore(ms: number): void {
    this.take(ms);
  }

  /** Takes the audio before `ms` out of the buffer; all of it by default. */
  take(ms = Infinity): Buffer {
    const unit = sampleBytes(this.codec);
    const wanted = Math.min(this.#bytes, (ms - this.#startMs) * bytesPerMs(this.codec));
    const size = Math.max(0, Math.floor(wanted / unit) * unit);
    if (size === 0) return Buffer.alloc(0);
    const taken: Buffer[] = [];
    let left = size;
    while (left > 0) {
      const first = this.#parts.shift();
      if (first === undefined) break;
      taken.push(first.subarray(0, left));
      if (first.length > left) this.#parts.unshift(first.subarray(left));
      left -= Math.min(left, first.length);
    }
    this.#bytes -= size;
    this.#startMs += size / bytesPerMs(this.codec);
    return taken.length === 1 ? (taken[0] ?? Buffer.alloc(0)) : Buffer.concat(taken);
  }
}
