// A frame that is sent again and again with a new stamp. Guarantees that no byte of a frame that a socket still queues
// is touched: a queued frame is left to the socket and the next stamp goes into a copy. So a send costs a copy only
// under backpressure. Leaves pacing to others.
import type { Socket } from 'node:net';
import { buildFrame, headerBytes, OPCODE } from '../wire/frame.js';
import { nowUs, STAMP_CHARS, writeStamp } from './stamp.js';
import type { Template } from './templates.js';

const scratch = new Uint8Array(STAMP_CHARS);

/** Writes one template to sockets. */
export class OutgoingFrame {
  private frame: Buffer;
  private readonly payloadAt: number;

  /** @param maskKey a client's mask; absent on the server side. */
  constructor(
    readonly template: Template,
    private readonly maskKey?: number,
  ) {
    this.frame = buildFrame(OPCODE.text, template.payload, maskKey);
    this.payloadAt = headerBytes(template.payload.length, maskKey !== undefined);
  }

  /** Stamps the frame with this moment and writes it; false when the socket is now over its own high-water mark. */
  send(socket: Socket, sequence: number, session: number, responseId?: Uint8Array): boolean {
    const { template } = this;
    const salt = template.responseIdAt < 0 ? undefined : responseId;
    writeStamp(scratch, 0, { sequence, sentUs: nowUs(), session, template: template.index }, salt);
    this.patch(template.stampAt, scratch);
    if (salt) this.patch(template.responseIdAt, salt);
    const goOn = socket.write(this.frame);
    if (socket.writableLength > 0) this.frame = Buffer.from(this.frame);
    return goOn;
  }

  private patch(at: number, bytes: Uint8Array): void {
    const { frame, maskKey } = this;
    const start = this.payloadAt + at;
    if (maskKey === undefined) {
      frame.set(bytes, start);
      return;
    }
    for (let i = 0; i < bytes.length; i++) {
      frame[start + i] = (bytes[i] ?? 0) ^ ((maskKey >>> (24 - 8 * ((at + i) & 3))) & 255);
    }
  }
}
