// One call: a client wire and an upstream wire, relayed both ways until the first end cause. It latches that cause once
// and tells it; what follows (settlement) is for the caller to order with `closeUpstream` and `closeClient`, so that the
// tail of a running response can be read, and metered, after the client is gone.
import { newFlowCounters, type FlowCounters, type SessionCounters } from './counters.js';
import { closeForClient, endError, type EndCause, type EndedBy } from './end-cause.js';
import { errorEvent } from './error-text.js';
import { FlowControl } from './flow-control.js';
import { isTooLarge, type Violation } from './frame-scanner.js';
import type { RelayLimits } from './limits.js';
import { Outlet } from './outlet.js';
import type { Direction, RelayProbe } from './probe.js';
import { Pump, type PumpListener } from './pump.js';
import { Side, type SideListener } from './side.js';
import type { FrameTap } from './tap.js';
import type { Ticker } from './ticker.js';
import type { Wire } from './wire.js';
import { isSendableCloseCode, type PeerClose } from './close-code.js';

/** Who sees the messages of each direction; null: nobody, and they are not even sniffed. */
export interface DirectionTaps {
  readonly fromClient: FrameTap | null;
  readonly fromUpstream: FrameTap | null;
}

/** What a session is made of. The session owns both wires from its construction on. */
export interface SessionParts {
  /** For error events; any text that is unique per session. */
  readonly id: string;
  readonly client: Wire;
  readonly upstream: Wire;
  /** Bytes already read from either side; scanned first, like any others. */
  readonly clientHead: Buffer;
  readonly upstreamHead: Buffer;
  /** Those to begin with; see `setTaps`. */
  readonly taps: DirectionTaps;
  readonly limits: RelayLimits;
  readonly ticker: Ticker;
  readonly probe: RelayProbe;
  /** A fresh random 32-bit number per frame that we send upstream (RFC 6455 section 5.3). */
  readonly maskKey: () => number;
}

/** One call. `end` is the only way out; what happens after it (settlement) is the caller's to order. */
export class Session {
  readonly id: string;
  readonly counters: SessionCounters;
  /** Resolves with the first end cause, exactly once. Never rejects. */
  readonly ended: Promise<EndedBy>;

  private endedBy: EndedBy | null = null;
  private resolveEnded: (ended: EndedBy) => void = () => undefined;
  private readonly client: Side;
  private readonly upstream: Side;
  private readonly clientOutlet: Outlet;
  private readonly upstreamOutlet: Outlet;
  /** From the client to the upstream, and back. */
  private readonly flowUp: FlowControl;
  private readonly flowDown: FlowControl;
  private stopTicking: () => void = () => undefined;
  private readonly startedAtMs: number;
  private messagesSeen = 0;
  private busyAtMs: number;

  constructor(private readonly parts: SessionParts) {
    const { client, upstream, limits, ticker, maskKey } = parts;
    this.id = parts.id;
    this.startedAtMs = this.busyAtMs = ticker.nowMs();
    const fromClient = newFlowCounters(this.startedAtMs);
    const fromUpstream = newFlowCounters(this.startedAtMs);
    this.counters = { fromClient, fromUpstream };
    this.ended = new Promise((resolve) => (this.resolveEnded = resolve));
    this.clientOutlet = new Outlet(client, null, limits.highWaterBytes);
    this.upstreamOutlet = new Outlet(upstream, maskKey, limits.highWaterBytes);
    this.flowUp = new FlowControl(client, upstream, limits, fromClient, (why) => this.giveUp('slow_upstream', why));
    this.flowDown = new FlowControl(upstream, client, limits, fromUpstream, (why) => this.giveUp('slow_client', why));
    this.client = this.side('fromClient', fromClient, this.clientEvents());
    this.upstream = this.side('fromUpstream', fromUpstream, this.upstreamEvents());
  }

  /** Shows messages to these taps from now on. What a tap holds stays its own until its verdict. */
  setTaps({ fromClient, fromUpstream }: DirectionTaps): void {
    this.client.pump.setTap(fromClient);
    this.upstream.pump.setTap(fromUpstream);
  }

  /** Starts both pumps, heads first. */
  start(): void {
    this.stopTicking = this.parts.ticker.add((nowMs) => this.sweep(nowMs));
    this.upstream.start(this.parts.upstreamHead);
    this.client.start(this.parts.clientHead);
  }

  /** Latches the cause unless one is latched already. Client input stops; the upstream is still read. */
  end(cause: EndCause, detail: string | null = null, peerClose: PeerClose | null = null): void {
    if (this.endedBy !== null) return;
    this.endedBy = { cause, detail, peerClose, atMs: this.parts.ticker.nowMs() };
    this.client.pump.discardMessages();
    this.resolveEnded(this.endedBy);
  }

  /** Whether an end cause is latched. */
  get isEnding(): boolean {
    return this.endedBy !== null;
  }

  /** Sends a text message to the client at the next message boundary. False if it cannot be sent any more. */
  sendClient(text: string | Buffer): boolean {
    const sent = this.clientOutlet.sendText(typeof text === 'string' ? Buffer.from(text) : text);
    this.flowDown.afterWrite();
    return sent;
  }

