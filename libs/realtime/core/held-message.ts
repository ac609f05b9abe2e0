// A message whose bytes are kept back: first until its type is known, then perhaps until it is whole and judged. Keeps
// the frames as they came, so that what is let through leaves unchanged, masks and fragmentation included. Its size is
// bounded by the scanner, which refuses messages and fragment counts past the limits before they get here.
import { HEADER_BYTES_MAX, applyMask, headerSize, payloadLengthAt } from './frame-codec.js';
import type { FrameScanner } from './frame-scanner.js';

// What a frame header announces is believed up to here; more memory is taken as more bytes come.
const CAPACITY_START_MAX = 65_536;

/** The frames of one message, growing. */
export class HeldMessage {
  private bytes: Buffer;
  private size = 0;
  /** How many times something was added. */
  pieces = 0;

  /** @param firstFrameBytes the payload length of the first frame, as announced. */
  constructor(firstFrameBytes: number) {
    this.bytes = Buffer.allocUnsafe(Math.min(firstFrameBytes + HEADER_BYTES_MAX, CAPACITY_START_MAX));
  }

  /** Adds the scanner's current frame as far as it has come in this chunk, its header from earlier chunks included. */
  appendFrame(scanner: FrameScanner, chunk: Buffer): void {
    this.append(scanner.headerBytes, 0, scanner.carried);
    this.append(chunk, scanner.frameStart, scanner.position);
  }

  /** Adds bytes of the message's frames. */
  append(source: Buffer, start: number, end: number): void {
    this.pieces++;
    this.reserve(this.size + end - start);
    this.size += source.copy(this.bytes, this.size, start, end);
  }

  /** The frames as they came. The memory is not touched again by this object. */
  frames(): Buffer {
    return this.bytes.subarray(0, this.size);
  }

  /** The first payload bytes, unmasked and joined over fragments, as far as they have come and at most `bytesMax`. */
  payload(bytesMax: number): Buffer {
    const target = Buffer.allocUnsafe(Math.min(bytesMax, this.size));
    let filled = 0;
    for (let at = 0; at < this.size && filled < target.length;) {
      const header = headerSize(this.bytes, at, this.size);
      if (header === 0 || at + header > this.size) break;
      const length = payloadLengthAt(this.bytes, at);
      const start = at + header;
      const end = Math.min(start + length, this.size, start + target.length - filled);
      const masked = ((this.bytes[at + 1] ?? 0) & 0x80) !== 0;
      this.bytes.copy(target, filled, start, end);
      if (masked) applyMask(target, filled, filled + end - start, this.bytes.readUInt32BE(start - 4));
      filled += end - start;
      at = start + length;
    }
    return target.subarray(0, filled);
  }

  private reserve(bytes: number): void {
    if (bytes <= this.bytes.length) return;
    const grown = Buffer.allocUnsafe(Math.max(bytes, this.bytes.length * 2));
    this.bytes.copy(grown, 0, 0, this.size);
    this.bytes = grown;
  }
}
