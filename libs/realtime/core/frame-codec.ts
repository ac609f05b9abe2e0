// Writes single frames and applies masks (RFC 6455 sections 5.2 and 5.3). Only for what we say ourselves or must read:
// frames that pass through are never rewritten. A mask is a 32-bit number, its first byte on the wire the highest.

/** Opcodes of RFC 6455 section 11.8. */
export const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

/** The longest header: two bytes, a 64-bit length and a mask. */
export const HEADER_BYTES_MAX = 14;

/** The most payload a control frame may carry. */
export const CONTROL_BYTES_MAX = 125;

/** One whole, final frame. `maskKey` null leaves it unmasked (server to client). */
export function encodeFrame(opcode: number, payload: Buffer, maskKey: number | null): Buffer {
  const lengthBytes = payload.length < 126 ? 0 : payload.length < 65_536 ? 2 : 8;
  const headerBytes = 2 + lengthBytes + (maskKey === null ? 0 : 4);
  const frame = Buffer.allocUnsafe(headerBytes + payload.length);
  const maskBit = maskKey === null ? 0 : 0x80;
  frame[0] = 0x80 | opcode;
  frame[1] = maskBit | (lengthBytes === 0 ? payload.length : lengthBytes === 2 ? 126 : 127);
  if (lengthBytes === 2) frame.writeUInt16BE(payload.length, 2);
  if (lengthBytes === 8) frame.writeBigUInt64BE(BigInt(payload.length), 2);
  payload.copy(frame, headerBytes);
  if (maskKey !== null) {
    frame.writeUInt32BE(maskKey >>> 0, headerBytes - 4);
    applyMask(frame, headerBytes, frame.length, maskKey);
  }
  return frame;
}

/**
 * Masks or unmasks `bytes[from, to)` in place: the operation is its own inverse. For bytes from the middle of a payload,
 * turn the mask to their offset with `turnMask` first.
 */
export function applyMask(bytes: Buffer, from: number, to: number, maskKey: number): void {
  for (let i = from, shift = 24; i < to; i++, shift = (shift - 8) & 31) {
    bytes[i] = (bytes[i] ?? 0) ^ ((maskKey >>> shift) & 255);
  }
}

/** The mask as it applies from a payload offset on. */
export function turnMask(maskKey: number, offset: number): number {
  const bits = (offset & 3) * 8;
  return bits === 0 ? maskKey : (maskKey << bits) | (maskKey >>> (32 - bits));
}

/** Bytes of the header that starts at `at`, or 0 while its second byte is missing. */
export function headerSize(bytes: Buffer, at: number, end: number): number {
  if (at + 2 > end) return 0;
  const second = bytes[at + 1] ?? 0;
  const length = second & 0x7f;
  return 2 + (length < 126 ? 0 : length === 126 ? 2 : 8) + ((second & 0x80) === 0 ? 0 : 4);
}

/** The payload length in a complete header at `at`: -1 if its first bit is set, Infinity from 2^53, past any limit. */
export function payloadLengthAt(bytes: Buffer, at: number): number {
  const length = (bytes[at + 1] ?? 0) & 0x7f;
  if (length < 126) return length;
  if (length === 126) return bytes.readUInt16BE(at + 2);
  const high = bytes.readUInt32BE(at + 2);
  if (high >= 0x8000_0000) return -1;
  return high > 0x1f_ffff ? Infinity : high * 0x1_0000_0000 + bytes.readUInt32BE(at + 6);
}
