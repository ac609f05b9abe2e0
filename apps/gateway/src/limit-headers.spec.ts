import { trustedId } from '@trunkline/kernel';
import { compilePolicy, DEFAULT_LIMITS, Principal, type TenantLimits } from '@trunkline/tenancy';
import { durationText, LimitsSeen } from './limit-headers.js';

function principal(
  limits: Partial<TenantLimits>,
  sessionsMax: number | null,
  keySessionsMax: number | null,
): Principal {
  const [tenantId, keyId] = [trustedId('tnt', 'tnt_a'), trustedId('key', 'key_a')];
  const tenant = { id: tenantId, slug: 'a', name: 'A', status: 'active', sessionsMax } as const;
  const key = { id: keyId, tenantId, name: 'k', status: 'active', sessionsMax: keySessionsMax } as const;
  const rest = { scopes: ['sessions' as const], models: null, origins: null, expiresAtMs: null };
  const policy = compilePolicy({
    ...{
      version: 1n,
      pools: [],
      tenantShares: [],
      keyShares: [],
      moderation: [],
      refusedEndUsers: [],
      revokedSecrets: [],
    },
    tenants: [{ ...tenant, limits: { ...DEFAULT_LIMITS, ...limits } }],
    keys: [{ hmac: 'h', key: { ...key, ...rest } }],
  });
  const holder = policy.lookup('h');
  if (!holder) throw new Error('no holder');
  return new Principal(holder);
}

describe('the headers of limits', () => {
  it('are none before it is known who calls, and none for a tenant without limits', () => {
    const seen = new LimitsSeen();
    expect(seen.headers(() => null)).toEqual({});
    seen.by(principal({}, null, null));
    seen.told({ rateUsedMs: 0, keySessions: 1, tenantSessions: 1 });
    expect(seen.headers(() => null)).toEqual({});
  });

  it('say what is left of the own limits, and until when it is all there again', () => {
    const seen = new LimitsSeen();
    seen.by(principal({ sessionsPerMinuteMax: 30, tokensPerMinuteMax: 1_000 }, 10, 4));
    const limits = { 'x-ratelimit-limit-requests': '30', 'x-ratelimit-limit-tokens': '1000' };
    expect(seen.headers(() => null)).toEqual({ ...limits, 'x-trunkline-sessions-limit': '4' });
    seen.told({ rateUsedMs: 4_000, keySessions: 1, tenantSessions: 8 });
    expect(seen.headers(() => ({ max: 1_000, used: 1_200, resetMs: 59_500 }))).toEqual({
      ...limits,
      'x-ratelimit-remaining-requests': '28',
      'x-ratelimit-reset-requests': '4s',
      'x-ratelimit-remaining-tokens': '0',
      'x-ratelimit-reset-tokens': '59.5s',
      'x-trunkline-sessions-limit': '4',
      'x-trunkline-sessions-remaining': '2',
    });
  });

  it('write durations as OpenAI does', () => {
    expect([0, 19.2, 7_853, 60_000, 361_000].map(durationText)).toEqual(['0s', '20ms', '7.853s', '1m0s', '6m1s']);
  });
});
