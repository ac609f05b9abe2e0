import { END_CAUSES, type EndCause } from '@trunkline/realtime';
import { DEFAULT_LIMITS } from '@trunkline/tenancy';
import { reconnectGraceMs } from './reconnect-grace.js';

const limits = { ...DEFAULT_LIMITS, reconnectGraceMs: 3_000 };
const MINUTE_MS = 60_000;

describe('the grace for a reconnect', () => {
  it('is given where a call broke and not where somebody ended it', () => {
    const causes = Object.keys(END_CAUSES) as EndCause[];
    expect(causes.filter((cause) => reconnectGraceMs(cause, MINUTE_MS, limits) > 0).sort()).toEqual([
      'client_lost',
      'draining',
      'internal_error',
      'lease_lost',
      'max_duration',
      'slow_upstream',
      'upstream_closed',
      'upstream_expired',
      'upstream_lost',
      'upstream_protocol_error',
    ]);
  });

  it('is given to a long session that its client closed: LiveKit opens the next one at once', () => {
    expect(reconnectGraceMs('client_closed', 20 * MINUTE_MS, limits)).toBe(3_000);
    expect(reconnectGraceMs('client_closed', 14 * MINUTE_MS, limits)).toBe(0);
    expect(reconnectGraceMs('client_closed', 20 * MINUTE_MS, { ...limits, reconnectGraceMs: 0 })).toBe(0);
  });
});
