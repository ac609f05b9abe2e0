// What the gateway says itself before a session runs: to the upstream on its own behalf, and to the client in the upstream's
// place.
import { encodeFrame, OPCODE } from '../../core/frame-codec.js';
import type { Wire } from '../../core/wire.js';

/** Sends a text message as a client does. @param maskKey a fresh random mask. */
export function sayAsClient(wire: Wire, text: string, maskKey: number): void {
  wire.writeOwned(encodeFrame(OPCODE.text, Buffer.from(text), maskKey));
}

/** A text message as a server sends it, raw. */
export function serverMessage(payload: Buffer): Buffer {
  return encodeFrame(OPCODE.text, payload, null);
}
