import { randomBytes } from 'node:crypto';
import { trustedId } from '@trunkline/kernel';
import { stillAllowed } from './authenticate.js';
import { isWellFormedClientSecret, mintClientSecret, type ClientSecret } from './client-secret.js';
import { MintInput, modelOfSession } from './client-secret-input.js';
import { judgeClientSecret, secretMismatch } from './judge-client-secret.js';
import { apiKey, hashKey, KEY, rows, snapshot, tenant } from './policy-rows.conformance.js';
import { compilePolicy, type PolicySnapshot } from './policy-snapshot.js';

const NOW_MS = 1_795_000_000_000;
const PAGE = 'https://app.example.com';

function aSecret(replacing: Partial<ClientSecret> = {}): ClientSecret {
  return {
    id: trustedId('ecs', 'ecs_a'),
    tenantId: trustedId('tnt', 'tnt_a'),
    keyId: trustedId('key', 'key_a'),
    kind: 'realtime',
    model: 'gpt-realtime',
    session: { type: 'realtime', model: 'gpt-realtime' },
    pinned: [],
    origins: null,
    usesMax: null,
    endUser: null,
    judgedBy: null,
    uses: 0,
    createdAtMs: NOW_MS - 1_000,
    expiresAtMs: NOW_MS + 1_000,
    revokedAtMs: null,
    ...replacing,
  };
}

const judge = (secret: ClientSecret | null, policy: PolicySnapshot = snapshot(), origin: string | null = null) => {
  const judged = judgeClientSecret(secret, { snapshot: policy, nowMs: NOW_MS, origin });
  return judged.ok ? judged.value : judged.error;
};
const withRevoked = compilePolicy(
  rows({
    tenants: [tenant()],
    keys: [{ hmac: hashKey(KEY), key: apiKey() }],
    revokedSecrets: [aSecret().id],
  }),
);

describe('a client secret', () => {
  it('is an ek_ text with a checksum, and no key', () => {
    const text = mintClientSecret(randomBytes);
    expect(text).toMatch(/^ek_[0-9a-z]{39}$/);
    expect(isWellFormedClientSecret(text)).toBe(true);
    expect(isWellFormedClientSecret(`${text.slice(0, -1)}${text.endsWith('0') ? '1' : '0'}`)).toBe(false);
    expect(isWellFormedClientSecret(`tl_${text.slice(3)}`)).toBe(false);
  });

  it('acts for its key: with its limits, its models, its scopes and its own end user', () => {
    const policy = snapshot({ key: { sessionsMax: 2, models: ['gpt-realtime'] }, tenant: { sessionsMax: 7 } });
    const secret = aSecret({ endUser: 'hash' });
    const limits = { keySessionsMax: 2, tenantSessionsMax: 7, models: ['gpt-realtime'], scopes: ['sessions'] };
    expect(judge(secret, policy)).toMatchObject({ keyId: 'key_a', secret, endUser: 'hash', ...limits });
  });

  it.each([
    ['unknown', null, snapshot()],
    ['expired', aSecret({ expiresAtMs: NOW_MS }), snapshot()],
    ['revoked', aSecret({ revokedAtMs: NOW_MS - 1 }), snapshot()],
    ['revoked since it was read', aSecret(), withRevoked],
    ['of a revoked key', aSecret(), snapshot({ key: { status: 'revoked' } })],
    ['of a suspended key', aSecret(), snapshot({ key: { status: 'suspended' } })],
    ['of an expired key', aSecret(), snapshot({ key: { expiresAtMs: NOW_MS } })],
    ['of a key that is not loaded', aSecret({ keyId: trustedId('key', 'key_b') }), snapshot()],
    ['that names a tenant which is not its key’s', aSecret({ tenantId: trustedId('tnt', 'tnt_b') }), snapshot()],
  ])('that is %s gets the answer that an invented one gets', (_, secret, policy) => {
    expect(judge(secret, policy)).toEqual(judge(null));
    expect(judge(null)).toMatchObject({ code: 'invalid_api_key' });
  });

  it('is told of its tenant’s suspension', () => {
    expect(judge(aSecret(), snapshot({ tenant: { status: 'suspended' } }))).toMatchObject({ code: 'tenant_suspended' });
  });

  it.each([
    ['its own list', aSecret({ origins: [PAGE] }), snapshot()],
    ['its key’s list', aSecret(), snapshot({ key: { origins: [PAGE] } })],
  ])('is good from the origins of %s only', (_, secret, policy) => {
    expect(judge(secret, policy, PAGE)).toMatchObject({ keyId: 'key_a' });
    expect(judge(secret, policy, 'https://evil.example')).toMatchObject({ code: 'origin_not_allowed' });
  });

  it('that is tied to an origin is of no use to a client that sends none', () => {
    expect(judge(aSecret({ origins: [PAGE] }))).toMatchObject({ code: 'origin_not_allowed' });
  });

  it.each([
    [null, null, true],
    ['gpt-realtime', null, true],
    ['gpt-realtime-mini', null, false],
    ['gpt-realtime', 'transcription', false],
    [null, 'transcription', false],
  ])('for a conversation answers model %p with intent %p: %p', (model, intent, isLetIn) => {
    const mismatch = secretMismatch(aSecret(), { model, intent });
    expect(mismatch).toEqual(isLetIn ? null : expect.objectContaining({ code: 'model_mismatch', param: 'model' }));
  });

  it('for transcription opens nothing else', () => {
    const secret = aSecret({ kind: 'transcription', model: 'whisper-1' });
    expect(secretMismatch(secret, { model: null, intent: 'transcription' })).toBeNull();
    expect(secretMismatch(secret, { model: 'gpt-realtime', intent: null })?.code).toBe('model_mismatch');
  });

  it('that is revoked ends its sessions, and only its own', () => {
    const [own, other] = [aSecret(), aSecret({ id: trustedId('ecs', 'ecs_b') })].map((each) => {
      const judged = judgeClientSecret(each, { snapshot: snapshot(), nowMs: NOW_MS, origin: null });
      if (!judged.ok) throw new Error(judged.error.message);
      return stillAllowed(judged.value, withRevoked, NOW_MS);
    });
    expect([own, other]).toEqual(['key_revoked', null]);
  });
});

