// Reads the upgrade request of a client, which is untrusted: every length is bounded, nothing is guessed, and no answer
// ever repeats a credential. It does not know keys, models or tenants; it says what was asked for and by which means.
import { err, ok, type ErrorCode, type Refusal, type Result } from '@trunkline/kernel';

/** The credential of a client and where it stood. */
export interface Credential {
  readonly key: string;
  readonly via: 'bearer' | 'subprotocol';
}

/** An upgrade request, parsed. The key in it was not checked yet. */
export interface Handshake {
  /** Path without query, as sent. */
  readonly path: string;
  readonly model: string | null;
  readonly intent: string | null;
  readonly callId: string | null;
  /** Other query parameters. */
  readonly query: ReadonlyMap<string, string>;
  readonly credential: Credential;
  /** As offered, without those that carry the key. */
  readonly subprotocols: readonly string[];
  /** What the 101 must echo: browsers fail without it. */
  readonly selectedSubprotocol: 'realtime' | null;
  readonly dialect: 'ga' | 'beta';
  readonly origin: string | null;
  readonly websocketKey: string;
  readonly safetyIdentifier: string | null;
  /** A browser sends an origin and can only authenticate by subprotocol. */
  readonly clientKind: 'server' | 'browser';
  readonly userAgent: string | null;
}

/** The parts of an HTTP request that matter here; `http.IncomingMessage` fits. */
export interface UpgradeRequest {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
}

const URL_CHARS_MAX = 4096;
// A token of a company's issuer may be long.
const KEY_CHARS_MAX = 4096;
const SUBPROTOCOL_CHARS_MAX = 6144;
const SUBPROTOCOLS_MAX = 16;
const QUERY_PARAMETERS_MAX = 32;
const TEXT_CHARS_MAX = 512;

const KEY_SUBPROTOCOL = 'openai-insecure-api-key.';
const BETA_SUBPROTOCOL = 'openai-beta.realtime-v1';
const HOW_TO_SEND =
  'Send it as "Authorization: Bearer <key>", or from a browser as the subprotocol "openai-insecure-api-key.<key>".';
// Parameters by which people try to send a key. Addresses end up in logs, so none is ever accepted there.
const KEY_PARAMETERS = /^(api[-_]?key|key|access[-_]?token|token|authorization|auth|bearer|client[-_]?secret)$/i;
const KEY_LOOK = /^(sk|ek)[-_]/;

/** Parses the upgrade request, or says why it is refused. */
export function parseHandshake(request: UpgradeRequest): Result<Handshake, Refusal> {
  const websocketKey = readUpgrade(request);
  if (!websocketKey.ok) return websocketKey;
  const target = readTarget(request.url ?? '');
  if (!target.ok) return target;
  const offered = readSubprotocols(header(request, 'sec-websocket-protocol'));
  if (!offered.ok) return offered;
  const credential = readCredential(header(request, 'authorization'), offered.value);
  if (!credential.ok) return credential;
  const subprotocols = offered.value.filter((name) => !name.startsWith(KEY_SUBPROTOCOL));
  const origin = boundedHeader(request, 'origin');
  const beta =
    header(request, 'openai-beta')?.includes('realtime=v1') === true || subprotocols.includes(BETA_SUBPROTOCOL);
  return ok({
    ...target.value,
    credential: credential.value,
    subprotocols,
    selectedSubprotocol: subprotocols.includes('realtime') ? 'realtime' : null,
    dialect: beta ? 'beta' : 'ga',
    origin,
    websocketKey: websocketKey.value,
    safetyIdentifier: boundedHeader(request, 'openai-safety-identifier'),
    clientKind: origin !== null || credential.value.via === 'subprotocol' ? 'browser' : 'server',
    userAgent: boundedHeader(request, 'user-agent'),
  });
}

function readUpgrade(request: UpgradeRequest): Result<string, Refusal> {
  if (request.method !== 'GET') return refuse('method_not_allowed', 'Open a WebSocket with GET.');
  if (header(request, 'upgrade')?.trim().toLowerCase() !== 'websocket') {
    return refuse('upgrade_required', 'This address speaks WebSocket only: send "Upgrade: websocket".');
  }
  const connection = (header(request, 'connection') ?? '').toLowerCase().split(',');
  if (!connection.some((token) => token.trim() === 'upgrade')) {
    return refuse('upgrade_required', 'This address speaks WebSocket only: send "Connection: Upgrade".');
  }
  if (header(request, 'sec-websocket-version')?.trim() !== '13') {
    return refuse('upgrade_required', 'Only WebSocket version 13 is spoken: send "Sec-WebSocket-Version: 13".');
  }
  const key = header(request, 'sec-websocket-key')?.trim() ?? '';
  // 16 bytes in base64: 22 characters and two of padding.
  if (/^[+/0-9A-Za-z]{22}==$/.test(key)) return ok(key);
  return refuse(
    'upgrade_required',
    'Sec-WebSocket-Key must be 16 random bytes in base64, as WebSocket clients send it.',
  );
}

