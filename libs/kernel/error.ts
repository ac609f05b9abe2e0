// The catalogue of errors that app developers and operators meet. A code is a contract: it names who owns the failure,
// the HTTP status and OpenAI error type on `/v1`, and whether trying again can help. Texts live with the code so that the
// same failure reads the same before the upgrade (HTTP body), inside the socket (error event) and in the docs.

/** Who can fix it. Alerts page by this. */
export type ErrorOwner = 'client' | 'tenant_admin' | 'operator' | 'upstream' | 'platform';

interface ErrorEntry {
  readonly owner: ErrorOwner;
  readonly status: number;
  /** OpenAI's `error.type`: what the official SDKs branch on. */
  readonly type: 'invalid_request_error' | 'requests' | 'insufficient_quota' | 'server_error';
  /** False where retrying the same request cannot succeed; sent as `x-should-retry`. */
  readonly retryable: boolean;
}

export const ERRORS = {
  invalid_request: { owner: 'client', status: 400, type: 'invalid_request_error', retryable: false },
  conflicting_credentials: { owner: 'client', status: 400, type: 'invalid_request_error', retryable: false },
  missing_model: { owner: 'client', status: 400, type: 'invalid_request_error', retryable: false },
  beta_api_shape_disabled: { owner: 'client', status: 400, type: 'invalid_request_error', retryable: false },
  invalid_api_key: { owner: 'client', status: 401, type: 'invalid_request_error', retryable: false },
  origin_not_allowed: { owner: 'client', status: 403, type: 'invalid_request_error', retryable: false },
  model_mismatch: { owner: 'client', status: 403, type: 'invalid_request_error', retryable: false },
  missing_scope: { owner: 'client', status: 403, type: 'invalid_request_error', retryable: false },
  content_blocked: { owner: 'client', status: 400, type: 'invalid_request_error', retryable: false },
  content_warning: { owner: 'client', status: 400, type: 'invalid_request_error', retryable: false },
  end_user_refused: { owner: 'tenant_admin', status: 403, type: 'invalid_request_error', retryable: false },
  tenant_suspended: { owner: 'tenant_admin', status: 403, type: 'invalid_request_error', retryable: false },
  model_not_found: { owner: 'client', status: 404, type: 'invalid_request_error', retryable: false },
  not_found: { owner: 'client', status: 404, type: 'invalid_request_error', retryable: false },
  method_not_allowed: { owner: 'client', status: 405, type: 'invalid_request_error', retryable: false },
  upgrade_required: { owner: 'client', status: 426, type: 'invalid_request_error', retryable: false },
  concurrency_limit_exceeded: { owner: 'tenant_admin', status: 429, type: 'requests', retryable: true },
  mint_rate_exceeded: { owner: 'client', status: 429, type: 'requests', retryable: true },
  budget_exceeded: { owner: 'tenant_admin', status: 429, type: 'insufficient_quota', retryable: false },
  upstream_refused: { owner: 'operator', status: 502, type: 'server_error', retryable: true },
  upstream_unreachable: { owner: 'upstream', status: 502, type: 'server_error', retryable: true },
  upstream_tls_invalid: { owner: 'operator', status: 502, type: 'server_error', retryable: false },
  upstream_capacity: { owner: 'upstream', status: 503, type: 'server_error', retryable: true },
  credentials_unavailable: { owner: 'platform', status: 503, type: 'server_error', retryable: true },
  admission_unavailable: { owner: 'platform', status: 503, type: 'server_error', retryable: true },
  metering_unavailable: { owner: 'platform', status: 503, type: 'server_error', retryable: true },
  reports_unavailable: { owner: 'platform', status: 503, type: 'server_error', retryable: true },
  draining: { owner: 'platform', status: 503, type: 'server_error', retryable: true },
  internal_error: { owner: 'platform', status: 500, type: 'server_error', retryable: true },
  upstream_timeout: { owner: 'upstream', status: 504, type: 'server_error', retryable: true },
} as const satisfies Record<string, ErrorEntry>;

/** A code of the catalogue. */
export type ErrorCode = keyof typeof ERRORS;

/** An expected refusal on its way to a client. `message` is public: no secret, no other tenant's data, says what to do. */
export interface Refusal {
  readonly code: ErrorCode;
  readonly message: string;
  /** The request parameter at fault, OpenAI's `error.param`. */
  readonly param?: string;
  /** When a retry may succeed, in milliseconds from now. Without it, a code that may be retried has a moment. */
  readonly retryAfterMs?: number;
}

/** OpenAI's error object, as used in HTTP bodies (`{error}`) and in `error` events. */
export interface OpenAiError {
  readonly message: string;
  readonly type: string;
  readonly code: string | null;
  readonly param: string | null;
  /**
   * Whole seconds until trying again may help, as in the header `Retry-After`; absent where it cannot. Ours: OpenAI has no such
   * field, and its packages keep what they do not know. Inside a socket, and for browsers, no header can say it.
   */
  readonly retry_after?: number;
}

/** The catalogue entry of a code. */
export function errorEntry(code: ErrorCode): ErrorEntry {
  return ERRORS[code];
}

// Where OpenAI has a code of its own for the same thing, its SDKs know that one.
const OPENAI_CODES: Readonly<Partial<Record<ErrorCode, string>>> = {
  concurrency_limit_exceeded: 'rate_limit_exceeded',
  mint_rate_exceeded: 'rate_limit_exceeded',
  budget_exceeded: 'insufficient_quota',
};

// Long enough for a restart or a failover, short enough for a caller who waits.
const RETRY_DEFAULT_MS = 5_000;

/** Milliseconds until trying again may help; null: it cannot, or nobody knows when. */
export function retryAfterMs(refusal: Refusal): number | null {
  return refusal.retryAfterMs ?? (ERRORS[refusal.code].retryable ? RETRY_DEFAULT_MS : null);
}

/** The same in whole seconds, rounded up: the value of `Retry-After`. */
export function retryAfterSeconds(refusal: Refusal): number | null {
  const ms = retryAfterMs(refusal);
  return ms === null ? null : Math.ceil(ms / 1_000);
}

/** The refusal in OpenAI's shape (the same body on every `/v1` route). */
export function toOpenAiError(refusal: Refusal): OpenAiError {
  const seconds = retryAfterSeconds(refusal);
  return {
    message: refusal.message,
    type: ERRORS[refusal.code].type,
    code: OPENAI_CODES[refusal.code] ?? refusal.code,
    param: refusal.param ?? null,
    ...(seconds === null ? {} : { retry_after: seconds }),
  };
}
