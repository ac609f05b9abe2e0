// Finds the frames in a byte stream that may be cut anywhere, without copying payload or making an object per frame:
// the caller asks for the next event and reads the fields. It checks everything RFC 6455 demands of an endpoint about
// framing and stops at the first violation. UTF-8 is left to the receiver: payload that passes through is never read.
import { CONTROL_BYTES_MAX, HEADER_BYTES_MAX, OPCODE, headerSize, payloadLengthAt } from './frame-codec.js';

/** What a peer did that ends its connection. The first ten are close code 1002, the last two 1009. */
export type Violation =
  | 'reserved_bits'
  | 'opcode_unknown'
  | 'mask_missing'
  | 'mask_forbidden'
  | 'control_fragmented'
  | 'control_too_long'
  | 'continuation_unexpected'
  | 'message_interleaved'
  | 'length_invalid'
  | 'close_invalid'
  | 'message_too_large'
  | 'fragments_too_many';

/** Whether the violation is one of size (close code 1009) rather than of form (1002). */
export function isTooLarge(violation: Violation): boolean {
  return violation === 'message_too_large' || violation === 'fragments_too_many';
}

/**
 * - `header`: a frame header is complete.
 * - `payload`: a piece of the frame's payload, perhaps empty, lies in the chunk.
 * - `starved`: the chunk is used up.
 * - `violation`: the stream is invalid from here on.
 */
export type ScanEvent = 'header' | 'payload' | 'starved' | 'violation';

/** Bounds on a message. */
export interface ScanLimits {
  readonly messageBytesMax: number;
  readonly fragmentsMax: number;
}

/** Scans one direction of a connection. `feed` a chunk, then call `next` until it is `starved`. */
export class FrameScanner {
  /** The current frame; valid from its `header` event on. */
  opcode = 0;
  fin = false;
  masked = false;
  maskKey = 0;
  payloadLength = 0;
  /** The frame is the first of a data message. */
  startsMessage = false;
  /** Where the frame's header begins in this chunk; 0 if it began in an earlier one. */
  frameStart = 0;
  /** Header bytes that came with earlier chunks: `headerBytes.subarray(0, carried)`. */
  carried = 0;
  readonly headerBytes = Buffer.alloc(HEADER_BYTES_MAX);
  /** Everything before this place in the chunk is scanned. */
  position = 0;
  /** The piece of payload of the last `payload` event, and its offset in the frame. */
  pieceStart = 0;
  pieceEnd = 0;
  pieceOffset = 0;
  /** The piece completes its frame, or a whole data message. */
  frameEnds = false;
  messageEnds = false;
  violation: Violation | null = null;

  private chunk: Buffer = this.headerBytes;
  private stashed = 0;
  private inPayload = false;
  private payloadLeft = 0;
  private inMessage = false;
  /** Payload of the message so far, the current frame's as announced. */
  messageBytes = 0;
  private fragments = 0;

  /** @param masking `required` for what a client sent, `forbidden` for what a server sent. */
  constructor(
    private readonly masking: 'required' | 'forbidden',
    private readonly limits: ScanLimits,
  ) {}

  /** The current frame is close, ping or pong. */
  get isControl(): boolean {
    return this.opcode >= OPCODE.close;
  }

  /** Takes the next chunk; the previous one must be used up. */
  feed(chunk: Buffer): void {
    this.chunk = chunk;
    this.position = 0;
    this.frameStart = 0;
  }

  /** Moves on to the next event. */
  next(): ScanEvent {
    if (this.violation !== null) return 'violation';
    return this.inPayload ? this.nextPiece() : this.nextHeader();
  }

  private nextPiece(): ScanEvent {
    const here = this.chunk.length - this.position;
    if (here === 0 && this.payloadLeft > 0) return 'starved';
    const size = Math.min(here, this.payloadLeft);
    this.pieceOffset = this.payloadLength - this.payloadLeft;
    this.pieceStart = this.position;
    this.pieceEnd = this.position += size;
    this.payloadLeft -= size;
    this.frameEnds = this.payloadLeft === 0;
    this.messageEnds = this.frameEnds && this.fin && !this.isControl;
    if (this.frameEnds) this.inPayload = false;
    if (this.messageEnds) this.inMessage = false;
    return 'payload';
  }

  private nextHeader(): ScanEvent {
    const { chunk, position } = this;
    if (position >= chunk.length) return 'starved';
    if (this.stashed > 0) return this.completeHeader();
    const size = headerSize(chunk, position, chunk.length);
    this.frameStart = position;
    if (size === 0 || position + size > chunk.length) {
      this.stashed = chunk.copy(this.headerBytes, 0, position);
      this.position = chunk.length;
      return 'starved';
    }
    this.carried = 0;
    this.position = position + size;
    return this.readHeader(chunk, position, size);
  }

  /** The header was cut: gathers its bytes in `headerBytes` until it is whole. */
  private completeHeader(): ScanEvent {
    const { chunk, headerBytes } = this;
    const carried = this.stashed;
    for (;;) {
      if (this.stashed >= 2 && this.stashed === headerSize(headerBytes, 0, this.stashed)) break;
      if (this.position === chunk.length) return 'starved';
      headerBytes[this.stashed++] = chunk[this.position++] ?? 0;
    }
    const size = this.stashed;
    this.stashed = 0;
    this.carried = carried;
    this.frameStart = 0;
    return this.readHeader(headerBytes, 0, size);
  }

  private readHeader(bytes: Buffer, at: number, size: number): ScanEvent {
    const first = bytes[at] ?? 0;
    this.fin = (first & 0x80) !== 0;
    this.opcode = first & 0x0f;
    this.masked = ((bytes[at + 1] ?? 0) & 0x80) !== 0;
    this.payloadLength = payloadLengthAt(bytes, at);
    this.maskKey = this.masked ? bytes.readUInt32BE(at + size - 4) : 0;
    this.violation = this.checkFrame(first) ?? (this.isControl ? this.checkControl() : this.checkData());
    if (this.violation !== null) return 'violation';
    this.inPayload = true;
    this.payloadLeft = this.payloadLength;
    return 'header';
  }

  private checkFrame(first: number): Violation | null {
    if ((first & 0x70) !== 0) return 'reserved_bits';
    if (this.masked !== (this.masking === 'required')) return this.masked ? 'mask_forbidden' : 'mask_missing';
    if (this.payloadLength < 0) return 'length_invalid';
    return null;
  }

  private checkControl(): Violation | null {
    if (this.opcode > OPCODE.pong) return 'opcode_unknown';
    this.startsMessage = false;
    if (!this.fin) return 'control_fragmented';
    return this.payloadLength > CONTROL_BYTES_MAX ? 'control_too_long' : null;
  }

  private checkData(): Violation | null {
    if (this.opcode > OPCODE.binary) return 'opcode_unknown';
    const continues = this.opcode === OPCODE.continuation;
    if (continues !== this.inMessage) return continues ? 'continuation_unexpected' : 'message_interleaved';
    this.startsMessage = !continues;
    this.inMessage = true;
    this.fragments = continues ? this.fragments + 1 : 1;
    this.messageBytes = (continues ? this.messageBytes : 0) + this.payloadLength;
    if (this.fragments > this.limits.fragmentsMax) return 'fragments_too_many';
    return this.messageBytes > this.limits.messageBytesMax ? 'message_too_large' : null;
  }
}
