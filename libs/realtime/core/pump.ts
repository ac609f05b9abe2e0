// One direction of a session. Frames that nobody asked about go to the other side as they came, as one write for each
// chunk read, however many frames it holds. Control frames end here (they belong to one hop) and are cut out. Messages
// that the tap wants are held, judged, and let go in their place: nothing overtakes them, nothing is lost.
import type { FlowCounters } from './counters.js';
import type { FlowControl } from './flow-control.js';
import { OPCODE, applyMask, encodeFrame, turnMask } from './frame-codec.js';
import { FrameScanner, type Violation } from './frame-scanner.js';
import { HeldMessage } from './held-message.js';
import type { RelayLimits } from './limits.js';
import type { Outlet } from './outlet.js';
import { NEED_MORE, SNIFF_BYTES_MAX } from './sniff-type.js';
import { sniffHeld, sniffPiece, sniffWhole } from './sniff-piece.js';
import { BINARY_TYPE, UNKNOWN_TYPE, type FrameTap, type FrameVerdict } from './tap.js';
import type { Wire } from './wire.js';

/** What a pump finds that is not forwarded. */
export interface PumpListener {
  /** A ping, pong or close frame, unmasked. The payload may be kept. Nothing is read after a close. */
  onControl(opcode: number, payload: Buffer): void;
  /** The stream is invalid; nothing more is read. */
  onViolation(violation: Violation): void;
  /** The tap threw or rejected; nothing more is read. */
  onFailure(error: unknown): void;
  /** Everything that was pushed while a verdict was due is dealt with. */
  onIdle(): void;
}

/** What a pump is made of. */
export interface PumpParts {
  /** Whose frames these are: a client's are masked. */
  readonly sender: 'client' | 'server';
  /** The one to begin with; see `setTap`. */
  readonly tap: FrameTap | null;
  readonly source: Wire;
  readonly outlet: Outlet;
  readonly flow: FlowControl;
  readonly counters: FlowCounters;
  readonly limits: RelayLimits;
  /** Masks the frames that replace held messages; null when the receiver is a client. */
  readonly maskKey: (() => number) | null;
  readonly listener: PumpListener;
}

const NO_BYTES = Buffer.alloc(0);

/** Moves one direction. */
export class Pump {
  private readonly scanner: FrameScanner;
  private control: Buffer = NO_BYTES;
  private chunk: Buffer = NO_BYTES;
  private memory: Wire['memory'] = 'reused';
  /** Bytes [runStart, runEnd) of the chunk will pass and are not yet written. */
  private runStart = 0;
  private runEnd = 0;
  /** What is done with the current message. */
  private course: 'undecided' | 'passing' | 'holding' | 'discarding' = 'passing';
  /** A passing message, or frame of it, is begun and not complete at `runEnd`. */
  private messageOpen = false;
  private frameOpen = false;
  private held: HeldMessage | null = null;
  private heldType = UNKNOWN_TYPE;
  /** Of the passing message, when the tap wants to know that it went by. */
  private notedType: string | null = null;
  private isBinary = false;
  private waiting = false;
  /** Read while a verdict is due. Bounded: the source stands still meanwhile. */
  private readonly backlog: Buffer[] = [];
  private stopped = false;
  private discardsMessages = false;
  private tap: FrameTap | null = null;
  private sniffsWhole = false;
  /** Room to unmask the first bytes of a masked message; null while nothing is looked at. */
  private scratch: Buffer | null = null;

  constructor(private readonly parts: PumpParts) {
    this.scanner = new FrameScanner(parts.sender === 'client' ? 'required' : 'forbidden', parts.limits);
    this.setTap(parts.tap);
  }

  /** Shows messages to this tap from now on: those that begin, and one whose fate is not decided yet. */
  setTap(tap: FrameTap | null): void {
    this.tap = tap;
    this.sniffsWhole = tap?.typesFrom === 'whole';
    if (tap !== null && this.parts.sender === 'client') this.scratch ??= Buffer.alloc(SNIFF_BYTES_MAX);
  }

  /** A verdict is due, and bytes may be waiting behind it. */
  get busy(): boolean {
    return this.waiting;
  }

