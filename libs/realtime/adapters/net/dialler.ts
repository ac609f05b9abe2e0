// Opens a WebSocket to an upstream and hands it over as a wire. Knows no vendor. No extension is offered: compressed
// bytes could not be read on their way.
import { randomBytes } from 'node:crypto';
import { Agent as HttpAgent, request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { Duplex } from 'node:stream';
import { createSecureContext, rootCertificates } from 'node:tls';
import { err, ok, type Result } from '@trunkline/kernel';
import type { Wire } from '../../core/wire.js';
import { acceptValue } from './accept.js';
import type { WireFactory } from './wire-factory.js';

/** Where and how to dial. */
export interface DialOptions {
  /** `ws:`, `wss:`, `http:` or `https:`. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly subprotocols?: readonly string[];
  /** A certificate authority in PEM to trust beside the public ones. */
  readonly ca?: string;
  /** For everything up to the 101. */
  readonly connectTimeoutMs: number;
  readonly maxHeaderBytes?: number;
  /** Gives up when it fires. */
  readonly signal?: AbortSignal;
}

/** Why a dial failed. `detail` is for our logs. */
export type DialFailure =
  | {
      readonly kind: 'http_status';
      readonly status: number;
      /** Those of `KEPT_HEADERS` that were sent, lower case. */
      readonly headers: Readonly<Record<string, string>>;
      /** The first bytes of the body. */
      readonly body: string;
    }
  | { readonly kind: 'unreachable' | 'timeout' | 'tls_invalid' | 'bad_upgrade' | 'aborted'; readonly detail: string };

/** An open upstream. */
export interface Dialled {
  readonly wire: Wire;
  /** Bytes that came with the 101. */
  readonly head: Buffer;
  /** Those of `KEPT_HEADERS` that were sent, lower case. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Headers of the upstream's answer that somebody may need: when to try again, and what to quote to its support. */
export const KEPT_HEADERS = [
  'retry-after',
  'retry-after-ms',
  'x-request-id',
  'x-should-retry',
  'content-type',
] as const;

const HEADER_BYTES_MAX = 16_384;
const BODY_BYTES_MAX = 8192;

// A process talks to a handful of upstreams, each with one authority at most.
const AUTHORITIES_MAX = 32;

type Outcome = Result<Dialled, DialFailure>;

/** Dials upstreams. One per process: it keeps TLS sessions and parsed authorities, which are dear to make anew. */
export class Dialler {
  private readonly plain = new HttpAgent({ keepAlive: false });
  private readonly secure = new HttpsAgent({ keepAlive: false });
  private readonly secureByAuthority = new Map<string, HttpsAgent>();

  constructor(private readonly wires: WireFactory) {}

  /** Opens a WebSocket. Never throws or rejects for what the network or the peer does. */
  dial(options: DialOptions): Promise<Outcome> {
    const key = randomBytes(16).toString('base64');
    return new Promise((resolve) => {
      const request = this.request(options, key);
      const giveUp = (kind: 'timeout' | 'aborted', detail: string) => (): void => settle(err({ kind, detail }));
      const late = giveUp('timeout', `no 101 within ${options.connectTimeoutMs} ms`);
      const timer = setTimeout(late, options.connectTimeoutMs);
      const aborted = giveUp('aborted', 'nobody waits for this upstream any more');
      let settled = false;
      const settle = (outcome: Outcome): void => {
        if (settled) return;
        settled = true;
        clearTimeout(timer);
        options.signal?.removeEventListener('abort', aborted);
        if (!outcome.ok) request.destroy();
        resolve(outcome);
      };
      options.signal?.addEventListener('abort', aborted, { once: true });
      request.on('error', (error) => settle(err(failureOf(error))));
      request.on('response', (response) => void readRefusal(response).then((refusal) => settle(err(refusal))));
      request.on('upgrade', (response, socket, head) => {
        const problem = problemOfUpgrade(response, key, options.subprotocols ?? []);
        if (settled || problem !== null) socket.destroy();
        if (problem !== null) settle(err({ kind: 'bad_upgrade', detail: problem }));
        else if (!settled) settle(ok(this.opened(response, socket, head)));
      });
      if (options.signal?.aborted === true) aborted();
      else request.end();
    });
  }

  private opened(response: IncomingMessage, socket: Duplex, head: Buffer): Dialled {
    return { wire: this.wires.wrap(socket), head, headers: keptHeaders(response) };
  }

  private request(options: DialOptions, key: string): ClientRequest {
    const url = new URL(options.url.replace(/^ws/, 'http'));
    const isSecure = url.protocol === 'https:';
    const headers: Record<string, string> = {
      ...options.headers,
      Connection: 'Upgrade',
      Upgrade: 'websocket',
      'Sec-WebSocket-Version': '13',
      'Sec-WebSocket-Key': key,
    };
    if (options.subprotocols?.length) headers['Sec-WebSocket-Protocol'] = options.subprotocols.join(', ');
    return (isSecure ? httpsRequest : httpRequest)(url, {
      agent: isSecure ? this.secureAgent(options.ca ?? null) : this.plain,
      headers,
      maxHeaderSize: options.maxHeaderBytes ?? HEADER_BYTES_MAX,
    });
  }

  private secureAgent(ca: string | null): HttpsAgent {
    if (ca === null) return this.secure;
    const known = this.secureByAuthority.get(ca);
    if (known !== undefined) return known;
    // Parsing the public authorities takes milliseconds: once per authority of ours, not once per dial.
    const secureContext = createSecureContext({ ca: [...rootCertificates, ca] });
    const agent = new HttpsAgent({ keepAlive: false, secureContext });
    if (this.secureByAuthority.size >= AUTHORITIES_MAX) this.secureByAuthority.clear();
    this.secureByAuthority.set(ca, agent);
    return agent;
  }
}

/** What is wrong with a 101, or null. */
function problemOfUpgrade(response: IncomingMessage, key: string, offered: readonly string[]): string | null {
  const { headers } = response;
  if (headers.upgrade?.toLowerCase() !== 'websocket') return 'the 101 does not upgrade to websocket';
  if (headers['sec-websocket-accept'] !== acceptValue(key)) return 'Sec-WebSocket-Accept does not match';
  if (headers['sec-websocket-extensions'] !== undefined) return 'an extension was accepted that was not offered';
  const selected = headers['sec-websocket-protocol'];
  if (selected !== undefined && !offered.includes(selected)) return 'a subprotocol was selected that was not offered';
  return null;
}

async function readRefusal(response: IncomingMessage): Promise<DialFailure> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const piece of response) {
      if (!Buffer.isBuffer(piece)) break;
      pieces.push(piece);
      bytes += piece.length;
      if (bytes >= BODY_BYTES_MAX) break;
    }
  } catch (error) {
    pieces.push(Buffer.from(` [the body broke off: ${error instanceof Error ? error.message : 'unknown error'}]`));
  }
  const body = Buffer.concat(pieces).subarray(0, BODY_BYTES_MAX).toString('utf8');
  return { kind: 'http_status', status: response.statusCode ?? 0, headers: keptHeaders(response), body };
}

function keptHeaders(response: IncomingMessage): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const name of KEPT_HEADERS) {
    const value = response.headers[name];
    if (typeof value === 'string') kept[name] = value;
  }
  return kept;
}

function failureOf(error: Error): DialFailure {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const detail = code === '' ? error.message : `${code}: ${error.message}`;
  if (isCertificateProblem(code)) return { kind: 'tls_invalid', detail };
  return { kind: code.startsWith('HPE_') ? 'bad_upgrade' : 'unreachable', detail };
}

// OpenSSL's names for what can be wrong with a chain, and Node's own for a name that does not match.
function isCertificateProblem(code: string): boolean {
  return code === 'ERR_TLS_CERT_ALTNAME_INVALID' || /CERT|SELF_SIGNED|UNABLE_TO_|CRL_|_CA\b|HOSTNAME/.test(code);
}
