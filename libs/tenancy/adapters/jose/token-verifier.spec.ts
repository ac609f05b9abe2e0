import { createHmac, createSign, generateKeyPairSync } from 'node:crypto';
import { trustedId } from '@trunkline/kernel';
import { exportJWK, exportSPKI, generateKeyPair, SignJWT, type CryptoKey, type JWK } from 'jose';
import { compileJwtApps, type JwtIssuer } from '../../index.js';
import { IssuerKeys } from './issuer-keys.js';
import { TokenVerifier } from './token-verifier.js';

const NOW_S = 1_795_000_000;
const ISS = 'https://login.corp.example';
const HOUR_MS = 3_600_000;

let pair: { readonly publicKey: CryptoKey; readonly privateKey: CryptoKey };
let stranger: typeof pair;
let jwk: JWK;
beforeAll(async () => {
  [pair, stranger] = await Promise.all([make(), make()]);
  jwk = { ...(await exportJWK(pair.publicKey)), kid: 'k1', alg: 'RS256', use: 'sig' };
});
const make = () => generateKeyPair('RS256', { extractable: true });

const issuer = (replacing: Partial<JwtIssuer> = {}): JwtIssuer => ({
  ...{ id: trustedId('iss', 'iss_a'), issuer: ISS, audiences: ['trunkline'], algorithms: ['RS256'] },
  ...{ keys: { url: 'https://login.corp.example/jwks' }, tenant: { claim: 'org' } },
  ...{ appClaim: 'azp', endUserClaim: 'sub', skewSeconds: 30, ...replacing },
});

/** A verifier whose world is in the test's hand. */
class Rig {
  nowMs = NOW_S * 1_000;
  readonly issuers = [issuer()];
  served: () => unknown = () => ({ keys: [jwk] });
  fetches = 0;
  readonly clock = { nowMs: () => this.nowMs, monotonicMs: () => this.nowMs };
  readonly keys = new IssuerKeys({
    issuers: () => this.issuers,
    fetch: async () => ((this.fetches += 1), this.served()),
    clock: this.clock,
    failed: () => undefined,
  });
  readonly verifier = new TokenVerifier({ keys: this.keys, clock: this.clock });

  refresh = () => this.keys.refresh(new AbortController().signal);
  verify = (token: string) => this.verifier.verify(token, compileJwtApps({ issuers: this.issuers, apps: [] }));
}

async function ready(): Promise<Rig> {
  const rig = new Rig();
  await rig.refresh();
  return rig;
}

interface Made {
  readonly claims?: Record<string, unknown>;
  readonly header?: Record<string, unknown>;
  readonly key?: CryptoKey;
}

const CLAIMS = { iss: ISS, aud: 'trunkline', org: 'acme', azp: 'billing-bot', sub: 'user-7', exp: NOW_S + 600 };

function token({ claims = {}, header = {}, key = pair.privateKey }: Made = {}): Promise<string> {
  const payload = { ...CLAIMS, ...claims };
  return new SignJWT(payload).setProtectedHeader({ alg: 'RS256', kid: 'k1', typ: 'JWT', ...header }).sign(key);
}

/** Of 1,024 bits; `jose` would sign with none such. */
const shortKey = () => {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 1024 });
  const sign = (text: string) => `${text}.${createSign('RSA-SHA256').update(text).sign(privateKey, 'base64url')}`;
  return { jwk: publicKey.export({ format: 'jwk' }), sign };
};

const base64 = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