  /** Takes bytes from the source. */
  push(chunk: Buffer): void {
    this.parts.counters.bytes += chunk.length;
    if (this.stopped) return;
    if (this.waiting) this.backlog.push(Buffer.from(chunk));
    else this.scan(chunk, this.parts.source.memory);
  }

  /**
   * From the next message on nothing is forwarded or shown to the tap, and a message that waits for its verdict is dropped;
   * control frames still are handled.
   */
  discardMessages(): void {
    this.discardsMessages = true;
  }

  /** Nothing is read any more, control frames included. */
  stop(): void {
    this.stopped = true;
    this.backlog.length = 0;
  }

  private scan(chunk: Buffer, memory: Wire['memory']): void {
    this.chunk = chunk;
    this.memory = memory;
    this.runStart = this.runEnd = 0;
    this.scanner.feed(chunk);
    try {
      this.scanChunk();
    } catch (error) {
      this.fail(error);
    }
  }

  private scanChunk(): void {
    while (!this.stopped && !this.waiting) {
      switch (this.scanner.next()) {
        case 'header':
          this.onHeader();
          break;
        case 'payload':
          this.onPayload();
          break;
        case 'starved':
          if (this.course === 'undecided' && this.held === null) this.holdFromHere();
          this.flushRun();
          return;
        case 'violation':
          this.flushRun();
          this.stop();
          this.parts.listener.onViolation(this.scanner.violation ?? 'length_invalid');
          return;
      }
    }
  }

  private onHeader(): void {
    this.parts.counters.frames++;
    if (this.scanner.isControl) {
      this.flushRun();
      this.control = Buffer.allocUnsafe(this.scanner.payloadLength);
      return;
    }
    if (this.scanner.startsMessage) this.startMessage();
    if (this.course === 'passing') this.passHeader();
    else this.held?.appendFrame(this.scanner, this.chunk);
  }

  private startMessage(): void {
    this.held = null;
    this.isBinary = this.scanner.opcode === OPCODE.binary;
    if (this.discardsMessages) {
      this.flushRun();
      this.course = 'discarding';
    } else {
      this.course = this.tap === null ? 'passing' : 'undecided';
    }
  }

  private onPayload(): void {
    const { scanner } = this;
    if (scanner.isControl) return this.onControlPiece();
    if (scanner.messageEnds) this.parts.counters.messages++;
    if (this.course === 'passing') this.passPiece();
    else if (this.course !== 'discarding') this.holdPiece();
    if (this.notedType !== null && scanner.messageEnds) this.note(this.notedType);
  }

  private note(type: string): void {
    this.notedType = null;
    this.tap?.noted?.(type, this.scanner.messageBytes);
  }

  private onControlPiece(): void {
    const { scanner, control } = this;
    const { pieceStart, pieceEnd, pieceOffset } = scanner;
    const end = pieceOffset + this.chunk.copy(control, pieceOffset, pieceStart, pieceEnd);
    if (scanner.masked) applyMask(control, pieceOffset, end, turnMask(scanner.maskKey, pieceOffset));
    if (!scanner.frameEnds) return;
    if (scanner.opcode === OPCODE.close) this.stop();
    this.parts.listener.onControl(scanner.opcode, control);
  }

  private passHeader(): void {
    const { scanner } = this;
    this.messageOpen = this.frameOpen = true;
    if (scanner.carried > 0) this.write(scanner.headerBytes.subarray(0, scanner.carried), 'reused');
    if (this.runStart === this.runEnd) this.runStart = scanner.frameStart;
    this.runEnd = scanner.position;
  }

  private passPiece(): void {
    const { scanner } = this;
    if (this.runStart === this.runEnd) this.runStart = scanner.pieceStart;
    this.runEnd = scanner.pieceEnd;
    if (scanner.frameEnds) this.frameOpen = false;
    if (scanner.messageEnds) this.messageOpen = false;
  }

  /** Keeps back the current message from its header on. */
  private holdFromHere(): HeldMessage {
    this.flushRun();
    const held = new HeldMessage(this.scanner.payloadLength);
    held.appendFrame(this.scanner, this.chunk);
    return (this.held = held);
  }

