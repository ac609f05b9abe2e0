// The closed table of reasons a session can end with: exactly one per session, told to the client. This table is a
// public contract: close codes 4000-4499 mean "try again", 4500-4999 mean "trying again will not help", and a code,
// once published, keeps its meaning. It is the only source of close codes. To add an end cause, add one row.
import type { OpenAiError } from '@trunkline/kernel';
import { NO_STATUS, isSendableCloseCode, type PeerClose } from './close-code.js';

/** Who has to act on it; alerts page by this. */
export type EndOwner = 'client' | 'tenant_admin' | 'operator' | 'upstream' | 'platform';

/**
 * What billing does about a response that was running:
 * - `drain_tail`: the upstream is still there; the rest of the response is read until it reports its usage.
 * - `estimate_open`: the upstream is gone; an open response gets a labelled estimate.
 */
export type BillingNote = 'drain_tail' | 'estimate_open';

/** One row of the table. */
export interface EndCauseEntry {
  /**
   * The close code sent to the client. `echo`: the client closed and gets its own code back. `forward`: the upstream's
   * code if a sender may use it, else `fallbackCode`. `none`: nobody is there to be told.
   */
  readonly close: number | 'echo' | 'forward' | 'none';
  readonly fallbackCode?: number;
  /** The close reason, at most 123 bytes. With `forward`, the upstream's own reason wins. */
  readonly reason: string;
  /** Whether the client may connect again at once (with backoff). */
  readonly retryable: boolean;
  /** Whole seconds after which that may help; of a retryable cause 1 where nothing is said. */
  readonly retryAfterS?: number;
  readonly owner: EndOwner;
  /** Value of the metric label `cause`. */
  readonly label: string;
  readonly billing: BillingNote;
  /** The OpenAI-shaped error event sent before the close; null where the peer would not read it or already knows. */
  readonly errorEvent: { readonly type: string; readonly code: string; readonly message: string } | null;
}

const SERVER = 'server_error';
const REQUEST = 'invalid_request_error';