describe('a request to mint', () => {
  it('has OpenAI’s defaults', () => {
    expect(MintInput.parse({})).toEqual({
      expires_after: { seconds: 600 },
      session: { type: 'realtime', model: 'gpt-realtime' },
      trunkline: { max_uses: null, origins: null, pinned: [] },
    });
  });

  it('keeps what it does not know of a session', () => {
    const session = {
      type: 'realtime',
      model: 'gpt-realtime-mini',
      audio: { output: { voice: 'marin' } },
      reasoning: {},
    };
    expect(MintInput.parse({ session }).session).toEqual(session);
  });

  it('is bound to the model of its session', () => {
    const transcription = { input: { transcription: { model: 'gpt-4o-transcribe' } } };
    expect(modelOfSession(MintInput.parse({ session: { type: 'transcription', audio: transcription } }).session)).toBe(
      'gpt-4o-transcribe',
    );
    expect(modelOfSession(MintInput.parse({ session: { type: 'transcription' } }).session)).toBeNull();
    expect(modelOfSession(MintInput.parse({ session: { type: 'realtime' } }).session)).toBe('gpt-realtime');
  });

  it.each([
    [{ expires_after: { seconds: 9 } }, 'expires_after.seconds'],
    [{ expires_after: { seconds: 7_201 } }, 'expires_after.seconds'],
    [{ expires_after: { seconds: 60.5 } }, 'expires_after.seconds'],
    [{ expires_after: { anchor: 'last_active_at' } }, 'expires_after.anchor'],
    [{ session: { type: 'translation' } }, 'session.type'],
    [{ session: { type: 'realtime', model: 'a b' } }, 'session.model'],
    [{ session: { type: 'realtime', instructions: 7 } }, 'session.instructions'],
    [{ trunkline: { max_uses: 0 } }, 'trunkline.max_uses'],
    [{ trunkline: { origins: ['app.example.com'] } }, 'trunkline.origins.0'],
    [{ trunkline: { pinned: ['model'] } }, 'trunkline.pinned'],
    [{ trunkline: { pinned: ['__proto__'] } }, 'trunkline.pinned.0'],
    [{ tenant: 'another' }, ''],
    [[], ''],
  ])('is refused for %j', (body, path) => {
    const read = MintInput.safeParse(body);
    expect(read.error?.issues[0]?.path.join('.')).toBe(path);
  });
});
