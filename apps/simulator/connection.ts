// One accepted WebSocket: carries a session's frames, runs its fault script, pings, and tells the books how it ended.
// Guarantees that the books hear of exactly one close, and of response.done only when it really left; leaves the
// protocol to session/session.ts.
import type { Socket } from 'node:net';
import type { RawData, WebSocket } from 'ws';
import type { ClosedBy, ResponseRecord, SessionRecord } from './books-records.js';
import type { Cancel } from './clock.js';
import type { ModelEntry } from './config.js';
import type { Fault, FaultPoint, FaultScript } from './faults.js';
import type { ServerEvent, SessionServices, Wire } from './session/context.js';
import { Session } from './session/session.js';

/** Beyond this many unsent bytes the session holds its audio back. */
const UNSENT_BYTES_MAX = 4 * 1024 * 1024;

/** What a connection is made of. */
export interface ConnectionParts {
  readonly services: SessionServices;
  readonly socket: WebSocket;
  /** The TCP socket below, for faults that break it: under TLS it is not the one `ws` writes to. */
  readonly tcp: Socket;
  readonly record: SessionRecord;
  readonly model: ModelEntry;
  readonly faults: FaultScript;
}

/** A connection with its session. */
export class Connection implements Wire {
  readonly #parts: ConnectionParts;
  readonly #session: Session;
  #cancelTimers: Cancel[] = [];
  #cancelPing: Cancel | null = null;
  #mute = false;
  #stalled = false;
  #deltas = 0;
  #endedBy: ClosedBy | null = null;

  constructor(parts: ConnectionParts) {
    this.#parts = parts;
    const { services, socket, record, model } = parts;
    this.#session = new Session(services, this, record, model);
    socket.on('message', (data, isBinary) => this.#receive(data, isBinary));
    socket.on('close', (code, reason) => this.#closed(code, reason.toString('utf8')));
    // `ws` closes the connection itself after a protocol error; the close event carries the code.
    socket.on('error', () => undefined);
  }

  /** Starts the session after the configured latency. The client's early frames wait for `session.created`. */
  open(atConnect: Fault | null): void {
    const { services, socket } = this.#parts;
    if (atConnect !== null) return this.#act(atConnect);
    socket.pause();
    const { firstEventMs } = services.config().latency;
    this.#cancelTimers.push(
      services.clock.after(firstEventMs, () => {
        this.#session.open();
        if (!this.#stalled) socket.resume();
      }),
    );
    this.#ping();
  }

  send(type: string, frame: string): void {
    if (this.#mute || this.#parts.socket.readyState !== this.#parts.socket.OPEN) return;
    this.#parts.socket.send(frame);
    this.#sent(type);
  }

  sendResponseDone(event: ServerEvent & { readonly event_id: string }, record: ResponseRecord): void {
    const { socket, services } = this.#parts;
    if (this.#mute || socket.readyState !== socket.OPEN) return;
    const fault = this.#fire('before_response_done');
    if (fault !== null && fault.action !== 'missing_usage' && fault.action !== 'duplicate_response_done') {
      return this.#act(fault);
    }
    const withUsage = fault?.action !== 'missing_usage';
    const frame = JSON.stringify(withUsage ? event : withoutUsage(event));
    for (let copy = fault?.action === 'duplicate_response_done' ? 2 : 1; copy > 0; copy--) {
      socket.send(frame, (error) => {
        if (error === undefined || error === null) services.books.responseDoneSent(record, withUsage);
      });
      this.#sent(event.type);
    }
  }

  canSend(): boolean {
    return this.#parts.socket.bufferedAmount < UNSENT_BYTES_MAX;
  }

  close(code: number, reason: string): void {
    this.#endedBy ??= 'server';
    this.#parts.socket.close(code, reason);
  }

  /** The simulator stops: says so, breaks the connection if the client does not answer, resolves when it has closed. */
  async shutDown(graceMs: number): Promise<void> {
    const { socket, services } = this.#parts;
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
    // A stalled client would never see the answer.
    socket.resume();
    this.close(1001, 'The simulator is shutting down.');
    this.#cancelTimers.push(services.clock.after(graceMs, () => socket.terminate()));
    await closed;
  }

  #receive(data: RawData, isBinary: boolean): void {
    this.#parts.record.eventsIn += 1;
    this.#session.receive(asBuffer(data), isBinary);
  }

  /** Counts a sent event and fires the faults that wait for it. */
  #sent(type: string): void {
    const { record } = this.#parts;
    record.eventsOut += 1;
    if (type === 'response.created') this.#deltas = 0;
    if (type.startsWith('response.') && type.endsWith('.delta')) {
      this.#deltas += 1;
      this.#maybe('mid_response', this.#deltas);
    }
    if (type === 'session.created') this.#maybe('after_session_created', 0);
    this.#maybe('after_n_events', record.eventsOut);
  }

  #maybe(at: FaultPoint, count: number): void {
    const fault = this.#fire(at, count);
    if (fault !== null) this.#act(fault);
  }

  #fire(at: FaultPoint, count = 0): Fault | null {
    const { faults, record } = this.#parts;
    return faults.fire(at, { model: record.model, key: record.key, sessionIndex: record.index }, count);
  }

  /** Carries out a fault; from then on the session speaks to nobody. */
  #act(fault: Fault): void {
    const { socket, tcp } = this.#parts;
    this.#mute = true;
    switch (fault.action) {
      case 'stall':
        // Neither writes nor reads: the connection looks alive and nothing moves.
        this.#stalled = true;
        this.#cancelPing?.();
        socket.pause();
        return;
      case 'reset':
        this.#endedBy = 'fault';
        tcp.resetAndDestroy();
        return;
      case 'half_close':
        this.#endedBy = 'fault';
        this.#cancelPing?.();
        tcp.end();
        return;
      case 'close':
        this.#endedBy = 'fault';
        socket.close(fault.code ?? 1011, 'scripted fault');
        return;
      default:
        throw new Error(`the fault ${fault.action} cannot happen on an open connection`);
    }
  }

  #ping(): void {
    const { services, socket } = this.#parts;
    this.#cancelPing = services.clock.after(services.config().session.pingMs, () => {
      if (socket.readyState === socket.OPEN) socket.ping();
      this.#ping();
    });
  }

  #closed(code: number, reason: string): void {
    const { services, record } = this.#parts;
    this.#mute = true;
    this.#cancelPing?.();
    for (const cancel of this.#cancelTimers) cancel();
    this.#session.close();
    const by = this.#endedBy ?? (code === 1006 ? 'network' : 'client');
    services.books.close(record, { code, reason: reason === '' ? null : reason, by });
  }
}

function withoutUsage(event: ServerEvent): ServerEvent {
  const { response } = event;
  if (typeof response !== 'object' || response === null) return event;
  const kept = Object.entries(response).filter(([field]) => field !== 'usage');
  return { ...event, response: Object.fromEntries(kept) };
}

function asBuffer(data: RawData): Buffer {
  if (Buffer.isBuffer(data)) return data;
  return Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data);
}
