// Answers an upgrade request: a refusal in plain HTTP, or the 101 that turns the socket into a wire. How long a client
// may take to send its request is for the HTTP server's `headersTimeout`.
import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { STATUS_CODES } from 'node:http';
import { errorEntry, retryAfterMs, retryAfterSeconds, type Refusal } from '@trunkline/kernel';
import { refusalBody } from '../../core/error-text.js';
import type { Wire } from '../../core/wire.js';
import type { WireFactory } from './wire-factory.js';

/** Appended to the client's key before hashing (RFC 6455 section 1.3). */
const ACCEPT_GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

// How long a refused client may go on sending. Closing at once would reset the connection and lose the answer.
const LINGER_MS = 2000;

/** A client that was upgraded. */
export interface AcceptedClient {
  readonly wire: Wire;
  /** Bytes that came with the request. */
  readonly head: Buffer;
}

/** How to answer with a 101. */
export interface AcceptOptions {
  readonly wires: WireFactory;
  readonly subprotocol: string | null;
  /** Beside the mandatory ones. Values must not hold line breaks. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** The value of `Sec-WebSocket-Accept` for a client's key. */
export function acceptValue(websocketKey: string): string {
  return createHash('sha1')
    .update(websocketKey + ACCEPT_GUID)
    .digest('base64');
}

/** Writes the refusal as an OpenAI-shaped JSON response and closes the socket once the client can have read it. */
export function refuseUpgrade(
  socket: Duplex,
  refusal: Refusal,
  extraHeaders: Readonly<Record<string, string>> = {},
): void {
  const { status, retryable } = errorEntry(refusal.code);
  const body = Buffer.from(refusalBody(refusal));
  const headers: Record<string, string> = {
    Connection: 'close',
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': String(body.length),
    'x-should-retry': String(retryable),
  };
  const [seconds, ms] = [retryAfterSeconds(refusal), retryAfterMs(refusal)];
  if (seconds !== null && ms !== null) {
    headers['Retry-After'] = String(seconds);
    headers['retry-after-ms'] = String(Math.ceil(ms));
  }
  if (refusal.code === 'upgrade_required') {
    headers['Connection'] = 'Upgrade, close';
    headers['Upgrade'] = 'websocket';
    headers['Sec-WebSocket-Version'] = '13';
  }
  const head = responseHead(status, { ...headers, ...extraHeaders });
  socket.on('error', () => socket.destroy()); // The client went away first; there is nobody left to tell.
  socket.end(Buffer.concat([head, body]));
  socket.resume();
  const timer = setTimeout(() => socket.destroy(), LINGER_MS);
  socket.once('close', () => clearTimeout(timer));
}

/** Writes the 101 and takes the socket over as the client's wire. No extension is ever accepted. */
export function acceptUpgrade(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  options: AcceptOptions,
): AcceptedClient {
  const headers: Record<string, string> = {
    Upgrade: 'websocket',
    Connection: 'Upgrade',
    'Sec-WebSocket-Accept': acceptValue(request.headers['sec-websocket-key'] ?? ''),
  };
  if (options.subprotocol !== null) headers['Sec-WebSocket-Protocol'] = options.subprotocol;
  const wire = options.wires.wrap(socket);
  wire.writeOwned(responseHead(101, { ...headers, ...options.headers }));
  return { wire, head };
}

/** Fires when the client goes away before it was answered, so that waiting and dialling for it can stop. */
export function clientGone(socket: Duplex): AbortSignal {
  const gone = new AbortController();
  const abort = (): void => gone.abort();
  if (socket.destroyed) abort();
  for (const event of ['close', 'end', 'error']) socket.once(event, abort);
  return gone.signal;
}

function responseHead(status: number, headers: Readonly<Record<string, string>>): Buffer {
  const lines = [`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`];
  for (const [name, value] of Object.entries(headers)) {
    if (/[\r\n]/.test(value)) throw new TypeError(`header ${name} holds a line break`);
    lines.push(`${name}: ${value}`);
  }
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
}