  private holdPiece(): void {
    const { scanner } = this;
    const isFirst = this.held === null;
    this.held?.append(this.chunk, scanner.pieceStart, scanner.pieceEnd);
    if (this.course === 'undecided') {
      const type = this.isBinary ? BINARY_TYPE : this.sniff();
      if (type === NEED_MORE) {
        if (isFirst) this.holdFromHere();
        return;
      }
      this.decide(type);
    }
    if (this.held !== null && scanner.messageEnds) this.judge(this.held);
  }

  private sniff(): string {
    const { scanner, held, chunk } = this;
    if (this.sniffsWhole) return sniffWhole(scanner, chunk, held);
    return held === null ? sniffPiece(scanner, chunk, this.scratch) : sniffHeld(scanner, held);
  }

  /** The type is known: the message passes, what was kept back of it first, or is held to its end. */
  private decide(type: string): void {
    const bytes = this.sniffsWhole ? this.scanner.messageBytes : this.scanner.payloadLength;
    const interest = this.tap?.interest(type, bytes) ?? 'pass';
    if (interest === 'hold') {
      this.course = 'holding';
      this.heldType = type;
      this.held ??= this.holdFromHere();
      return;
    }
    if (interest === 'note') this.notedType = type;
    this.course = 'passing';
    if (this.held === null) {
      this.passHeader();
      return this.passPiece();
    }
    this.messageOpen = !this.scanner.messageEnds;
    this.frameOpen = !this.scanner.frameEnds;
    this.write(this.held.frames(), 'fresh');
    this.held = null;
  }

  private judge(held: HeldMessage): void {
    const { counters } = this.parts;
    this.held = null;
    this.course = 'passing';
    counters.held++;
    const frames = held.frames();
    const verdict = this.tap?.message(this.heldType, held.payload(Infinity)) ?? 'forward';
    if (typeof verdict === 'object' && 'then' in verdict) this.awaitVerdict(frames, verdict);
    else this.carryOut(verdict, frames);
  }

  private carryOut(verdict: FrameVerdict, frames: Buffer): void {
    if (verdict === 'forward') return this.write(frames, 'fresh');
    if (verdict === 'drop') return;
    const { maskKey } = this.parts;
    const payloads = Buffer.isBuffer(verdict.replace) ? [verdict.replace] : verdict.replace;
    for (const payload of payloads) this.write(encodeFrame(OPCODE.text, payload, maskKey && maskKey()), 'fresh');
  }

  private awaitVerdict(frames: Buffer, verdict: Promise<FrameVerdict>): void {
    const rest = this.chunk.subarray(this.scanner.position);
    if (rest.length > 0) this.backlog.unshift(Buffer.from(rest));
    this.waiting = true;
    this.parts.flow.awaitVerdict();
    verdict.then((given) => this.resume(given, frames)).catch((error: unknown) => this.fail(error));
  }

  private resume(verdict: FrameVerdict, frames: Buffer): void {
    if (this.stopped) return;
    this.waiting = false;
    // What the session ended before is as if it had never been sent.
    this.carryOut(this.discardsMessages ? 'drop' : verdict, frames);
    for (let next = this.backlog.shift(); next !== undefined; next = this.backlog.shift()) {
      this.scan(next, 'fresh');
      if (this.waiting) return;
    }
    this.parts.flow.verdictGiven();
    this.parts.listener.onIdle();
  }

  private flushRun(): void {
    const { chunk, runStart, runEnd } = this;
    if (runStart === runEnd) return;
    this.runStart = this.runEnd;
    this.write(runStart === 0 && runEnd === chunk.length ? chunk : chunk.subarray(runStart, runEnd), this.memory);
  }

  private write(bytes: Buffer, memory: Wire['memory']): void {
    const boundary = this.frameOpen ? 'inside_frame' : this.messageOpen ? 'between_frames' : 'between_messages';
    if (!this.parts.outlet.forward(bytes, boundary, memory)) this.parts.flow.afterWrite();
  }

  private fail(error: unknown): void {
    this.stop();
    this.parts.listener.onFailure(error);
  }
}