export const END_CAUSES = {
  client_closed: {
    close: 'echo',
    reason: '',
    retryable: true,
    owner: 'client',
    label: 'client_closed',
    billing: 'drain_tail',
    errorEvent: null,
  },
  client_lost: {
    close: 'none',
    reason: '',
    retryable: true,
    owner: 'client',
    label: 'client_lost',
    billing: 'drain_tail',
    errorEvent: null,
  },
  client_protocol_error: {
    close: 1002,
    reason: 'protocol error: the frames sent are not valid WebSocket frames',
    retryable: false,
    owner: 'client',
    label: 'client_protocol_error',
    billing: 'drain_tail',
    errorEvent: null,
  },
  message_too_large: {
    close: 1009,
    reason: 'message too large: send audio and items in smaller messages',
    retryable: false,
    owner: 'client',
    label: 'message_too_large',
    billing: 'drain_tail',
    errorEvent: null,
  },
  slow_client: {
    close: 4120,
    reason: 'slow_client: read the socket faster, or use a faster network',
    retryable: true,
    owner: 'client',
    label: 'slow_client',
    billing: 'drain_tail',
    errorEvent: null,
  },
  idle_timeout: {
    close: 4121,
    reason: 'idle_timeout: nothing was sent for too long; connect again',
    retryable: true,
    owner: 'client',
    label: 'idle_timeout',
    billing: 'drain_tail',
    errorEvent: {
      type: REQUEST,
      code: 'idle_timeout',
      message: 'The session was idle for too long and is closed. Connect again when there is something to send.',
    },
  },
  max_duration: {
    close: 4122,
    reason: 'max_duration: the session reached its longest time; connect again',
    retryable: true,
    owner: 'tenant_admin',
    label: 'max_duration',
    billing: 'drain_tail',
    errorEvent: {
      type: REQUEST,
      code: 'session_expired',
      message: 'Your session hit the maximum duration set for it. Connect again to go on.',
    },
  },
  upstream_closed: {
    close: 'forward',
    fallbackCode: 4111,
    reason: 'upstream_closed: the model provider closed the session',
    retryable: true,
    owner: 'upstream',
    label: 'upstream_closed',
    billing: 'estimate_open',
    errorEvent: null,
  },
  upstream_lost: {
    close: 4110,
    reason: 'upstream_lost: the connection to the model provider broke; connect again',
    retryable: true,
    owner: 'upstream',
    label: 'upstream_lost',
    billing: 'estimate_open',
    errorEvent: {
      type: SERVER,
      code: 'upstream_lost',
      message: 'The connection to the model provider broke. Connect again to start a new session.',
    },
  },
  upstream_expired: {
    close: 1001,
    reason: 'upstream_expired: the model provider ended the session at its maximum duration',
    retryable: true,
    owner: 'upstream',
    label: 'upstream_expired',
    billing: 'estimate_open',
    errorEvent: null,
  },
  upstream_protocol_error: {
    close: 4113,
    reason: 'upstream_protocol_error: the model provider sent invalid frames; connect again',
    retryable: true,
    owner: 'upstream',
    label: 'upstream_protocol_error',
    billing: 'estimate_open',
    errorEvent: {
      type: SERVER,
      code: 'upstream_protocol_error',
      message: 'The model provider sent something that is not valid WebSocket. Connect again to start a new session.',
    },
  },
  slow_upstream: {
    close: 4112,
    reason: 'slow_upstream: the model provider stopped reading; connect again',
    retryable: true,
    owner: 'upstream',
    label: 'slow_upstream',
    billing: 'estimate_open',
    errorEvent: {
      type: SERVER,
      code: 'slow_upstream',
      message: 'The model provider stopped accepting data. Connect again to start a new session.',
    },
  },
  key_revoked: {
    close: 4500,
    reason: 'key_revoked: this API key was revoked; ask your administrator for a new one',
    retryable: false,
    owner: 'tenant_admin',
    label: 'key_revoked',
    billing: 'drain_tail',
    errorEvent: {
      type: REQUEST,
      code: 'invalid_api_key',
      message: 'The API key of this session was revoked. Ask your administrator for a new one.',
    },
  },
  tenant_suspended: {
    close: 4501,
    reason: 'tenant_suspended: this account is suspended; ask your administrator',
    retryable: false,
    owner: 'tenant_admin',
    label: 'tenant_suspended',
    billing: 'drain_tail',
    errorEvent: {
      type: REQUEST,
      code: 'tenant_suspended',
      message: 'This account is suspended. Ask your administrator.',
    },
  },
  ended_by_admin: {
    close: 4502,
    reason: 'ended_by_admin: an administrator ended this session',
    retryable: false,
    owner: 'tenant_admin',
    label: 'ended_by_admin',
    billing: 'drain_tail',
    errorEvent: { type: REQUEST, code: 'ended_by_admin', message: 'An administrator ended this session.' },
  },
  line_reclaimed: {
    close: 4123,
    reason: 'line_reclaimed: the session was idle and its line was needed; connect again',
    retryable: true,
    owner: 'tenant_admin',
    label: 'line_reclaimed',
    billing: 'drain_tail',
    errorEvent: {
      type: REQUEST,
      code: 'line_reclaimed',
      message:
        'The session was idle while others waited for a line, and is closed. Connect again when there is something to say.',
    },
  },
  moderation: {
    close: 4504,
    reason: 'moderation: what was sent or said is not allowed here',
    retryable: false,
    owner: 'tenant_admin',
    label: 'moderation',
    billing: 'drain_tail',
    errorEvent: {
      type: REQUEST,
      code: 'content_blocked',
      message:
        'The session was ended by the moderation policy: what was sent or said is not allowed here. Ask your administrator for the policy.',
    },
  },
  budget_exceeded: {
    close: 4503,
    reason: 'budget_exceeded: the spending limit is reached; ask your administrator',
    retryable: false,
    owner: 'tenant_admin',
    label: 'budget_exceeded',
    billing: 'drain_tail',
    errorEvent: {
      type: 'insufficient_quota',
      code: 'insufficient_quota',
      message: 'The spending limit set for this session or its tenant is reached. Ask your administrator to raise it.',
    },
  },
  turns_denied: {
    close: 4124,
    reason: 'turns_denied: turn after turn was denied by a limit; connect again later',
    retryable: true,
    // The longest that tokens a minute are used up.
    retryAfterS: 60,
    owner: 'tenant_admin',
    label: 'turns_denied',
    billing: 'drain_tail',
    errorEvent: {
      type: 'requests',
      code: 'rate_limit_exceeded',
      message:
        "The session asked for turn after turn while its tenant's limits had no room for one, and is closed. Connect again later, or ask your administrator to raise the limit of tokens per minute or of spending.",
    },
  },
  lease_lost: {
    close: 4102,
    reason: 'lease_lost: the line of this session could not be kept; connect again',
    retryable: true,
    owner: 'platform',
    label: 'lease_lost',
    billing: 'drain_tail',
    errorEvent: {
      type: SERVER,
      code: 'lease_lost',
      message: 'The gateway could not keep the line of this session. Connect again to start a new session.',
    },
  },
  metering_unavailable: {
    close: 4103,
    reason: 'metering_unavailable: usage cannot be recorded right now; connect again later',
    retryable: true,
    retryAfterS: 60,
    owner: 'platform',
    label: 'metering_unavailable',
    billing: 'drain_tail',
    errorEvent: {
      type: SERVER,
      code: 'metering_unavailable',
      message: 'The gateway cannot record usage right now. Connect again in a few minutes.',
    },
  },
  // Never sent to anybody: said by the worker of sessions whose gateway is gone, when it closes their books.
  gateway_lost: {
    close: 'none',
    reason: '',
    retryable: true,
    owner: 'platform',
    label: 'gateway_lost',
    billing: 'estimate_open',
    errorEvent: null,
  },
  draining: {
    close: 4101,
    reason: 'draining: this gateway is restarting; connect again',
    retryable: true,
    owner: 'platform',
    label: 'draining',
    billing: 'drain_tail',
    errorEvent: {
      type: SERVER,
      code: 'draining',
      message: 'This gateway is restarting. Connect again to start a new session.',
    },
  },
  internal_error: {
    close: 4100,
    reason: 'internal_error: the gateway failed; connect again',
    retryable: true,
    owner: 'platform',
    label: 'internal_error',
    billing: 'drain_tail',
    errorEvent: {
      type: SERVER,
      code: 'internal_error',
      message: 'The gateway had an internal error. Connect again to start a new session.',
    },
  },
} as const satisfies Record<string, EndCauseEntry>;

