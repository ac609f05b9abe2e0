import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { ERRORS, toOpenAiError, trustedId } from '@trunkline/kernel';
import { mintKey } from './api-key.js';
import { authenticate, endUserRefusal, identify, stillAllowed, type AuthenticationContext } from './authenticate.js';
import { hashKey, KEY, rows, snapshot } from './policy-rows.conformance.js';
import { compilePolicy } from './policy-snapshot.js';
import { mayUseModel, Principal } from './principal.js';

const NOW_MS = 1_795_000_000_000;
const credentials = { key: KEY, origin: null };

function given(parts: Parameters<typeof snapshot>[0] = {}): AuthenticationContext {
  return { snapshot: snapshot(parts), nowMs: NOW_MS, hashKey };
}

function principalOf(parts: Parameters<typeof snapshot>[0] = {}): Principal {
  const result = authenticate(credentials, given(parts));
  if (!result.ok) throw new Error(result.error.message);
  return result.value;
}

describe('authenticate', () => {
  it('gives the principal of the key, with its own and its tenant’s limits', () => {
    const principal = principalOf({ key: { sessionsMax: 2 }, tenant: { sessionsMax: 7 } });
    expect(principal).toMatchObject({ tenantId: 'tnt_a', keyId: 'key_a', keySessionsMax: 2, tenantSessionsMax: 7 });
  });

  it('answers malformed, unknown, revoked, suspended and expired keys with the same body', () => {
    const refusals = [
      authenticate({ ...credentials, key: 'sk-something' }, given()),
      authenticate({ ...credentials, key: `${KEY.slice(0, -1)}0` }, given()),
      authenticate({ ...credentials, key: mintKey(randomBytes) }, given()),
      authenticate(credentials, given({ key: { status: 'revoked' } })),
      authenticate(credentials, given({ key: { status: 'suspended' } })),
      authenticate(credentials, given({ key: { expiresAtMs: NOW_MS } })),
      authenticate(credentials, given({ key: { status: 'revoked' }, tenant: { status: 'suspended' } })),
    ];
    for (const refusal of refusals) {
      expect(refusal).toEqual(refusals[0]);
      expect(refusal).toMatchObject({ ok: false, error: { code: 'invalid_api_key' } });
    }
    expect(ERRORS.invalid_api_key.status).toBe(401);
  });

  it('knows the reason itself', () => {
    const reasonOf = (parts: Parameters<typeof snapshot>[0], key = KEY) =>
      identify({ ...credentials, key }, given(parts));
    expect(reasonOf({}, 'sk-x')).toEqual({ ok: false, error: 'malformed' });
    expect(reasonOf({}, mintKey(randomBytes))).toEqual({ ok: false, error: 'unknown' });
    expect(reasonOf({ key: { status: 'revoked' } })).toEqual({ ok: false, error: 'revoked' });
    expect(reasonOf({ key: { expiresAtMs: NOW_MS } })).toEqual({ ok: false, error: 'expired' });
  });

  it('accepts a key until the instant it expires', () => {
    expect(authenticate(credentials, given({ key: { expiresAtMs: NOW_MS + 1 } })).ok).toBe(true);
  });

  it('names a suspended tenant only to who holds a valid key of it', () => {
    const suspended = given({ tenant: { status: 'suspended' } });
    expect(authenticate(credentials, suspended)).toMatchObject({ ok: false, error: { code: 'tenant_suspended' } });
    expect(authenticate({ ...credentials, key: mintKey(randomBytes) }, suspended)).toMatchObject({
      ok: false,
      error: { code: 'invalid_api_key' },
    });
  });

  it('lets a key with an origin list be used from these origins and from servers only', () => {
    const context = given({ key: { origins: ['https://app.example.com'] } });
    const from = (origin: string | null) => authenticate({ ...credentials, origin }, context);
    expect(from('https://app.example.com').ok).toBe(true);
    expect(from(null).ok).toBe(true);
    for (const origin of ['https://evil.example', 'http://app.example.com', 'https://app.example.com.evil', 'null', ''])
      expect(from(origin)).toMatchObject({ ok: false, error: { code: 'origin_not_allowed' } });
  });

  it('answers ten thousand hostile credentials with the one 401, and never repeats them', () => {
    const hostile = fc.oneof(
      fc.string({ unit: 'binary', minLength: 8, maxLength: 200 }),
      fc.string({ minLength: 36, maxLength: 40 }).map((text) => `tl_${text}`),
      fc.constantFrom(
        "' OR 1=1 --",
        '__proto__',
        'constructor',
        '${jndi:ldap://x}',
        'tl_'.repeat(50),
        '\u0000'.repeat(64),
      ),
    );
    const context = given();
    const answers = new Set<string>();
    fc.assert(
      fc.property(hostile, (key) => {
        const result = authenticate({ key, origin: null }, context);
        if (result.ok || result.error.code !== 'invalid_api_key') return false;
        answers.add(JSON.stringify(toOpenAiError(result.error)));
        return !result.error.message.includes(key);
      }),
      { numRuns: 10_000 },
    );
    expect(answers.size).toBe(1);
  });

  it('lets nobody in when the hasher fails', () => {
    const broken = (): string => {
      throw new Error('no pepper');
    };
    expect(() => authenticate(credentials, { ...given(), hashKey: broken })).toThrow('no pepper');
  });
});