describe('a token', () => {
  it('of a known issuer says whose app it is and for which end user', async () => {
    const verified = await (await ready()).verify(await token());
    expect(verified).toMatchObject({
      value: { tenantSlug: 'acme', app: 'billing-bot', endUser: 'user-7', validUntilMs: (NOW_S + 630) * 1_000 },
    });
  });

  it.each<[string, Made]>([
    ['of another audience', { claims: { aud: 'mail' } }],
    ['of another issuer', { claims: { iss: 'https://evil.example' } }],
    ['without an issuer', { claims: { iss: undefined } }],
    ['that is over', { claims: { exp: NOW_S - 31 } }],
    ['that never ends', { claims: { exp: undefined } }],
    ['that begins in ten minutes', { claims: { nbf: NOW_S + 600 } }],
    ['that names no app', { claims: { azp: undefined } }],
    ['whose app is no text', { claims: { azp: ['billing-bot'] } }],
    ['that names no tenant', { claims: { org: '' } }],
    ['with an unknown key id', { header: { kid: 'k2' } }],
    ['with a path for a key id', { header: { kid: '../../etc/passwd' } }],
    ['that brings the address of its keys', { header: { jku: 'https://evil.example/jwks' } }],
    ['that brings the address of its certificate', { header: { x5u: 'https://evil.example/c' } }],
    ['of another kind', { header: { typ: 'dpop+jwt' } }],
  ])('%s is refused', async (_, made) => {
    expect(await (await ready()).verify(await token(made))).toEqual({ ok: false, error: 'refused' });
  });

  it('signed by a stranger under the issuer’s key id is refused', async () => {
    expect(await (await ready()).verify(await token({ key: stranger.privateKey }))).toMatchObject({ error: 'refused' });
  });

  it('that brings its own key is refused', async () => {
    const own = await token({ key: stranger.privateKey, header: { jwk: await exportJWK(stranger.publicKey) } });
    expect(await (await ready()).verify(own)).toMatchObject({ error: 'refused' });
  });

  it('without a signature is refused', async () => {
    const head = base64({ alg: 'none', kid: 'k1' });
    expect(await (await ready()).verify(`${head}.${base64(CLAIMS)}.`)).toMatchObject({ error: 'refused' });
  });

  it('signed with the public key as if that were a shared secret is refused', async () => {
    const text = `${base64({ alg: 'HS256', kid: 'k1' })}.${base64(CLAIMS)}`;
    for (const secret of [await exportSPKI(pair.publicKey), JSON.stringify(jwk)]) {
      const signature = createHmac('sha256', secret).update(text).digest('base64url');
      expect(await (await ready()).verify(`${text}.${signature}`)).toMatchObject({ error: 'refused' });
    }
  });

  it('of another asymmetric algorithm than its issuer’s is refused', async () => {
    const ps = await generateKeyPair('PS256');
    const other = await token({ key: ps.privateKey, header: { alg: 'PS256' } });
    expect(await (await ready()).verify(other)).toMatchObject({ error: 'refused' });
  });

  it.each(['eyJ.eyJ.x', 'eyJhbGciOiJSUzI1NiJ9.e30.AAAA', 'eyJ..'])('that is none (%s) is refused', async (text) => {
    expect(await (await ready()).verify(text)).toMatchObject({ error: 'refused' });
  });

  it('is remembered by all of it: another that begins alike is checked by itself', async () => {
    const rig = await ready();
    const padding = 'x'.repeat(300);
    const good = await token({ claims: { aaa: padding, azp: 'billing-bot' } });
    expect(await rig.verify(good)).toMatchObject({ ok: true });
    const [head = '', body = '', signature = ''] = good.split('.');
    const forged = base64({ aaa: padding, ...CLAIMS, azp: 'another-bot' });
    expect(forged.slice(0, 200)).not.toBe('');
    expect(await rig.verify(`${head}.${forged}.${signature}`)).toMatchObject({ error: 'refused' });
    expect(await rig.verify(`${head}.${body}.${signature.slice(0, -4)}AAAA`)).toMatchObject({ error: 'refused' });
  });

  it('is not remembered past its end', async () => {
    const rig = await ready();
    const text = await token();
    expect(await rig.verify(text)).toMatchObject({ ok: true });
    rig.nowMs += 631_000;
    expect(await rig.verify(text)).toMatchObject({ error: 'refused' });
  });

  it('is not remembered once its issuer is gone or has withdrawn the key', async () => {
    const rig = await ready();
    const text = await token({ claims: { exp: NOW_S + 86_400 } });
    expect(await rig.verify(text)).toMatchObject({ ok: true });
    rig.served = () => ({ keys: [{ ...jwk, kid: 'k9' }] });
    rig.nowMs += HOUR_MS;
    await rig.refresh();
    expect(await rig.verify(text)).toMatchObject({ error: 'refused' });
    const other = await ready();
    expect(await other.verify(text)).toMatchObject({ ok: true });
    other.issuers.splice(0, 1, issuer({ id: trustedId('iss', 'iss_b') }));
    expect(await other.verify(text)).toMatchObject({ error: 'no_keys' });
  });
});

