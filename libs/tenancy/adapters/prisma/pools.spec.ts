import { randomBytes } from 'node:crypto';
import { systemClock } from '@trunkline/kernel';
import { secretSeal } from '@trunkline/platform/secrets';
import pg from 'pg';
import { startTestPostgres, type TestPostgres } from '../../../../test/support/postgres.js';
import { keyHasher } from '../../index.js';
import { done, refused } from '../../test/outcomes.js';
import {
  applyTierPreset,
  createPool,
  createKey,
  createTenant,
  drainPool,
  findPool,
  listPools,
  PrismaPolicySource,
  removePool,
  setKeyShare,
  setPoolCap,
  setShare,
  undrainPool,
  updatePool,
  type PoolContext,
} from './index.js';

const KEY = 'canary-upstream-key';

describe('the services on pools', () => {
  let postgres: TestPostgres;
  let context: PoolContext;
  const { seal, open } = secretSeal('a pepper only for tests');
  let count = 0;
  beforeAll(async () => {
    postgres = await startTestPostgres();
    const hashKey = keyHasher(randomBytes(32));
    context = { db: postgres.db, clock: systemClock, randomBytes, hashKey, sealUpstreamKey: seal };
  }, 60_000);
  afterAll(() => postgres.stop());

  const aPool = async (request: Partial<Parameters<typeof createPool>[1]> = {}) =>
    done(await createPool(context, { slug: `p${++count}`, ...request }));

  it('make a pool with its defaults, and find it by slug and id', async () => {
    const pool = await aPool();
    expect(pool).toMatchObject({ vendor: 'openai', status: 'active', sessionsMax: null, tier: null, weight: 1 });
    expect(pool).toMatchObject({ waitingMax: 200, waitingPerTenantMax: 20, hasUpstreamKey: false, upstreamUrl: null });
    expect(done(await findPool(context, pool.slug))).toEqual(pool);
    expect(done(await findPool(context, pool.id))).toEqual(pool);
    expect(refused(await createPool(context, { slug: pool.slug })).code).toBe('slug_taken');
    expect(refused(await findPool(context, 'none')).code).toBe('pool_not_found');
  });

  it('change what is named and leave the rest', async () => {
    const made = await aPool({ sessionsMax: 10, familyCaps: { a: 1, b: 2 }, weight: 7, models: ['a', 'b'] });
    const changes = { familyCaps: { b: null, c: 3 }, tokensPerMinuteMax: 15_000_000, waitingMax: 0, models: null };
    const changed = done(await updatePool(context, made.slug, changes));
    const familyCaps = new Map([
      ['a', 1],
      ['c', 3],
    ]);
    expect(changed).toEqual({ ...made, ...changes, familyCaps, version: expect.any(String) });
    expect(done(await findPool(context, made.slug))).toEqual(changed);
  });

  it('keep an upstream key sealed, for the gateway alone', async () => {
    const upstream = { upstreamUrl: 'https://eu.example/v1/', upstreamKey: KEY };
    const pool = await aPool(upstream);
    expect(pool).toMatchObject({ upstreamUrl: 'https://eu.example/v1', hasUpstreamKey: true });
    expect(JSON.stringify(await listPools(context))).not.toMatch(/canary|v1\./);
    const [row] = await postgres.db.$queryRaw<
      { row: string }[]
    >`SELECT p::text AS row FROM pool p WHERE id = ${pool.id}`;
    expect(row?.row).not.toContain('canary');
    const inForce = (await new PrismaPolicySource(postgres.db, systemClock).load()).pools.get(pool.id);
    expect(open(inForce?.upstreamKeySealed ?? '', pool.id)).toBe(KEY);
    expect(done(await updatePool(context, pool.slug, { weight: 2 })).hasUpstreamKey).toBe(true);
    const taken = await updatePool(context, pool.slug, { upstreamKey: null });
    expect(refused(taken).message).toMatch('needs a key of its own as well');
    const both = done(await updatePool(context, pool.slug, { upstreamKey: null, upstreamUrl: null }));
    expect(both).toMatchObject({ hasUpstreamKey: false, upstreamUrl: null });
  });

  it('never repeat a key that they refuse', async () => {
    const refusal = refused(await createPool(context, { slug: 'x', upstreamKey: `${KEY} with spaces` }));
    expect(refusal).toMatchObject({ code: 'invalid_input', fields: ['upstreamKey'] });
    expect(refusal.message).not.toContain('canary');
  });

  it('take deployments for Azure only', async () => {
    const deployments = { 'gpt-realtime': 'voice-eu' };
    const refusal = refused(await createPool(context, { slug: 'x', deployments }));
    expect(refusal).toMatchObject({ code: 'does_not_hold', message: expect.stringContaining('Azure') });
    const azure = await aPool({ vendor: 'azure', deployments, upstreamUrl: 'https://a.example', upstreamKey: KEY });
    expect(azure.deployments).toEqual(new Map([['gpt-realtime', 'voice-eu']]));
    expect(refused(await applyTierPreset(context, azure.slug, { tier: 3 })).message).toMatch("tiers are OpenAI's");
  });

  it('apply a preset: documented caps, others as they were, and what is left open', async () => {
    const pool = await aPool({ sessionsMax: 40, familyCaps: { 'gpt-live-1.1': 5, 'gpt-live-1': 1 } });
    const { pool: filled, preset } = done(await applyTierPreset(context, pool.slug, { tier: 3 }));
    const familyCaps = new Map([
      ['gpt-live-1', 200],
      ['gpt-live-1.1', 5],
    ]);
    expect(filled).toMatchObject({ tier: 3, sessionsMax: 40, familyCaps });
    expect(preset.gaps.map(({ cap }) => cap)).toContain('gpt-live-1.1');
    expect(done(await applyTierPreset(context, pool.slug, { tier: 5, caps: 'launch' })).pool.sessionsMax).toBe(100);
    expect(refused(await applyTierPreset(context, pool.slug, { tier: 4, caps: 'launch' })).fields).toEqual(['caps']);
    const byHand = await aPool({ tier: 2, familyCaps: { 'gpt-live-1': 30 } });
    expect([byHand.tier, byHand.familyCaps.get('gpt-live-1')]).toEqual([2, 30]);
  });

  it('drain a pool and let it serve again', async () => {
    const { slug } = await aPool();
    expect(done(await drainPool(context, slug)).status).toBe('draining');
    expect(done(await undrainPool(context, slug)).status).toBe('active');
  });

  it('refuse a cap below the floors, or none, and still drain', async () => {
    const { slug } = await aPool({ sessionsMax: 10 });
    const tenant = done(await createTenant(context, { slug: 'floored', name: 'Floored' }));
    done(await setShare(context, { tenantId: tenant.id, pool: slug }, { floor: 8 }));
    expect(refused(await setPoolCap(context, slug, 7)).message).toBe(
      `the floor of tenant floored is 8, above the cap of 7 of pool ${slug}: lower it by 1 or raise the cap.`,
    );
    expect(refused(await updatePool(context, slug, { sessionsMax: null })).message).toMatch('a guarantee needs one');
    expect(done(await setPoolCap(context, slug, 8)).sessionsMax).toBe(8);
    expect(done(await drainPool(context, slug)).status).toBe('draining');
  });

  it.each([
    ['a key in the clear', `upstream_key_sealed = 'sk-plain'`, 'pool_upstream_key_is_sealed'],
    ['an address without a key', `upstream_url = 'https://a.example'`, 'pool_upstream_url_has_key'],
    ['a cap of none', `family_caps = '{"a": 0}'`, 'pool_family_caps_are_caps'],
    ['half a line', `family_caps = '{"a": 1.5}'`, 'pool_family_caps_are_caps'],
    ['a cap that is text', `family_caps = '{"a": "1"}'`, 'pool_family_caps_are_caps'],
    ['caps that are a list', `family_caps = '[]'`, 'pool_family_caps_are_caps'],
    ['a deployment that is none', `vendor = 'azure', deployments = '{"a": 1}'`, 'pool_deployments_are_names'],
    ['deployments of OpenAI', `deployments = '{"a": "b"}'`, 'pool_deployments_are_azure'],
    ['a sixth tier', `tier = 6`, 'pool_tier_known'],
    ['another vendor', `vendor = 'other'`, 'pool_vendor_known'],
  ])('cannot be worked around by hand: %s', async (_, change, constraint) => {
    const { id } = await aPool();
    await expect(byHand(change, id)).rejects.toThrow(constraint);
  });

  async function byHand(change: string, id: string): Promise<void> {
    const client = new pg.Client({ connectionString: postgres.url });
    await client.connect();
    try {
      await client.query(`UPDATE pool SET ${change} WHERE id = $1`, [id]);
    } finally {
      await client.end();
    }
  }

  describe('remove a pool', () => {
    const empty = { linesOf: async () => 0, isKnownModel: () => true };
    /** When a drain of now is over. */
    const later = (): PoolContext => ({ ...context, clock: { ...systemClock, nowMs: () => Date.now() + 31_000 } });
    const aDrainedPool = async (request: Parameters<typeof aPool>[0] = {}) => {
      const { slug } = await aPool(request);
      return done(await drainPool(context, slug));
    };

    it('with its shares, and the policy is another', async () => {
      const pool = await aDrainedPool({ sessionsMax: 10 });
      const tenant = done(await createTenant(context, { slug: `t${++count}`, name: 'T' }));
      const { key } = done(await createKey(context, tenant.id, { name: 'k' }));
      done(await setShare(context, { pool: pool.slug, tenantId: tenant.id }, { floor: 3 }));
      done(await setKeyShare(context, { pool: pool.slug, tenantId: tenant.id, keyId: key.id }, { floor: 1 }));
      await postgres.db.reconciliationSource.create({ data: { poolId: pool.id } });
      const source = new PrismaPolicySource(postgres.db, systemClock);
      const before = await source.version();
      expect(done(await removePool(later(), pool.slug, empty))).toEqual({ pool, shares: 2 });
      expect(refused(await findPool(context, pool.slug)).code).toBe('pool_not_found');
      expect(await source.version()).toBeGreaterThan(before);
      expect((await source.load()).pools.has(pool.id)).toBe(false);
      expect(await postgres.db.reconciliationSource.count({ where: { poolId: pool.id } })).toBe(0);
      expect(refused(await removePool(later(), pool.slug, empty)).code).toBe('pool_not_found');
    });

    it('only when it was drained a while ago and nobody is in it any more, and leave it otherwise', async () => {
      const { slug } = await aPool();
      const why = async (...[at, look]: [PoolContext, typeof empty]) => refused(await removePool(at, slug, look));
      expect(await why(later(), empty)).toMatchObject({ code: 'does_not_hold', message: /takes new sessions/ });
      done(await drainPool(context, slug));
      expect((await why(context, empty)).message).toMatch(/Try again in \d+ s\.$/);
      expect((await why(later(), { ...empty, linesOf: async () => 2 })).message).toMatch('2 sessions open');
      const { id: poolId } = done(await findPool(context, slug));
      const session = { id: `ses_${slug}`, tenantId: 'tnt_x', poolId, model: 'gpt-realtime', openedAt: new Date() };
      await postgres.db.session.create({ data: session });
      expect((await why(later(), empty)).message).toMatch('1 session open');
      await postgres.db.session.updateMany({ where: { poolId }, data: { closedAt: new Date() } });
      const unknown = { ...empty, isKnownModel: () => false };
      expect((await why(later(), unknown)).message).toMatch('gpt-realtime within the last day');
      expect(done(await findPool(context, slug)).status).toBe('draining');
      done(await removePool(later(), slug, empty));
    });
  });
});
