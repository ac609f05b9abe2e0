// Frames for tests: written by the product's codec, read by a plain reader of their own, so that a mistake in one does
// not hide in the other.
import { encodeFrame } from '../core/frame-codec.js';

export const TEXT = 1;
export const CLOSE = 8;
export const PING = 9;
export const PONG = 10;

/** A message split into fragments of the given payloads. */
export function fragments(payloads: readonly Buffer[], maskKey: number | null, opcode = TEXT): Buffer[] {
  return payloads.map((payload, i) => {
    const frame = encodeFrame(i === 0 ? opcode : 0, payload, maskKey);
    if (i < payloads.length - 1) frame[0] = (frame[0] ?? 0) & 0x7f;
    return frame;
  });
}

/** One text message in one frame. */
export function text(payload: string, maskKey: number | null): Buffer {
  return encodeFrame(TEXT, Buffer.from(payload), maskKey);
}

/** A close frame. */
export function closeFrame(code: number, reason: string, maskKey: number | null): Buffer {
  const payload = Buffer.concat([Buffer.from([code >> 8, code & 255]), Buffer.from(reason)]);
  return encodeFrame(CLOSE, payload, maskKey);
}

/** What an endpoint reads in these bytes: messages as their text, control frames as `ping x`, `pong x`, `close 1000 x`. */
export function read(bytes: Buffer, from: 'client' | 'server'): string[] {
  const found: string[] = [];
  let message: Buffer[] | null = null;
  for (let rest = bytes; rest.length > 0;) {
    const frame = readFrame(rest, from === 'client');
    rest = rest.subarray(frame.size);
    if (frame.opcode >= CLOSE) {
      found.push(control(frame.opcode, frame.payload));
      continue;
    }
    if ((frame.opcode === 0) !== (message !== null)) throw new Error('fragments out of order');
    message = [...(message ?? []), frame.payload];
    if (!frame.fin) continue;
    found.push(Buffer.concat(message).toString());
    message = null;
  }
  if (message !== null) throw new Error('the last message is not complete');
  return found;
}

function control(opcode: number, payload: Buffer): string {
  if (opcode === PING) return `ping ${payload.toString()}`.trim();
  if (opcode === PONG) return `pong ${payload.toString()}`.trim();
  return payload.length === 0 ? 'close' : `close ${payload.readUInt16BE(0)} ${payload.toString('utf8', 2)}`.trim();
}

function readFrame(bytes: Buffer, masked: boolean): { opcode: number; fin: boolean; payload: Buffer; size: number } {
  const first = bytes.readUInt8(0);
  const second = bytes.readUInt8(1);
  if (second >= 128 !== masked) throw new Error('the mask is wrong');
  if ((first & 0x70) !== 0) throw new Error('a reserved bit is set');
  const short = second & 127;
  const length = short < 126 ? short : short === 126 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
  const start = (short < 126 ? 2 : short === 126 ? 4 : 10) + (masked ? 4 : 0);
  if (bytes.length < start + length) throw new Error('the last frame is not complete');
  const payload = Buffer.from(bytes.subarray(start, start + length));
  if (masked) for (let i = 0; i < length; i++) payload[i] = payload.readUInt8(i) ^ bytes.readUInt8(start - 4 + (i % 4));
  return { opcode: first & 15, fin: first >= 128, payload, size: start + length };
}