describe('the keys of an issuer', () => {
  it('that were never fetched let nobody in', async () => {
    expect(await new Rig().verify(await token())).toEqual({ ok: false, error: 'no_keys' });
  });

  it('are used on while they cannot be refreshed, for a day', async () => {
    const rig = await ready();
    rig.served = () => {
      throw new Error('the issuer is away');
    };
    const text = await token({ claims: { exp: NOW_S + 10 * 86_400 } });
    rig.nowMs += 23 * HOUR_MS;
    await rig.refresh();
    expect(await rig.verify(text)).toMatchObject({ ok: true });
    rig.nowMs += HOUR_MS;
    expect(await rig.verify(text)).toMatchObject({ error: 'no_keys' });
  });

  it('are fetched sooner for an unknown key id, and no oftener than every ten seconds', async () => {
    const rig = await ready();
    const flood = async () => {
      for (let i = 0; i < 50; i++) await rig.verify(await token({ header: { kid: `k${i + 2}` } }));
      await rig.refresh();
    };
    await flood();
    expect(rig.fetches).toBe(1);
    rig.nowMs += 10_000;
    await flood();
    await flood();
    expect(rig.fetches).toBe(2);
  });

  it.each<[string, () => Promise<object>]>([
    ['too short', async () => ({ ...shortKey().jwk, kid: 'odd' })],
    ['cut off', async () => ({ ...jwk, kid: 'odd', n: 'AQAB' })],
    ['no point of its curve', async () => ({ kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA', kid: 'odd', alg: 'RS256' })],
    ['for encryption', async () => ({ ...jwk, kid: 'odd', use: 'enc' })],
    ['for something else', async () => ({ ...jwk, kid: 'odd', key_ops: ['encrypt'] })],
  ])('among which one is %s check tokens of the others, and refuse one that names it', async (_, odd) => {
    const key = await odd();
    const rig = new Rig();
    rig.served = () => ({ keys: [key, jwk] });
    await rig.refresh();
    expect(await rig.verify(await token())).toMatchObject({ ok: true });
    expect(await rig.verify(await token({ header: { kid: 'odd' } }))).toEqual({ ok: false, error: 'refused' });
  });

  it('that are too short check nothing, though the signature fits', async () => {
    const { jwk: short, sign } = shortKey();
    const rig = new Rig();
    rig.served = () => ({ keys: [{ ...short, kid: 'k1' }] });
    await rig.refresh();
    expect(await rig.verify(sign(`${base64({ alg: 'RS256', kid: 'k1' })}.${base64(CLAIMS)}`))).toMatchObject({
      error: 'no_keys',
    });
  });

  it.each([
    ['a shared secret', { kty: 'oct', k: 'c2VjcmV0', kid: 'k1' }],
    ['a private key', { kty: 'RSA', d: 'x', n: 'x', e: 'AQAB', kid: 'k1' }],
  ])('are not taken with %s among them', async (_, key) => {
    const rig = new Rig();
    rig.served = () => ({ keys: [jwk, key] });
    await rig.refresh();
    expect(await rig.verify(await token())).toMatchObject({ error: 'no_keys' });
  });
});
