// For how long the line of an ended session is kept for its key to come back. A call whose connection broke, or whose
// upstream reached its longest time, goes on in a new session a moment later; without its line it would have to queue
// behind others in the middle of a sentence.
import type { EndCause } from '@trunkline/realtime';
import type { TenantLimits } from '@trunkline/tenancy';

const BROKEN: readonly EndCause[] = [
  'client_lost',
  'upstream_lost',
  'upstream_closed',
  'upstream_expired',
  'upstream_protocol_error',
  'slow_upstream',
  'max_duration',
  'draining',
  'lease_lost',
  'internal_error',
];

// LiveKit closes its socket every 20 minutes and opens another (`DEFAULT_MAX_SESSION_DURATION`); people who hang up after
// a quarter of an hour cost others two seconds.
const PLANNED_RECONNECT_MS_MIN = 15 * 60_000;

/** Milliseconds; 0: the line is free at once. */
export function reconnectGraceMs(cause: EndCause, openMs: number, limits: TenantLimits): number {
  const mayReturn = BROKEN.includes(cause) || (cause === 'client_closed' && openMs >= PLANNED_RECONNECT_MS_MIN);
  return mayReturn ? limits.reconnectGraceMs : 0;
}