  /** Sends a text message upstream at the next message boundary. False if it cannot be sent any more. */
  sendUpstream(text: string): boolean {
    const sent = this.upstreamOutlet.sendText(Buffer.from(text));
    this.flowUp.afterWrite();
    return sent;
  }

  /** Discards all further messages of the client; its pings and its close are still answered. */
  stopClientInput(): void {
    this.client.pump.discardMessages();
  }

  /**
   * Closes the upstream: close frame, wait for its answer up to the deadline, then cut. Its messages are read and shown
   * to the tap until then. A code that may not be sent becomes 1000. Resolves when the wire is gone.
   */
  closeUpstream(code: number, reason: string, deadlineMs: number): Promise<void> {
    return this.upstream.close({ code: isSendableCloseCode(code) ? code : 1000, reason }, deadlineMs);
  }

  /** Cuts the upstream off without a word more; nothing of it is read from then on. Resolves when the wire is gone. */
  cutUpstream(): Promise<void> {
    return this.upstream.close(null, 0);
  }

  /**
   * Closes the client as the latched end cause says (error event, close frame), waits for its close up to the deadline,
   * then cuts. Ends the session with `internal_error` if nothing ended it before. Resolves when the wire is gone.
   */
  closeClient(deadlineMs: number): Promise<void> {
    this.end('internal_error', 'the client was closed before the session had ended');
    const ended = this.endedBy;
    if (ended === null) return Promise.resolve();
    const error = endError(ended.cause);
    if (error !== null) this.clientOutlet.sendText(Buffer.from(errorEvent(error, `event_end_${this.id}`)));
    return this.client.close(closeForClient(ended), deadlineMs);
  }

  private side(direction: Direction, counters: FlowCounters, listener: SideListener): Side {
    const { client, upstream, taps, limits, ticker, probe, maskKey } = this.parts;
    const isClient = direction === 'fromClient';
    const wire = isClient ? client : upstream;
    const flow = isClient ? this.flowUp : this.flowDown;
    const otherOutlet = isClient ? this.upstreamOutlet : this.clientOutlet;
    const pump = (pumpListener: PumpListener): Pump =>
      new Pump({
        sender: isClient ? 'client' : 'server',
        tap: taps[direction],
        source: wire,
        outlet: otherOutlet,
        flow,
        counters,
        limits,
        maskKey: isClient ? maskKey : null,
        listener: pumpListener,
      });
    return new Side({
      direction,
      wire,
      outlet: isClient ? this.clientOutlet : this.upstreamOutlet,
      otherOutlet,
      flow,
      otherFlow: isClient ? this.flowDown : this.flowUp,
      counters,
      limits,
      ticker,
      probe,
      listener,
      pump,
    });
  }

  private clientEvents(): SideListener {
    return {
      onPeerClose: (close) => this.end('client_closed', null, close),
      onViolation: (violation) =>
        this.end(isTooLarge(violation) ? 'message_too_large' : 'client_protocol_error', violation),
      onLost: (detail) => this.end('client_lost', detail),
      onTapFailure: (error) => this.end('internal_error', describe(error)),
    };
  }

  private upstreamEvents(): SideListener {
    return {
      // 1001 is what an upstream says when a session reached its longest time; anything else is its own reason.
      onPeerClose: (close) => this.end(close.code === 1001 ? 'upstream_expired' : 'upstream_closed', null, close),
      onViolation: (violation: Violation) => this.end('upstream_protocol_error', violation),
      onLost: (detail) => this.end('upstream_lost', detail),
      onTapFailure: (error) => this.end('internal_error', describe(error)),
    };
  }

  /** A receiver is too slow: it gets nothing more, so that its sender can still be read to the end. */
  private giveUp(cause: 'slow_client' | 'slow_upstream', detail: string): void {
    this.end(cause, detail);
    const isClient = cause === 'slow_client';
    (isClient ? this.clientOutlet : this.upstreamOutlet).forwardingEnded();
    (isClient ? this.flowDown : this.flowUp).sinkGone();
  }

  private sweep(nowMs: number): void {
    this.client.sweep(nowMs);
    this.upstream.sweep(nowMs);
    if (this.client.isGone && this.upstream.isGone) return this.stopTicking();
    if (this.endedBy !== null) return;
    this.flowUp.sweep(nowMs);
    this.flowDown.sweep(nowMs);
    const { idleMsMax, durationMsMax } = this.parts.limits;
    const messages = this.counters.fromClient.messages + this.counters.fromUpstream.messages;
    if (messages !== this.messagesSeen) this.busyAtMs = nowMs;
    this.messagesSeen = messages;
    if (idleMsMax !== null && nowMs - this.busyAtMs >= idleMsMax) this.end('idle_timeout');
    if (durationMsMax !== null && nowMs - this.startedAtMs >= durationMsMax) this.end('max_duration');
  }
}

/** The name and message of what was thrown by a tap; taps keep content out of their messages. */
function describe(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : 'a tap threw something that is not an error';
}
