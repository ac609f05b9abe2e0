// From an upgrade request to an open session, step by step: faults before the 101, latency, verdict, caps, 101.
// Guarantees that counting a session and accepting it happen without a gap, so a cap is never passed; leaves the
// listening sockets to server.ts.
import { STATUS_CODES, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { capReached } from './caps.js';
import { Connection } from './connection.js';
import type { Fault, FaultScript } from './faults.js';
import { capRefusal, judge, readRequest, type Asked, type CloseRefusal, type HttpRefusal } from './handshake.js';
import type { SessionServices } from './session/context.js';
import type { ModelEntry } from './config.js';

/** 15 MiB of audio in base64 (facts 6) with room for the rest of the event. */
const FRAME_BYTES_MAX = 21 * 1024 * 1024;

/** An upgrade request with its sockets. */
export interface Upgrade {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  readonly head: Buffer;
  /** The TCP socket: `socket` itself, or what lies below it under TLS. */
  readonly tcp: Socket;
  readonly transport: 'ws' | 'wss';
}

/** Accepts WebSockets and keeps the open connections. */
export class Upgrader {
  readonly #services: SessionServices;
  readonly #faults: FaultScript;
  readonly #sockets = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: FRAME_BYTES_MAX,
    handleProtocols: (offered) => (offered.has('realtime') ? 'realtime' : false),
  });
  readonly #connections = new Set<Connection>();

  constructor(services: SessionServices, faults: FaultScript) {
    this.#services = services;
    this.#faults = faults;
  }

  get connections(): ReadonlySet<Connection> {
    return this.#connections;
  }

  /** Handles one upgrade request. */
  handle(upgrade: Upgrade): void {
    const { request, socket, tcp, transport } = upgrade;
    socket.on('error', () => socket.destroy());
    const asked = readRequest(request, transport);
    const { books, clock, config } = this.#services;
    const subject = { model: asked.model, key: asked.key, sessionIndex: books.nextIndex };
    const fault = this.#faults.fire('connect', subject);
    if (fault !== null && this.#breaks(fault, asked, socket, tcp)) return;
    const { connectMs } = config().latency;
    if (connectMs === 0) this.#decide(upgrade, asked, fault);
    else clock.after(connectMs, () => this.#decide(upgrade, asked, fault));
  }

  /** Faults that leave no 101; false for those that come right after it. */
  #breaks(fault: Fault, asked: Asked, socket: Duplex, tcp: Socket): boolean {
    switch (fault.action) {
      case 'never_answer':
        this.#noteRefusal(asked, 'fault: never_answer');
        return true;
      case 'reset':
        this.#noteRefusal(asked, 'fault: reset');
        tcp.resetAndDestroy();
        return true;
      case 'half_close':
        this.#noteRefusal(asked, 'fault: half_close');
        tcp.end();
        return true;
      case 'http_429':
      case 'http_500':
        this.#refuseHttp(socket, asked, httpFault(fault.action, this.#services.config().retryAfterSeconds));
        return true;
      default:
        return false;
    }
  }

  #decide(upgrade: Upgrade, asked: Asked, fault: Fault | null): void {
    const { config, books } = this.#services;
    let verdict = judge(asked, config());
    if (verdict.kind === 'open') {
      const reached = capReached(config(), books, asked);
      if (reached !== null) verdict = capRefusal(reached, config());
    }
    switch (verdict.kind) {
      case 'http':
        return this.#refuseHttp(upgrade.socket, asked, verdict.refusal);
      case 'close':
        return this.#refuseByClose(upgrade, asked, verdict.refusal);
      case 'open':
        return this.#accept(upgrade, asked, verdict.model, fault);
    }
  }

  #accept({ request, socket, head, tcp }: Upgrade, asked: Asked, model: ModelEntry, fault: Fault | null): void {
    this.#sockets.handleUpgrade(request, socket, head, (ws) => {
      const { books, ids } = this.#services;
      const record = books.open({ ...asked, id: ids.session(), index: books.nextIndex });
      const parts = { services: this.#services, socket: ws, tcp, record, model, faults: this.#faults };
      const connection = new Connection(parts);
      this.#connections.add(connection);
      ws.on('close', () => this.#connections.delete(connection));
      connection.open(fault);
    });
  }

  #refuseByClose({ request, socket, head }: Upgrade, asked: Asked, refusal: CloseRefusal): void {
    this.#sockets.handleUpgrade(request, socket, head, (ws) => {
      const { books, ids } = this.#services;
      const record = books.refuse({ ...asked, id: ids.session(), index: -1 }, refusal.closeReason);
      ws.on('error', () => undefined);
      ws.send(JSON.stringify({ type: 'error', event_id: ids.event(), error: refusal.error }));
      ws.close(refusal.closeCode, refusal.closeReason);
      books.close(record, { code: refusal.closeCode, reason: refusal.closeReason, by: 'server' });
    });
  }

  #refuseHttp(socket: Duplex, asked: Asked, refusal: HttpRefusal): void {
    this.#noteRefusal(asked, `http ${refusal.status}`);
    const body = JSON.stringify({ error: refusal.error });
    const headers = {
      'Content-Type': 'application/json',
      'Content-Length': String(Buffer.byteLength(body)),
      Connection: 'close',
      ...refusal.headers,
    };
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    const status = `HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status] ?? ''}\r\n`;
    socket.end(`${status}${lines.join('')}\r\n${body}`);
  }

  #noteRefusal(asked: Asked, refusal: string): void {
    const { books, ids } = this.#services;
    const record = books.refuse({ ...asked, id: ids.session(), index: -1 }, refusal);
    books.close(record, { code: null, reason: refusal, by: refusal.startsWith('fault') ? 'fault' : 'server' });
  }
}

function httpFault(action: 'http_429' | 'http_500', retryAfterSeconds: number): HttpRefusal {
  if (action === 'http_429') {
    const message = 'Rate limit reached for requests. Please try again later.';
    const error = { message, type: 'requests', code: 'rate_limit_exceeded', param: null };
    return { status: 429, error, headers: { 'Retry-After': String(retryAfterSeconds) } };
  }
  const message = 'The server had an error while processing your request. Sorry about that!';
  return { status: 500, error: { message, type: 'server_error', code: null, param: null } };
}
