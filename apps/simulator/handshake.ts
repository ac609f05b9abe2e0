// The upgrade request, judged: open, refuse with an HTTP status, or refuse as OpenAI does, after the 101 with an error
// event and a close (facts 1.4). Guarantees the captured codes and texts; leaves sockets to server.ts.
import type { IncomingMessage } from 'node:http';
import type { SessionOpening } from './books-records.js';
import type { ModelEntry, SimulatorConfig } from './config.js';
import { targetOf } from './target.js';

/** A refusal that closes the WebSocket after one error event. */
export interface CloseRefusal {
  readonly error: Readonly<Record<string, unknown>>;
  readonly closeCode: number;
  readonly closeReason: string;
}

/** A refusal by HTTP status, before any upgrade. */
export interface HttpRefusal {
  readonly status: number;
  readonly error: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What the request asked for, as far as it can be told without judging it. */
export type Asked = Omit<SessionOpening, 'id' | 'index'>;

export type Verdict =
  | { readonly kind: 'open'; readonly model: ModelEntry }
  | { readonly kind: 'close'; readonly refusal: CloseRefusal }
  | { readonly kind: 'http'; readonly refusal: HttpRefusal };

/** The model entry of sessions without a model in the URL: transcription sessions never respond. */
const NO_MODEL: ModelEntry = {
  id: 'transcription',
  kind: 'realtime',
  granted: true,
  contextTokens: 1,
  outputTokensMax: 1,
};

const KEY_PROTOCOL = 'openai-insecure-api-key.';
const BETA_PROTOCOL = 'openai-beta.';

/** Reads the request. `transport` says whether it came over TLS. */
export function readRequest(request: IncomingMessage, transport: 'ws' | 'wss'): Asked {
  const { query } = targetOf(request.url);
  const subprotocols = (request.headers['sec-websocket-protocol'] ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  return {
    key: bearerOf(request) ?? azureKeyOf(request) ?? keyOf(subprotocols),
    model: query.get('model'),
    kind: query.get('intent') === 'transcription' ? 'transcription' : 'realtime',
    transport,
    path: request.url ?? '/',
    subprotocols,
    headers: headersOf(request),
  };
}

/** Judges the request against the configuration; caps come after this. */
export function judge(asked: Asked, config: SimulatorConfig): Verdict {
  const { pathname, query } = targetOf(asked.path);
  if (pathname !== '/v1/realtime') return http(404, notFound('GET', pathname));
  // Calls come in a later issue: no call exists, so none can be attached to.
  if (query.has('call_id')) {
    return http(404, {
      message: 'No session found for the provided call_id',
      type: 'invalid_request_error',
      code: 'call_id_not_found',
      param: '',
    });
  }
  // Unverified for OpenAI; Azure answers 401 before the upgrade.
  if (asked.key === null) return http(401, missingKey());
  if (!config.apiKeys.includes(asked.key)) return badKey(asked.key);
  if (isBeta(asked)) return betaDisabled();
  return asked.kind === 'transcription' ? { kind: 'open', model: NO_MODEL } : judgeModel(asked.model, config);
}

function judgeModel(id: string | null, config: SimulatorConfig): Verdict {
  if (id === null || id === '') {
    const example = 'wss://api.openai.com/v1/realtime?model=gpt-realtime-1.5';
    return closing(4000, 'missing_model', `You must provide a model parameter, for example ${example}`);
  }
  const model = config.models.find((each) => each.id === id);
  if (model === undefined) {
    const message = `The model \`${id}\` does not exist or you do not have access to it.`;
    return closing(4004, 'model_not_found', message);
  }
  switch (model.kind) {
    case 'realtime':
      return { kind: 'open', model };
    case 'transcription':
      return closing(4000, 'invalid_model', `Model "${id}" is not supported in Realtime API`);
    case 'other':
      return closing(4000, 'invalid_model', `Model "${id}" is not supported in realtime mode.`);
  }
}

/** The HTTP error of an unknown URL. */
export function notFound(method: string, path: string): Record<string, unknown> {
  return { message: `Invalid URL (${method} ${path})`, type: 'invalid_request_error', param: null, code: null };
}

/** The HTTP error of a request without a key. */
export function missingKey(): Record<string, unknown> {
  return {
    message: 'Missing bearer authentication in header',
    type: 'invalid_request_error',
    param: null,
    code: null,
  };
}

/** The refusal of a request beyond a cap: by status, or by an event as OpenAI's other refusals (invented, facts 1.4). */
export function capRefusal(limit: string, config: SimulatorConfig): Verdict {
  const message = `Rate limit reached for concurrent sessions (${limit}). Please try again later.`;
  const error = { message, type: 'requests', code: 'rate_limit_exceeded', param: null };
  if (config.capRefusal === 'http_429') {
    const headers = { 'Retry-After': String(config.retryAfterSeconds) };
    return { kind: 'http', refusal: { status: 429, error, headers } };
  }
  const refusal = {
    error: { type: 'requests', code: 'rate_limit_exceeded', message, param: null, event_id: null },
    closeCode: 4000,
    closeReason: 'requests.rate_limit_exceeded',
  };
  return { kind: 'close', refusal };
}

/** The error of a wrong key, as HTTP and as an event say it. */
export function wrongKeyMessage(key: string): string {
  const shown = key.length <= 12 ? key : `${key.slice(0, 8)}${'*'.repeat(key.length - 12)}${key.slice(-4)}`;
  return `Incorrect API key provided: ${shown}. You can find your API key at https://platform.openai.com/account/api-keys.`;
}

function badKey(key: string): Verdict {
  return closing(3000, 'invalid_api_key', wrongKeyMessage(key));
}

/** The one captured error without an `event_id` key (trace connect_failures). */
function betaDisabled(): Verdict {
  const code = 'beta_api_shape_disabled';
  const message = 'The Realtime Beta API is no longer supported. Please use /v1/realtime for the GA API.';
  const error = { type: 'invalid_request_error', code, message, param: null };
  const refusal = { error, closeCode: 4000, closeReason: `invalid_request_error.${code}` };
  return { kind: 'close', refusal };
}

function closing(closeCode: number, code: string, message: string): Verdict {
  const error = { type: 'invalid_request_error', code, message, param: null, event_id: null };
  return { kind: 'close', refusal: { error, closeCode, closeReason: `invalid_request_error.${code}` } };
}

function http(status: number, error: Record<string, unknown>): Verdict {
  return { kind: 'http', refusal: { status, error } };
}

/** The bearer key of a request; null when there is none. */
export function bearerOf(request: IncomingMessage): string | null {
  const match = /^Bearer\s+(\S+)\s*$/i.exec(request.headers.authorization ?? '');
  return match?.[1] ?? null;
}

// Where Azure looks for it.
function azureKeyOf({ headers }: IncomingMessage): string | null {
  const key = headers['api-key'];
  return typeof key === 'string' ? key : null;
}

function keyOf(subprotocols: readonly string[]): string | null {
  return subprotocols.find((name) => name.startsWith(KEY_PROTOCOL))?.slice(KEY_PROTOCOL.length) ?? null;
}

function isBeta({ headers, subprotocols }: Asked): boolean {
  const header = headers['openai-beta'];
  const values = typeof header === 'string' ? [header] : (header ?? []);
  return (
    values.some((value) => value.includes('realtime=')) || subprotocols.some((name) => name.startsWith(BETA_PROTOCOL))
  );
}

function headersOf(request: IncomingMessage): Record<string, string | readonly string[]> {
  const headers: Record<string, string | readonly string[]> = {};
  for (const [name, value] of Object.entries(request.headers)) if (value !== undefined) headers[name] = value;
  return headers;
}
