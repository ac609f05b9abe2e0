// WebSocket frames as bytes, for both ends of the benchmark. Guarantees that what it builds is a valid RFC 6455 frame
// and that a reader sees each frame whole, in order, without a copy when the frame came in one read.
// Leaves to others: what is in a payload, and whether a peer may send what it sent.

/** RFC 6455 section 5.2. */
export const OPCODE = { text: 1, close: 8, ping: 9, pong: 10 } as const;

const FIN = 0x80;
const MASKED = 0x80;

/** Bytes of header in front of a payload of this size. */
export function headerBytes(payloadBytes: number, masked: boolean): number {
  const length = payloadBytes < 126 ? 2 : payloadBytes < 65_536 ? 4 : 10;
  return masked ? length + 4 : length;
}

/** Builds one unfragmented frame; with a mask key (unsigned 32 bits) it is a client's frame, without one a server's. */
export function buildFrame(opcode: number, payload: Uint8Array, maskKey?: number): Buffer {
  const start = headerBytes(payload.length, maskKey !== undefined);
  const frame = Buffer.alloc(start + payload.length);
  const maskBit = maskKey === undefined ? 0 : MASKED;
  frame[0] = FIN | opcode;
  if (payload.length < 126) frame[1] = maskBit | payload.length;
  else if (payload.length < 65_536) {
    frame[1] = maskBit | 126;
    frame.writeUInt16BE(payload.length, 2);
  } else {
    frame[1] = maskBit | 127;
    frame.writeUInt32BE(0, 2);
    frame.writeUInt32BE(payload.length, 6);
  }
  frame.set(payload, start);
  if (maskKey !== undefined) {
    frame.writeUInt32BE(maskKey, start - 4);
    applyMask(frame, start, frame.length, maskKey);
  }
  return frame;
}

/** XORs `bytes[start, end)` with the key in place. The same call masks and unmasks. */
export function applyMask(bytes: Uint8Array, start: number, end: number, maskKey: number): void {
  const key = [maskKey >>> 24, (maskKey >>> 16) & 255, (maskKey >>> 8) & 255, maskKey & 255];
  for (let i = start; i < end; i++) bytes[i] = (bytes[i] ?? 0) ^ (key[(i - start) & 3] ?? 0);
}

/** One received frame, as a window on the bytes it arrived in. Reused: read it before the handler returns. */
export interface FrameView {
  opcode: number;
  fin: boolean;
  bytes: Buffer;
  /** Where the payload starts and ends in `bytes`. */
  start: number;
  end: number;
  masked: boolean;
  /** The mask key as an unsigned 32-bit number; 0 when not masked. */
  maskKey: number;
}

/** Reads frames from chunks as they come. */
export class FrameReader {
  private carry = Buffer.alloc(0);
  private carried = 0;
  private readonly view: FrameView = {
    opcode: 0,
    fin: true,
    bytes: this.carry,
    start: 0,
    end: 0,
    masked: false,
    maskKey: 0,
  };

  constructor(private readonly onFrame: (frame: FrameView) => void) {}

  /** Takes `chunk[0, length)`; the chunk may be reused by the caller afterwards. */
  push(chunk: Buffer, length = chunk.length): void {
    let at = 0;
    while (this.carried > 0 && at < length) {
      const wanted = frameBytes(this.carry, 0, this.carried);
      const take = Math.min(wanted - this.carried, length - at);
      this.append(chunk, at, at + take, wanted);
      at += take;
      if (frameBytes(this.carry, 0, this.carried) > this.carried) continue;
      const whole = this.carried;
      this.carried = 0;
      this.emit(this.carry, 0, whole);
    }
    while (at < length) {
      const wanted = frameBytes(chunk, at, length - at);
      if (wanted > length - at) break;
      this.emit(chunk, at, at + wanted);
      at += wanted;
    }
    if (at < length) this.append(chunk, at, length, frameBytes(chunk, at, length - at));
  }

  private append(chunk: Buffer, from: number, to: number, wanted: number): void {
    const needed = Math.max(wanted, this.carried + to - from);
    if (needed > this.carry.length) {
      const grown = Buffer.allocUnsafe(1 << Math.max(8, 32 - Math.clz32(needed - 1)));
      this.carry.copy(grown, 0, 0, this.carried);
      this.carry = grown;
    }
    chunk.copy(this.carry, this.carried, from, to);
    this.carried += to - from;
  }

  private emit(bytes: Buffer, start: number, end: number): void {
    const view = this.view;
    const first = bytes[start] ?? 0;
    view.opcode = first & 15;
    view.fin = (first & FIN) !== 0;
    view.masked = ((bytes[start + 1] ?? 0) & MASKED) !== 0;
    view.bytes = bytes;
    view.start = start + headerNeeded(bytes, start);
    view.end = end;
    view.maskKey = view.masked ? bytes.readUInt32BE(view.start - 4) : 0;
    this.onFrame(view);
  }
}

function headerNeeded(bytes: Buffer, start: number): number {
  const second = bytes[start + 1] ?? 0;
  const length = second & 127;
  return 2 + (length === 126 ? 2 : length === 127 ? 8 : 0) + (second & MASKED ? 4 : 0);
}

/** Bytes of the frame at `start`, or as many as must be there before that can be told. */
function frameBytes(bytes: Buffer, start: number, available: number): number {
  if (available < 2) return 2;
  const header = headerNeeded(bytes, start);
  if (available < header) return header;
  const length = (bytes[start + 1] ?? 0) & 127;
  if (length < 126) return header + length;
  return header + (length === 126 ? bytes.readUInt16BE(start + 2) : bytes.readUInt32BE(start + 6));
}
