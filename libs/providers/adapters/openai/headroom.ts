// What OpenAI says about the room left on the account: `rate_limits.updated` after a response, and responses that failed
// because there was none. Read into one number, for how long no new session should be begun; the numbers themselves stay
// here, for they are everybody's (promise P9). Shapes: protocol facts 4.4 and 4.5.

type Json = Readonly<Record<string, unknown>>;

// Below a tenth of the minute's tokens, the next turns of the calls that are open will use what is left.
const HEADROOM_MIN = 0.1;
// Some limits are of a day; nobody should be kept out for hours by one message.
const PAUSE_MS_MAX = 60_000;
// A failed response whose text names no time.
const PAUSE_MS_DEFAULT = 5_000;

/**
 * Milliseconds until a tenth of each limit is free again, 0 when it is now. The limits refill evenly: `reset_seconds` is
 * the time until all of it is free.
 */
export function pauseOfRateLimits(event: Json): number {
  const limits = Array.isArray(event['rate_limits']) ? (event['rate_limits'] as unknown[]) : [];
  return Math.max(0, ...limits.map(pauseOfLimit));
}

/** Milliseconds to wait after a response that failed with `rate_limit_exceeded`, else 0. */
export function pauseOfFailedResponse(response: Json): number {
  const error = asObject(asObject(response['status_details'])['error']);
  if (error['code'] !== 'rate_limit_exceeded') return 0;
  const message = typeof error['message'] === 'string' ? error['message'] : '';
  const asked = /try again in ((?:\d+(?:\.\d+)?(?:ms|h|m|s))+)/i.exec(message)?.[1];
  return Math.min(PAUSE_MS_MAX, asked === undefined ? PAUSE_MS_DEFAULT : durationMs(asked));
}

/** The model whose limit a failed response ran into, where the upstream names one (`Rate limit reached for <model> in`). */
export function modelOfFailedResponse(response: Json): string | null {
  const { message } = asObject(asObject(response['status_details'])['error']);
  return modelNamedIn(message);
}

/** The model that a text about a reached limit names; null: none, the account as a whole. */
export function modelNamedIn(message: unknown): string | null {
  if (typeof message !== 'string') return null;
  return /limit reached for ([a-z0-9][a-z0-9._:-]{0,99}) (?:\(|in |on )/i.exec(message)?.[1] ?? null;
}

function pauseOfLimit(value: unknown): number {
  const { limit, remaining, reset_seconds: resetSeconds } = asObject(value);
  if (typeof limit !== 'number' || typeof remaining !== 'number' || typeof resetSeconds !== 'number') return 0;
  const free = remaining / limit;
  if (!(limit > 0 && free < HEADROOM_MIN && resetSeconds > 0)) return 0;
  const share = (HEADROOM_MIN - Math.max(0, free)) / (1 - Math.max(0, free));
  return Math.min(PAUSE_MS_MAX, Math.round(resetSeconds * 1000 * share));
}

// As OpenAI writes them: 7.853s, 20ms, 6m0s, 1h2m.
function durationMs(text: string): number {
  const units: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };
  let ms = 0;
  for (const [, number, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|h|m|s)/gi))
    ms += Number(number) * (units[unit?.toLowerCase() ?? ''] ?? 0);
  return Math.ceil(ms);
}

function asObject(value: unknown): Json {
  return typeof value === 'object' && value !== null ? (value as Json) : {};
}
