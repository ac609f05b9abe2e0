// The sending side of one wire. Two things write to it: the pump that forwards the other side's frames, and the session
// that has something of its own to say. The outlet keeps them apart: a control frame goes out only between frames, a
// text message only between messages, and nothing at all after our close frame.
import { OPCODE, encodeFrame } from './frame-codec.js';
import { closePayload } from './close-code.js';
import type { Wire } from './wire.js';

/** Where the forwarded stream stands: what may be said now. */
export type Boundary = 'between_messages' | 'between_frames' | 'inside_frame';

/** The most texts that wait for a message boundary. More than a few means that the sender of the message is stuck. */
const WAITING_TEXTS_MAX = 64;

/** Sends frames to one side. */
export class Outlet {
  private boundary: Boundary = 'between_messages';
  private readonly waitingTexts: Buffer[] = [];
  /** Only the latest ping needs an answer (RFC 6455 section 5.5.3), which bounds what a ping flood can queue. */
  private waitingPong: Buffer | null = null;
  private pingWaits = false;
  private waitingClose: Buffer | null = null;
  private somethingWaits = false;
  private forwardingIsOver = false;
  private closeSent = false;
  private gone = false;

  /** @param maskKey a fresh random mask per frame when we are the client of this wire, null when its server. */
  constructor(
    private readonly wire: Wire,
    private readonly maskKey: (() => number) | null,
    private readonly pongBytesMax: number,
  ) {}

  /** Nothing more can be sent: our close frame is out, or the wire is gone. */
  get finished(): boolean {
    return this.closeSent || this.gone;
  }

  /** Our close frame was written. */
  get saidClose(): boolean {
    return this.closeSent;
  }

  /** Forwards frames of the other side. Returns false if the wire had to buffer. */
  forward(bytes: Buffer, boundary: Boundary, memory: Wire['memory']): boolean {
    if (this.finished || this.forwardingIsOver) return true;
    const taken = memory === 'fresh' ? this.wire.writeOwned(bytes) : this.wire.write(bytes);
    this.boundary = boundary;
    if (this.somethingWaits) this.flush();
    return taken;
  }

  /** Sends a text message at the next message boundary. False if it never will be. */
  sendText(payload: Buffer): boolean {
    if (this.finished || this.waitingClose !== null || this.waitingTexts.length >= WAITING_TEXTS_MAX) return false;
    this.waitingTexts.push(payload);
    this.flush();
    return true;
  }

  /** Sends an empty ping at the next frame boundary. */
  sendPing(): void {
    this.pingWaits = true;
    this.flush();
  }

  /** Answers a ping at the next frame boundary, unless the peer does not read its answers. */
  sendPong(payload: Buffer): void {
    this.waitingPong = payload;
    this.flush();
  }

  /** Sends the close frame at the next frame boundary, after texts that can still go; nothing after it. */
  sendClose(code: number, reason: string): void {
    if (this.finished || this.waitingClose !== null) return;
    this.waitingClose = closePayload(code, reason);
    this.flush();
  }

  /** The wire's buffer shrank: an answer that waited for that can go. */
  onWritable(): void {
    if (this.somethingWaits) this.flush();
  }

  /** No more bytes are forwarded: says what waits now, as far as the place it stopped at allows. */
  forwardingEnded(): void {
    this.forwardingIsOver = true;
    this.flush();
  }

  /** The forwarded stream stopped inside a frame for good, so that not even a close frame can be sent. */
  get stuck(): boolean {
    return this.forwardingIsOver && this.boundary === 'inside_frame';
  }

  /** The wire is gone. */
  detach(): void {
    this.gone = true;
    this.waitingTexts.length = 0;
  }

  private flush(): void {
    this.somethingWaits = true;
    if (this.finished || this.boundary === 'inside_frame') return;
    if (this.boundary === 'between_messages') {
      for (const text of this.waitingTexts) this.writeFrame(OPCODE.text, text);
    }
    if (this.boundary === 'between_messages' || this.forwardingIsOver) this.waitingTexts.length = 0;
    if (this.waitingPong !== null && this.wire.bufferedBytes <= this.pongBytesMax) {
      this.writeFrame(OPCODE.pong, this.waitingPong);
      this.waitingPong = null;
    }
    if (this.pingWaits) this.writeFrame(OPCODE.ping, Buffer.alloc(0));
    this.pingWaits = false;
    if (this.waitingClose !== null && this.waitingTexts.length === 0) {
      this.writeFrame(OPCODE.close, this.waitingClose);
      this.closeSent = true;
    }
    this.somethingWaits = this.waitingTexts.length > 0 || this.waitingPong !== null || this.waitingClose !== null;
  }

  private writeFrame(opcode: number, payload: Buffer): void {
    this.wire.writeOwned(encodeFrame(opcode, payload, this.maskKey === null ? null : this.maskKey()));
  }
}
