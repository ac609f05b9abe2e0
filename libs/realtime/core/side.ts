// One connection of a session and its manners: answers pings, pings itself, notices a dead peer, and does the closing
// handshake within a deadline. What a close or a loss means for the session is the session's to say.
import { readClosePayload, type PeerClose } from './close-code.js';
import type { FlowCounters } from './counters.js';
import type { FlowControl } from './flow-control.js';
import { OPCODE } from './frame-codec.js';
import type { Violation } from './frame-scanner.js';
import type { RelayLimits } from './limits.js';
import type { Outlet } from './outlet.js';
import type { Direction, RelayProbe } from './probe.js';
import type { Pump, PumpListener } from './pump.js';
import type { Ticker } from './ticker.js';
import type { Wire, WireListener } from './wire.js';

/** What a side reports; at most one of the first three, and only once. */
export interface SideListener {
  onPeerClose(close: PeerClose): void;
  onViolation(violation: Violation): void;
  /** The connection broke, ended without a close frame, or the peer stopped answering. */
  onLost(detail: string): void;
  /** The tap of this side's messages failed. */
  onTapFailure(error: unknown): void;
}

/** What a side is made of. */
export interface SideParts {
  readonly direction: Direction;
  readonly wire: Wire;
  /** Sends to this side. */
  readonly outlet: Outlet;
  /** Sends this side's frames to the other. */
  readonly otherOutlet: Outlet;
  /** Stops this side when the other is slow, and the reverse. */
  readonly flow: FlowControl;
  readonly otherFlow: FlowControl;
  readonly counters: FlowCounters;
  readonly limits: RelayLimits;
  readonly ticker: Ticker;
  readonly probe: RelayProbe;
  readonly listener: SideListener;
  /** Builds the pump of this side's frames, which reports to the side. */
  readonly pump: (listener: PumpListener) => Pump;
}

// One chunk in this many is timed: reading the clock for each would cost more than the sniff.
const SAMPLE_EVERY = 64;

/** One connection. */
export class Side implements WireListener, PumpListener {
  readonly pump: Pump;
  private chunks = 0;
  private sampledAtMs: number | null = null;
  private bytesSeen = 0;
  private aliveAtMs: number;
  private pingedAtMs: number;
  /** Nothing that matters will come from the peer any more: it said goodbye, hung up, or cannot be understood. */
  private peerIsDone = false;
  private lost: string | null = null;
  private reported = false;
  private gone = false;
  private closeDeadlineMs = Infinity;
  private readonly whenGone: Promise<void>;
  private resolveGone: () => void = () => undefined;

  constructor(private readonly parts: SideParts) {
    this.aliveAtMs = this.pingedAtMs = parts.ticker.nowMs();
    this.pump = parts.pump(this);
    this.whenGone = new Promise((resolve) => (this.resolveGone = resolve));
  }

  /** The wire is closed and its resources are free. */
  get isGone(): boolean {
    return this.gone;
  }

  /** Starts reading, what was read before first. */
  start(head: Buffer): void {
    this.parts.wire.listen(this);
    if (head.length > 0) this.onData(head);
    this.parts.flow.start();
  }

  onData(chunk: Buffer): void {
    if (this.chunks++ % SAMPLE_EVERY === 0) this.sampledAtMs ??= this.parts.ticker.nowMs();
    this.pump.push(chunk);
    if (this.sampledAtMs !== null && !this.pump.busy) this.reportDelay(this.sampledAtMs);
  }

  onWritable(): void {
    this.parts.otherFlow.onWritable();
    this.parts.outlet.onWritable();
  }

  onEnd(): void {
    this.lose('the connection ended without a close frame');
    this.peerIsDone = true;
    this.finishClose();
  }

  onClosed(error: Error | null): void {
    this.gone = true;
    this.parts.outlet.detach();
    this.parts.otherFlow.sinkGone();
    this.lose(
      error === null ? 'the connection closed without a close frame' : `the connection broke: ${error.message}`,
    );
    this.resolveGone();
  }

  onControl(opcode: number, payload: Buffer): void {
    if (opcode === OPCODE.ping) this.parts.outlet.sendPong(payload);
    if (opcode === OPCODE.close) this.onCloseFrame(payload);
  }

  onViolation(violation: Violation): void {
    this.peerIsDone = true;
    this.report(() => this.parts.listener.onViolation(violation));
  }

  onFailure(error: unknown): void {
    this.peerIsDone = true;
    this.parts.otherOutlet.forwardingEnded();
    this.parts.listener.onTapFailure(error);
  }

  onIdle(): void {
    if (this.sampledAtMs !== null) this.reportDelay(this.sampledAtMs);
    if (this.lost !== null) this.lose(this.lost);
  }

  /**
   * Sends the close frame as soon as the forwarded stream allows and cuts the connection when the peer has answered, or
   * at the deadline. Resolves when the wire is gone.
   */
  close(close: PeerClose | null, deadlineMs: number): Promise<void> {
    if (this.gone) return this.whenGone;
    const { outlet, wire, ticker } = this.parts;
    this.closeDeadlineMs = Math.min(this.closeDeadlineMs, ticker.nowMs() + deadlineMs);
    if (close === null) {
      wire.destroy();
      return this.whenGone;
    }
    outlet.sendClose(close.code, close.reason);
    this.finishClose();
    return this.whenGone;
  }

  /** The other side will send nothing more. */
  forwardingEnded(): void {
    this.parts.outlet.forwardingEnded();
    this.finishClose();
  }

  /** Once per tick. */
  sweep(nowMs: number): void {
    if (this.gone) return;
    const { wire, outlet, counters, limits, flow } = this.parts;
    if (counters.bytes !== this.bytesSeen) {
      this.bytesSeen = counters.bytes;
      this.aliveAtMs = counters.lastActivityMs = nowMs;
    }
    if (flow.paused) this.aliveAtMs = nowMs;
    this.finishClose();
    if (nowMs >= this.closeDeadlineMs) return wire.destroy();
    if (nowMs - this.aliveAtMs > limits.deadPeerMs) {
      this.lose(`nothing came for ${limits.deadPeerMs} ms, pings unanswered`);
      return wire.destroy();
    }
    if (nowMs - this.pingedAtMs < limits.pingIntervalMs) return;
    this.pingedAtMs = nowMs;
    if (!outlet.finished) outlet.sendPing();
  }

  private onCloseFrame(payload: Buffer): void {
    const close = readClosePayload(payload);
    if (close === null) return this.onViolation('close_invalid');
    this.peerIsDone = true;
    this.report(() => this.parts.listener.onPeerClose(close));
    this.finishClose();
  }

  /** Both sides said goodbye, or ours cannot: nothing is left to wait for but the end of the stream. */
  private finishClose(): void {
    const { outlet, wire } = this.parts;
    if (this.closeDeadlineMs === Infinity) return;
    if (outlet.stuck || (outlet.saidClose && this.peerIsDone)) wire.end();
  }

  private lose(detail: string): void {
    this.lost = detail;
    // What came before the loss is dealt with first: a close frame may be among it.
    if (!this.pump.busy) this.report(() => this.parts.listener.onLost(detail));
  }

  private report(what: () => void): void {
    if (this.reported) return;
    this.reported = true;
    this.pump.stop();
    this.parts.otherOutlet.forwardingEnded();
    what();
  }

  private reportDelay(sinceMs: number): void {
    this.sampledAtMs = null;
    this.parts.probe.relayDelay(this.parts.direction, (this.parts.ticker.nowMs() - sinceMs) / 1000);
  }
}
