// The energy of audio in 20 ms frames, straight from the encoded bytes. Guarantees the same frames however the bytes
// were cut into events, odd bytes included; leaves deciding what is speech to session/vad.ts.
import { bytesPerMs, type AudioCodec } from './formats.js';
import { decodeAlaw, decodeUlaw } from './g711.js';
import { samplesOf } from './pcm.js';

/** Frame length of all energy decisions. */
export const FRAME_MS = 20;

const ULAW_SQUARES = squares(decodeUlaw);
const ALAW_SQUARES = squares(decodeAlaw);

/** Measures frames as bytes arrive. */
export class EnergyMeter {
  readonly #codec: AudioCodec;
  readonly #frameSamples: number;
  #sum = 0;
  #count = 0;
  #oddByte = -1;

  constructor(codec: AudioCodec) {
    this.#codec = codec;
    this.#frameSamples = (FRAME_MS * bytesPerMs(codec)) / (codec === 'audio/pcm' ? 2 : 1);
  }

  /** Feeds bytes; `onFrame` gets the level of each finished frame in dBFS (-96 for digital silence). */
  push(bytes: Buffer, onFrame: (levelDb: number) => void): void {
    if (this.#codec === 'audio/pcm') this.#pushPcm(bytes, onFrame);
    else this.#pushG711(bytes, this.#codec === 'audio/pcmu' ? ULAW_SQUARES : ALAW_SQUARES, onFrame);
  }

  #pushPcm(bytes: Buffer, onFrame: (levelDb: number) => void): void {
    const joined = this.#oddByte < 0 ? bytes : Buffer.concat([Buffer.of(this.#oddByte), bytes]);
    this.#oddByte = joined.length % 2 === 0 ? -1 : (joined.at(-1) ?? -1);
    const samples = samplesOf(joined);
    for (let at = 0; at < samples.length;) {
      const end = Math.min(samples.length, at + this.#frameSamples - this.#count);
      const count = end - at;
      let sum = 0;
      for (; at < end; at++) {
        const sample = samples[at] ?? 0;
        sum += sample * sample;
      }
      this.#add(sum, count, onFrame);
    }
  }

  #pushG711(bytes: Buffer, table: Float64Array, onFrame: (levelDb: number) => void): void {
    for (let at = 0; at < bytes.length;) {
      const end = Math.min(bytes.length, at + this.#frameSamples - this.#count);
      const count = end - at;
      let sum = 0;
      for (; at < end; at++) sum += table[bytes[at] ?? 0] ?? 0;
      this.#add(sum, count, onFrame);
    }
  }

  #add(sum: number, count: number, onFrame: (levelDb: number) => void): void {
    this.#sum += sum;
    this.#count += count;
    if (this.#count === this.#frameSamples) this.#finish(onFrame);
  }

  #finish(onFrame: (levelDb: number) => void): void {
    const meanSquare = this.#sum / this.#frameSamples;
    this.#sum = 0;
    this.#count = 0;
    onFrame(meanSquare === 0 ? -96 : Math.max(-96, 10 * Math.log10(meanSquare / (32_768 * 32_768))));
  }
}

/** The level of the loudest frame; -96 for silence and for audio shorter than a frame. */
export function loudestDb(bytes: Buffer, codec: AudioCodec): number {
  let loudest = -96;
  new EnergyMeter(codec).push(bytes, (level) => {
    loudest = Math.max(loudest, level);
  });
  return loudest;
}

function squares(decode: (code: number) => number): Float64Array {
  return Float64Array.from({ length: 256 }, (_, code) => decode(code) ** 2);
}
