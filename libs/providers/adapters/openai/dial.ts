// How to reach OpenAI's Realtime API and how to understand its answer. Pure: builds the request line and headers, and
// turns what came back into a refusal for the app; the socket itself is opened by whoever composes this (realtime's
// network adapter). Headers are an allow-list: the app's credential, cookies and organisation never travel upstream.
import type { Refusal, Vendor } from '@trunkline/kernel';
import type { RouteRequest } from '../../core/route.js';
import { modelNamedIn } from './headroom.js';

/**
 * One upstream account. `baseUrl` ends in the API version: `https://api.openai.com/v1`, or for Azure
 * `https://<resource>.openai.azure.com/openai/v1`, where the same dialect is spoken (protocol facts 1.1).
 */
export interface OpenAiAccount {
  readonly baseUrl: string;
  readonly apiKey: string;
  /** Azure wants the key in a header of its own, and a deployment's name where OpenAI wants a model. */
  readonly vendor: Vendor;
  /** Deployment by model; a model that is not named is deployed under its own name. */
  readonly deployments: ReadonlyMap<string, string>;
}

/** A request to open a Realtime session. */
export interface DialTarget {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Why the upstream cannot be used. `tryNextPool` is true when another account may well take the same session. */
export interface DialRefusal extends Refusal {
  readonly tryNextPool: boolean;
  /** For how long the account says that it has no room, in milliseconds. Not for tenants: the account is everybody's. */
  readonly accountFullMs?: number;
  /** The model that the account has no room for; absent: the account as a whole. */
  readonly fullModel?: string;
}

/** A socket-level failure of a dial, as realtime's network adapter reports it. */
export type DialProblem =
  | {
      readonly kind: 'http_status';
      readonly status: number;
      readonly headers: Readonly<Record<string, string>>;
      readonly body: string;
    }
  | { readonly kind: 'unreachable' | 'timeout' | 'tls_invalid' | 'bad_upgrade' | 'aborted' };

/** The request that opens a session of this route. @param safetyIdentifier of the end user: a hash, never a name. */
export function dialTarget(account: OpenAiAccount, request: RouteRequest, safetyIdentifier: string | null): DialTarget {
  const url = new URL(`${account.baseUrl.replace(/\/+$/, '')}/realtime`);
  url.protocol = url.protocol === 'http:' || url.protocol === 'ws:' ? 'ws:' : 'wss:';
  if (request.kind === 'transcription') url.searchParams.set('intent', 'transcription');
  else url.searchParams.set('model', account.deployments.get(request.model ?? '') ?? request.model ?? '');
  return {
    url: url.toString(),
    headers: {
      ...(account.vendor === 'azure' ? { 'api-key': account.apiKey } : { authorization: `Bearer ${account.apiKey}` }),
      'user-agent': 'Trunkline',
      ...(safetyIdentifier === null ? {} : { 'openai-safety-identifier': safetyIdentifier }),
    },
  };
}

/** What a failed dial means for the app. Its texts never repeat the upstream's, which may quote our key. */
export function refusalOfDial(problem: DialProblem): DialRefusal {
  switch (problem.kind) {
    case 'http_status':
      return refusalOfStatus(problem.status, problem.headers['retry-after'], parse(problem.body)?.error ?? null);
    case 'timeout':
      return {
        code: 'upstream_timeout',
        message: 'The model provider did not answer in time. Try again.',
        tryNextPool: true,
      };
    case 'tls_invalid':
      return {
        code: 'upstream_tls_invalid',
        message:
          "The model provider's certificate could not be verified. The gateway's operator must fix the upstream URL or its CA.",
        tryNextPool: true,
      };
    case 'unreachable':
    case 'bad_upgrade':
    case 'aborted':
      return {
        code: 'upstream_unreachable',
        message: 'The model provider could not be reached. Try again in a moment.',
        tryNextPool: true,
      };
  }
}

/**
 * Judges the upstream's first message. OpenAI refuses a bad key or model only after its 101, by an `error` event and a
 * close (protocol facts 1.4), so a session is real only once `session.created` has arrived.
 * @returns null when the session is open.
 */
export function refusalOfFirstEvent(payload: Buffer): DialRefusal | null {
  const event = parse(payload.toString('utf8'));
  if (event?.type === 'session.created') return null;
  return refusalOfError(event?.error ?? null);
}

/** Judges an upstream that closed before it said anything. */
export function refusalOfEarlyClose(code: number): DialRefusal {
  // 3000 is OpenAI's "not authorised", 4000 and 4004 are about the model.
  return refusalOfError({ code: code === 3000 ? 'invalid_api_key' : code === 4004 ? 'model_not_found' : null });
}

// A constant: when the account has room again is not a tenant's to know.
const RETRY_MS = 5_000;

function refusalOfStatus(status: number, retryAfter: string | undefined, error: VendorError | null): DialRefusal {
  if (status === 401 || status === 403) return accountRefused();
  if (status === 404) return refusalOfError({ ...error, code: error?.code ?? 'model_not_found' });
  if (status === 429 || status === 503) {
    const seconds = Number(retryAfter);
    const fullModel = modelNamedIn(error?.message);
    return {
      code: 'upstream_capacity',
      message: 'The model provider takes no more sessions right now. Try again in a moment.',
      retryAfterMs: RETRY_MS,
      accountFullMs: Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : 1_000,
      ...(fullModel === null ? {} : { fullModel }),
      tryNextPool: true,
    };
  }
  return {
    code: 'upstream_refused',
    message: `The model provider refused the session (HTTP ${status}). Try again; if it goes on, tell the gateway's operator.`,
    tryNextPool: true,
  };
}

function refusalOfError(error: VendorError | null): DialRefusal {
  switch (error?.code) {
    case 'invalid_api_key':
    case 'insufficient_permissions':
    case 'account_deactivated':
    case 'billing_hard_limit_reached':
    case 'insufficient_quota':
      return accountRefused();
    case 'model_not_found':
    case 'invalid_model':
    case 'missing_model':
      return {
        code: 'model_not_found',
        message: 'The model provider does not offer this model for realtime sessions. Check the model name.',
        param: 'model',
        tryNextPool: true,
      };
    case 'rate_limit_exceeded':
      return refusalOfStatus(429, undefined, error);
    default:
      return {
        code: 'upstream_refused',
        message: "The model provider refused the session. Try again; if it goes on, tell the gateway's operator.",
        tryNextPool: true,
      };
  }
}

function accountRefused(): DialRefusal {
  return {
    code: 'upstream_refused',
    message:
      "The model provider refused the gateway's own account. The gateway's operator must check the upstream key.",
    tryNextPool: true,
  };
}

interface VendorMessage {
  readonly type?: unknown;
  readonly error?: VendorError;
}

interface VendorError {
  readonly code?: string | null;
  readonly message?: unknown;
}

function parse(text: string): VendorMessage | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