/** The name of an end cause. */
export type EndCause = keyof typeof END_CAUSES;

/** The row of a cause. */
export function endCauseEntry(cause: EndCause): EndCauseEntry {
  return END_CAUSES[cause];
}

/** How a session ended. Latched once; `detail` is for our logs and never holds payload. */
export interface EndedBy {
  readonly cause: EndCause;
  readonly detail: string | null;
  /** The close frame that caused the end, when a peer's close did. */
  readonly peerClose: PeerClose | null;
  /** Monotonic milliseconds of the session's ticker. */
  readonly atMs: number;
}

/** The close frame for the client, or null when nobody is there to read it. */
export function closeForClient(ended: EndedBy): PeerClose | null {
  const entry = endCauseEntry(ended.cause);
  const theirs = ended.peerClose;
  switch (entry.close) {
    case 'none':
      return null;
    case 'echo':
      return { code: theirs?.code ?? NO_STATUS, reason: '' };
    case 'forward':
      if (theirs !== null && isSendableCloseCode(theirs.code)) return theirs;
      return { code: entry.fallbackCode ?? NO_STATUS, reason: entry.reason };
    default:
      return { code: entry.close, reason: theirs?.reason || entry.reason };
  }
}

/** The error of the event sent before the close, or null when the row has none. */
export function endError(cause: EndCause): OpenAiError | null {
  const { errorEvent, retryable, retryAfterS = 1 } = endCauseEntry(cause);
  return errorEvent && { ...errorEvent, param: null, ...(retryable ? { retry_after: retryAfterS } : {}) };
}