type Target = Pick<Handshake, 'path' | 'model' | 'intent' | 'callId' | 'query'>;

function readTarget(url: string): Result<Target, Refusal> {
  if (url.length > URL_CHARS_MAX)
    return refuse('invalid_request', `The address is longer than ${URL_CHARS_MAX} characters.`);
  if (!url.startsWith('/')) return refuse('invalid_request', 'The request target must be a path.');
  const mark = url.indexOf('?');
  const path = mark < 0 ? url : url.slice(0, mark);
  const query = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(mark < 0 ? '' : url.slice(mark + 1))) {
    if (KEY_PARAMETERS.test(name) || KEY_LOOK.test(value)) {
      return refuse('invalid_request', `An API key must not be part of the address. ${HOW_TO_SEND}`);
    }
    if (query.has(name))
      return refuse('invalid_request', 'A query parameter is given twice; send it once.', safe(name));
    if (query.size >= QUERY_PARAMETERS_MAX)
      return refuse('invalid_request', 'The address has too many query parameters.');
    query.set(name, value);
  }
  const take = (name: string): string | null => {
    const value = query.get(name) ?? null;
    query.delete(name);
    return value === '' ? null : value;
  };
  return ok({ path, model: take('model'), intent: take('intent'), callId: take('call_id'), query });
}

function readSubprotocols(text: string | null): Result<readonly string[], Refusal> {
  if (text === null) return ok([]);
  const names = text.split(',').map((name) => name.trim());
  const valid = text.length <= SUBPROTOCOL_CHARS_MAX && names.length <= SUBPROTOCOLS_MAX;
  if (!valid || !names.every((name) => /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name))) {
    return refuse('invalid_request', 'Sec-WebSocket-Protocol must be a short list of names, separated by commas.');
  }
  return ok(names);
}

function readCredential(authorization: string | null, subprotocols: readonly string[]): Result<Credential, Refusal> {
  const offered = subprotocols.filter((name) => name.startsWith(KEY_SUBPROTOCOL));
  const inSubprotocol = offered[0]?.slice(KEY_SUBPROTOCOL.length) ?? null;
  if (offered.length > 1) {
    return refuse('conflicting_credentials', 'Several API keys were sent as subprotocols; send one.');
  }
  if (authorization !== null && inSubprotocol !== null) {
    return refuse(
      'conflicting_credentials',
      'An API key was sent both in Authorization and as a subprotocol. Drop the subprotocol in a server, the header in a browser.',
    );
  }
  if (inSubprotocol !== null) {
    if (inSubprotocol.length <= KEY_CHARS_MAX) return ok({ key: inSubprotocol, via: 'subprotocol' });
    return refuse('invalid_api_key', 'The API key in the subprotocol is too long to be one of ours.');
  }
  if (authorization === null) return refuse('invalid_api_key', `You did not provide an API key. ${HOW_TO_SEND}`);
  const key = /^Bearer +([!-~]+) *$/i.exec(authorization)?.[1];
  if (key !== undefined && key.length <= KEY_CHARS_MAX) return ok({ key, via: 'bearer' });
  return refuse('invalid_api_key', 'The Authorization header is malformed. Send it as "Authorization: Bearer <key>".');
}

function header(request: UpgradeRequest, name: string): string | null {
  const value = request.headers[name];
  if (value === undefined) return null;
  return typeof value === 'string' ? value : value.join(', ');
}

function boundedHeader(request: UpgradeRequest, name: string): string | null {
  const value = header(request, name);
  return value === null || value === '' ? null : value.slice(0, TEXT_CHARS_MAX);
}

/** A parameter's name may be repeated in an answer only if it cannot be a secret or markup. */
function safe(name: string): string {
  return /^[a-z_]{1,32}$/.test(name) ? name : 'query';
}

function refuse(code: ErrorCode, message: string, param?: string): Result<never, Refusal> {
  return err(param === undefined ? { code, message } : { code, message, param });
}