describe('a principal', () => {
  it('cannot exist without an active key of an active tenant', () => {
    const holder = snapshot().lookup(hashKey(KEY));
    if (!holder) throw new Error('no holder');
    expect(() => new Principal({ ...holder, key: { ...holder.key, tenantId: trustedId('tnt', 'tnt_b') } })).toThrow();
    expect(() => new Principal({ ...holder, key: { ...holder.key, status: 'revoked' } })).toThrow();
    expect(() => new Principal({ ...holder, tenant: { ...holder.tenant, status: 'suspended' } })).toThrow();
  });

  it('may use the models of its key’s list, or all', () => {
    expect(mayUseModel(principalOf(), 'gpt-realtime')).toBe(true);
    const limited = principalOf({ key: { models: ['gpt-realtime'] } });
    expect(mayUseModel(limited, 'gpt-realtime')).toBe(true);
    expect(mayUseModel(limited, 'gpt-realtime-mini')).toBe(false);
  });
});

describe('a live session under a newer snapshot', () => {
  it('goes on when nothing about its key and tenant forbids it', () => {
    expect(stillAllowed(principalOf(), snapshot({ version: 2n, tenant: { sessionsMax: 1 } }), NOW_MS)).toBeNull();
  });

  it.each([
    ['the key is revoked', { key: { status: 'revoked' as const } }, 'key_revoked'],
    ['the key is suspended', { key: { status: 'suspended' as const } }, 'key_revoked'],
    ['the key has expired', { key: { expiresAtMs: NOW_MS } }, 'key_revoked'],
    ['the tenant is suspended', { tenant: { status: 'suspended' as const } }, 'tenant_suspended'],
  ])('ends when %s', (_, parts, cause) => {
    expect(stillAllowed(principalOf(), snapshot(parts), NOW_MS)).toBe(cause);
  });

  it('ends when its key is no longer there at all', () => {
    const empty = compilePolicy(rows({ version: 2n }));
    expect(stillAllowed(principalOf(), empty, NOW_MS)).toBe('key_revoked');
  });
});

describe('an end user who is refused', () => {
  const tenantId = trustedId('tnt', 'tnt_a');
  const refused = compilePolicy(rows({ refusedEndUsers: [{ tenantId, endUser: 'eu_ana', untilMs: NOW_MS + 1 }] }));
  const refusalOf = (who: string | null, tenant = 'tnt_a', nowMs = NOW_MS) =>
    endUserRefusal({ tenantId: trustedId('tnt', tenant) }, who, { snapshot: refused, nowMs });

  it('is, until the instant that was said, and by that tenant only', () => {
    expect(refusalOf('eu_ana')).toMatchObject({ code: 'end_user_refused' });
    expect(refusalOf('eu_ana', 'tnt_a', NOW_MS + 1)).toBeNull();
    expect(refusalOf('eu_ana', 'tnt_b')).toBeNull();
  });

  it('is nobody else, and nobody whom the app does not name', () => {
    expect([refusalOf('eu_bea'), refusalOf(null)]).toEqual([null, null]);
  });
});
