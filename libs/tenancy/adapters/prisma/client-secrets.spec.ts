import { randomBytes } from 'node:crypto';
import { systemClock, type ApiKeyId, type TenantId } from '@trunkline/kernel';
import { startTestPostgres, type TestPostgres } from '../../../../test/support/postgres.js';
import { keyHasher, type ClientSecret, type MintRequest } from '../../index.js';
import { done, refused } from '../../test/outcomes.js';
import {
  createKey,
  createTenant,
  listClientSecrets,
  PrismaClientSecrets,
  PrismaPolicySource,
  revokeClientSecret,
  sweepClientSecrets,
  type TenancyContext,
} from './index.js';

const hashKey = keyHasher(randomBytes(32));
const DAY_MS = 86_400_000;

describe('client secrets in PostgreSQL', () => {
  let postgres: TestPostgres;
  let context: TenancyContext;
  let owner: { readonly tenantId: TenantId; readonly keyId: ApiKeyId };
  let nowMs = systemClock.nowMs();
  const clock = { ...systemClock, nowMs: () => nowMs };
  let tenants = 0;
  beforeAll(async () => {
    postgres = await startTestPostgres();
    context = { db: postgres.db, clock, randomBytes, hashKey };
  }, 60_000);
  afterAll(() => postgres.stop());
  beforeEach(async () => {
    nowMs = systemClock.nowMs();
    const { id } = done(await createTenant(context, { slug: `t${++tenants}`, name: 'T', sessionsMax: null }));
    owner = { tenantId: id, keyId: done(await createKey(context, id, { name: 'k' })).key.id };
  });

  const store = (perMinuteMax = 600) => new PrismaClientSecrets({ db: postgres.db, clock, randomBytes, perMinuteMax });
  const request = (replacing: Partial<MintRequest> = {}): MintRequest => ({
    ...owner,
    ...{ kind: 'realtime', model: 'gpt-realtime', session: { type: 'realtime', instructions: 'a\u0000b' }, pinned: [] },
    ...{
      origins: null,
      usesMax: null,
      endUser: null,
      judgedBy: null,
      seconds: 600,
      hmac: hashKey(randomBytes(8).toString('hex')),
    },
    ...replacing,
  });
  const minted = async (replacing: Partial<MintRequest> = {}): Promise<ClientSecret> => {
    const secret = await store().mint(request(replacing));
    if (!secret.ok) throw new Error('minted too many');
    return secret.value;
  };

  it('are found by their HMAC as they were minted, and by no other', async () => {
    const hmac = hashKey('ek_mine');
    const secret = await minted({ hmac, origins: ['https://a.example'], pinned: ['instructions'], endUser: 'hash' });
    expect(await store().find(hmac)).toEqual(secret);
    expect(secret).toMatchObject({ session: { instructions: 'a\u0000b' }, uses: 0, expiresAtMs: nowMs + 600_000 });
    expect(await store().find(hashKey('ek_other'))).toBeNull();
  });

  it('with one use are used once by a hundred that try at two gateways at once', async () => {
    const { id } = await minted({ usesMax: 1 });
    const [one, other] = [store(), store()];
    const tries = await Promise.all(Array.from({ length: 100 }, (_, i) => (i % 2 === 0 ? one : other).use(id)));
    expect(tries.filter((each) => each === true)).toHaveLength(1);
  });

  it('can be used again when a use came to nothing, never oftener', async () => {
    const { id } = await minted({ usesMax: 1 });
    expect(await store().use(id)).toBe(true);
    await store().giveBack(id);
    await store().giveBack(id);
    expect([await store().use(id), await store().use(id)]).toEqual([true, false]);
  });

  it('are of no use once expired or revoked', async () => {
    const [expired, revoked] = [await minted({ seconds: 10 }), await minted()];
    await store().revoke(owner, revoked.id);
    nowMs += 10_000;
    expect([await store().use(expired.id), await store().use(revoked.id)]).toEqual([false, false]);
  });

  it('are minted so often a minute and no oftener, however many ask at once', async () => {
    const outcomes = await Promise.all(Array.from({ length: 12 }, () => store(5).mint(request())));
    expect(outcomes.filter(({ ok }) => ok)).toHaveLength(5);
    const refusal = outcomes.find(({ ok }) => !ok);
    expect(refusal).toMatchObject({ error: { retryAfterMs: 60_000 } });
    nowMs += 60_000;
    expect((await store(5).mint(request())).ok).toBe(true);
  });

  it('are revoked by their own key and their own tenant only', async () => {
    const { id } = await minted();
    const stranger = done(await createTenant(context, { slug: `s${++tenants}`, name: 'S', sessionsMax: null }));
    const otherKey = done(await createKey(context, owner.tenantId, { name: 'other' })).key.id;
    expect(await store().revoke({ ...owner, keyId: otherKey }, id)).toBeNull();
    expect(refused(await revokeClientSecret(context, stranger.id, id)).code).toBe('secret_not_found');
    expect(await listClientSecrets(context, stranger.id)).toEqual([]);
    expect(done(await revokeClientSecret(context, owner.tenantId, id)).revokedAtMs).toBe(nowMs);
    expect(await listClientSecrets(context, owner.tenantId)).toMatchObject([{ id, revokedAtMs: nowMs }]);
  });

  it('change the policy when one is revoked, and not when one is minted or used', async () => {
    const source = new PrismaPolicySource(postgres.db, clock);
    const before = await source.version();
    const { id } = await minted();
    await store().use(id);
    await store().giveBack(id);
    expect(await source.version()).toBe(before);
    await store().revoke(owner, 'ecs_that_is_not_there');
    expect(await source.version()).toBe(before);
    await store().revoke(owner, id);
    expect(await source.version()).toBeGreaterThan(before);
    expect((await source.load()).isSecretRevoked(id)).toBe(true);
  });

  it('take so many bytes of a key and no more, until they are over', async () => {
    const store = new PrismaClientSecrets({ db: postgres.db, clock, randomBytes, bytesMax: 10_000 });
    const session = { type: 'realtime', instructions: 'é'.repeat(2_400) };
    const mint = () => store.mint(request({ session }));
    expect([(await mint()).ok, (await mint()).ok]).toEqual([true, true]);
    expect(await mint()).toMatchObject({ ok: false, error: { retryAfterMs: 600_000 } });
    nowMs += 600_000;
    expect((await mint()).ok).toBe(true);
  });

  it('are kept for a month after their end, what their sessions said is not', async () => {
    const { id } = await minted();
    nowMs += 600_001;
    await sweepClientSecrets(postgres.db, { nowMs, max: 1_000 });
    expect(await listClientSecrets(context, owner.tenantId)).toMatchObject([{ id, session: {} }]);
    nowMs -= 600_001;
    const sweep = () => sweepClientSecrets(postgres.db, { nowMs, max: 1_000 });
    nowMs += 30 * DAY_MS;
    await sweep();
    expect(await listClientSecrets(context, owner.tenantId)).toMatchObject([{ id }]);
    nowMs += DAY_MS;
    await sweep();
    expect(await listClientSecrets(context, owner.tenantId)).toEqual([]);
  });
});
