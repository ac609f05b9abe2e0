// One session on the upstream's side. Guarantees that each frame it receives is checked and each it sends is counted;
// that it answers pings and closes; and that it obeys its socket's backpressure when it floods. Leaves pacing of turns
// to the wheel of `stage.ts`.
import type { Socket } from 'node:net';
import { ANSWERS, exchangeOf, type Hello, readHello } from '../workload/behaviour.js';
import { sessionEvent } from '../workload/events.js';
import type { GroupStats } from '../workload/group-stats.js';
import { SequenceCheck } from '../workload/sequence.js';
import { nowUs } from '../workload/stamp.js';
import type { OutgoingFrame } from '../workload/outgoing.js';
import { applyMask, buildFrame, FrameReader, type FrameView, OPCODE } from '../wire/frame.js';
import type { Stage } from './stage.js';

/** A flood stops by itself here: far more than any buffer between the two ends may hold. */
const FLOOD_BYTES_MAX = 40 * 1024 * 1024;

/** A client's session as the upstream sees it. */
export class UpstreamSession {
  hello: Hello | null = null;
  /** The id of the running response, with its prefix. */
  responseId: Buffer = Buffer.alloc(26, 'x');
  /** How many responses it has begun. */
  turn = 0;
  private sequence = 0;
  private floodedBytes = 0;
  private closing = false;
  private stats: GroupStats | null = null;
  private order: SequenceCheck | null = null;
  private readonly reader = new FrameReader((frame) => this.onFrame(frame));

  constructor(
    readonly socket: Socket,
    private readonly stage: Stage,
    private readonly id: string,
  ) {}

  /** Greets, as OpenAI does before the client has said anything. */
  greet(): void {
    this.writeEvent(sessionEvent('session.created', this.id, this.stage.expiresAt));
  }

  /** Takes bytes from the socket; they may be overwritten when it returns. */
  push(bytes: Buffer, length: number): void {
    this.reader.push(bytes, length);
  }

  /** Sends one frame of the workload. */
  send(frame: OutgoingFrame): boolean {
    const { hello, stats, socket } = this;
    if (!hello || !stats || socket.destroyed || this.closing) return false;
    stats.sent += 1;
    return frame.send(socket, this.sequence++, hello.session, this.responseId);
  }

  /** Gives the next response its own id, unique over runs. */
  beginResponse(): void {
    this.turn += 1;
    this.responseId = Buffer.from(`resp_${this.id.slice(0, 16)}${this.turn.toString(36).padStart(5, '0')}`);
  }

  /** Ends the session at once, on the benchmark's own wish. */
  cut(): void {
    this.closing = true;
    this.socket.destroy();
  }

  /** The socket is gone. */
  onClose(): void {
    if (this.stats && !this.closing) this.stats.endedEarly += 1;
    this.closing = true;
  }

  private onFrame(frame: FrameView): void {
    if (frame.opcode === OPCODE.text) {
      if (this.hello) this.onWorkload(frame);
      else this.onHello(frame);
      return;
    }
    const payload = Buffer.from(frame.bytes.subarray(frame.start, frame.end));
    applyMask(payload, 0, payload.length, frame.maskKey);
    if (frame.opcode === OPCODE.ping) this.socket.write(buildFrame(OPCODE.pong, payload));
    if (frame.opcode === OPCODE.close && !this.closing) {
      this.closing = true;
      this.socket.end(buildFrame(OPCODE.close, payload));
    }
  }

  private onHello(frame: FrameView): void {
    const payload = Buffer.from(frame.bytes.subarray(frame.start, frame.end));
    applyMask(payload, 0, payload.length, frame.maskKey);
    const hello = readHello(payload.toString());
    if (!hello) return;
    this.hello = hello;
    this.stats = this.stage.group(hello.group);
    this.order = new SequenceCheck(this.stats.integrity);
    this.writeEvent(sessionEvent('session.updated', this.id, this.stage.expiresAt));
    if (hello.behaviour === 'flood') this.flood();
    else if (hello.behaviour === 'stall') this.socket.pause();
    else this.stage.enter(this);
  }

  private onWorkload(frame: FrameView): void {
    const { stats, stage, hello } = this;
    if (!stats || !hello) return;
    // A client's frame must be masked (RFC 6455 section 5.1): a real upstream would hang up on one that is not.
    const verdict = frame.masked ? stage.verifier.check(frame) : 'altered';
    if (verdict !== 'intact') {
      stats.integrity[verdict] += 1;
      stats.fault(`upstream received a frame that is ${verdict}, ${frame.end - frame.start} bytes`);
      return;
    }
    const { stamp } = stage.verifier;
    if (stamp.session !== hello.session) {
      stats.integrity.altered += 1;
      stats.fault(`a frame of session ${stamp.session} arrived in session ${hello.session}`);
      return;
    }
    this.order?.take(stamp.sequence);
    stats.take(frame.end - frame.start, nowUs() - stamp.sentUs, false);
    const exchange = exchangeOf(hello.behaviour);
    if (exchange) for (let i = 0; i < ANSWERS[exchange]; i++) this.send(stage.frames.answer[exchange]);
  }

  private flood(): void {
    const frame = this.stage.frames.answer['exchange-large'];
    while (this.floodedBytes < FLOOD_BYTES_MAX) {
      this.floodedBytes += frame.template.payload.length;
      if (this.send(frame)) continue;
      if (!this.socket.destroyed) this.socket.once('drain', () => this.flood());
      return;
    }
  }

  private writeEvent(text: string): void {
    this.socket.write(buildFrame(OPCODE.text, Buffer.from(text)));
  }
}
