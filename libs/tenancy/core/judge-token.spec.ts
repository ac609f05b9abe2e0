import { trustedId } from '@trunkline/kernel';
import type { JwtIssuer, VerifiedToken } from './jwt-apps.js';
import { CreateJwtIssuerInput } from './jwt-issuer-input.js';
import { judgeToken } from './judge-token.js';
import { apiKey, hashKey, KEY, rows, tenant } from './policy-rows.conformance.js';
import { compilePolicy, type ApiKey, type Tenant } from './policy-snapshot.js';

const NOW_MS = 1_795_000_000_000;

const issuer: JwtIssuer = {
  ...{ id: trustedId('iss', 'iss_a'), issuer: 'https://corp.example', audiences: ['trunkline'], algorithms: ['RS256'] },
  ...{ keys: { jwks: {} }, tenant: { claim: 'org' }, appClaim: 'sub', endUserClaim: 'user', skewSeconds: 0 },
};
const app = { issuerId: issuer.id, tenantId: tenant().id, keyId: apiKey().id, subject: 'bot' };
const policy = (parts: { key?: Partial<ApiKey>; tenant?: Partial<Tenant>; issuers?: JwtIssuer[] } = {}) =>
  compilePolicy(
    rows({
      tenants: [tenant(parts.tenant), tenant({ id: trustedId('tnt', 'tnt_b'), slug: 'b' })],
      keys: [{ hmac: hashKey(KEY), key: apiKey(parts.key) }],
      jwt: { issuers: parts.issuers ?? [issuer], apps: [app] },
    }),
  );
const judge = (token: Partial<VerifiedToken> = {}, snapshot = policy()) => {
  const verified = { issuer, tenantSlug: 'a', app: 'bot', endUser: 'u', validUntilMs: NOW_MS + 1, ...token };
  const hashEndUser = (_tenant: string, name: string) => `hash of ${name}`;
  const judged = judgeToken(verified, { snapshot, nowMs: NOW_MS, origin: null, hashEndUser });
  return judged.ok ? judged.value : judged.error;
};

describe('a verified token', () => {
  it('acts as the key that stands for its app, for the end user that it names', () => {
    expect(judge()).toMatchObject({ tenantId: 'tnt_a', keyId: 'key_a', secret: null, endUser: 'hash of u' });
    expect(judge({ endUser: null })).toMatchObject({ endUser: null });
  });

  it('of a tenant’s own issuer acts for that tenant, whatever it claims', () => {
    const own: JwtIssuer = { ...issuer, tenant: { id: tenant().id } };
    expect(judge({ issuer: own, tenantSlug: 'b' }, policy({ issuers: [own] }))).toMatchObject({ tenantId: 'tnt_a' });
  });

  it.each([
    ['for an app that nobody added', { app: 'another' }, policy()],
    ['for another tenant’s app', { tenantSlug: 'b' }, policy()],
    ['for a tenant that is none', { tenantSlug: 'nobody' }, policy()],
    ['that is over by now', { validUntilMs: NOW_MS }, policy()],
    ['of an issuer that was revoked', {}, policy({ issuers: [] })],
    ['of an issuer that was made anew', {}, policy({ issuers: [{ ...issuer, id: trustedId('iss', 'iss_b') }] })],
    ['whose key was revoked', {}, policy({ key: { status: 'revoked' } })],
    ['whose key is suspended', {}, policy({ key: { status: 'suspended' } })],
  ])('%s is refused like any other', (_, token, snapshot) => {
    expect(judge(token, snapshot)).toEqual(judge({ app: 'nobody' }));
    expect(judge(token, snapshot)).toMatchObject({ code: 'invalid_api_key' });
  });
});

describe('an issuer', () => {
  const good = {
    ...{ name: 'corp', issuer: 'https://corp.example', audiences: ['trunkline'] },
    ...{ jwksUrl: 'https://corp.example/jwks', tenantClaim: 'org' },
  };

  it('signs with RS256 and is half a minute off at most unless said otherwise', () => {
    expect(CreateJwtIssuerInput.parse(good)).toMatchObject({ algorithms: ['RS256'], skewSeconds: 30, appClaim: 'sub' });
  });

  it.each([
    ['none', { algorithms: ['none'] }],
    ['a shared secret', { algorithms: ['HS256'] }],
    ['no audience', { audiences: [] }],
    ['keys over plain HTTP', { jwksUrl: 'http://corp.example/jwks' }],
    ['keys from a file of this machine', { jwksUrl: 'file:///etc/keys' }],
    ['both an address and keys', { jwks: { keys: [{ kty: 'RSA' }] } }],
    ['no keys at all', { jwksUrl: null }],
    ['both a tenant and a claim for it', { tenant: 'acme' }],
    ['neither', { tenantClaim: null }],
    ['a clock ten minutes off', { skewSeconds: 600 }],
  ])('is not taken with %s', (_, bad) => {
    expect(CreateJwtIssuerInput.safeParse({ ...good, ...bad }).success).toBe(false);
  });
});
