import { randomBytes } from 'node:crypto';
import { systemClock, trustedId, type TenantId } from '@trunkline/kernel';
import { startTestPostgres, type TestPostgres } from '../../../../test/support/postgres.js';
import { keyHasher, type Administered, type PoolRecord, type TenantRecord } from '../../index.js';
import { done, refused } from '../../test/outcomes.js';
import {
  createKey,
  createPool,
  createTenant,
  listKeyShares,
  listShares,
  PrismaPolicySource,
  removeKeyShare,
  removeShare,
  revokeKey,
  setKeyShare,
  setPoolCap,
  setShare,
  suspendTenant,
  updateKey,
  updateTenant,
  type PoolContext,
} from './index.js';

describe('the services on shares', () => {
  let postgres: TestPostgres;
  let context: PoolContext;
  let source: PrismaPolicySource;
  let count = 0;
  beforeAll(async () => {
    postgres = await startTestPostgres();
    const hashKey = keyHasher(randomBytes(32));
    context = { db: postgres.db, clock: systemClock, randomBytes, hashKey, sealUpstreamKey: () => 'v1.unused' };
    source = new PrismaPolicySource(postgres.db, systemClock);
  }, 60_000);
  afterAll(() => postgres.stop());

  const aPool = async (sessionsMax: number | null = 100) =>
    done(await createPool(context, { slug: `p${++count}`, sessionsMax }));
  const aTenant = async (sessionsMax: number | null = null) =>
    done(await createTenant(context, { slug: `t${++count}`, name: 'A tenant', sessionsMax }));
  const aKey = async (tenantId: TenantId, sessionsMax: number | null = null) =>
    done(await createKey(context, tenantId, { name: 'k', sessionsMax })).key;

  it('give a tenant a share, change what is named, list it and take it away', async () => {
    const [pool, tenant] = [await aPool(), await aTenant()];
    const holder = { tenantId: tenant.id, pool: pool.slug };
    const share = done(await setShare(context, holder, { floor: 3, weight: 5 }));
    expect(share).toEqual({
      ...{ poolId: pool.id, tenantId: tenant.id, poolSlug: pool.slug, tenantSlug: tenant.slug },
      ...{ floor: 3, ceiling: null, weight: 5, version: expect.any(String) },
    });
    const changed = done(await setShare(context, { ...holder, pool: pool.id }, { ceiling: 9 }));
    expect(changed).toEqual({ ...share, ceiling: 9, version: expect.any(String) });
    expect(await listShares(context, { pool: pool.slug })).toEqual([changed]);
    expect(await listShares(context)).toContainEqual(changed);
    expect(done(await removeShare(context, holder))).toEqual(changed);
    expect(await listShares(context, { pool: pool.slug })).toEqual([]);
    expect(refused(await removeShare(context, holder)).code).toBe('share_not_found');
  });

  it('give a key a share of its tenant’s lines', async () => {
    const [pool, tenant] = [await aPool(), await aTenant()];
    const key = await aKey(tenant.id);
    const holder = { tenantId: tenant.id, keyId: key.id, pool: pool.slug };
    expect(done(await setKeyShare(context, holder, { ceiling: 4 }))).toMatchObject({ floor: 0, ceiling: 4 });
    expect(refused(await setKeyShare(context, holder, { floor: 2 })).message).toBe(
      `the floor of one key is 2, above the floor of 0 of tenant ${tenant.slug} in pool ${pool.slug}: lower it by 2 or raise the tenant's floor.`,
    );
    done(await setShare(context, holder, { floor: 2 }));
    const share = done(await setKeyShare(context, holder, { floor: 2 }));
    expect(share).toMatchObject({ floor: 2, ceiling: 4, keyId: key.id, keyName: 'k', tenantSlug: tenant.slug });
    expect(await listKeyShares(context, { pool: pool.slug })).toEqual([share]);
    expect(refused(await removeShare(context, holder)).message).toMatch('the floor of one key is 2');
    expect(done(await removeKeyShare(context, holder))).toEqual(share);
    done(await removeShare(context, holder));
  });

  it('say what is not there, and do not find the key of another tenant', async () => {
    const [pool, tenant, other] = [await aPool(), await aTenant(), await aTenant()];
    const key = await aKey(other.id);
    const nobody = trustedId('tnt', 'tnt_nobody');
    expect(refused(await setShare(context, { tenantId: nobody, pool: pool.slug }, {})).code).toBe('tenant_not_found');
    expect(refused(await setShare(context, { tenantId: tenant.id, pool: 'none' }, {})).code).toBe('pool_not_found');
    const holder = { tenantId: tenant.id, pool: pool.slug, keyId: key.id };
    expect(refused(await setKeyShare(context, holder, { ceiling: 1 })).code).toBe('key_not_found');
    expect(refused(await removeKeyShare(context, { ...holder, tenantId: other.id })).code).toBe('share_not_found');
  });

  it('refuse floors above the cap with the sum of all, and change nothing', async () => {
    const pool = await aPool();
    for (const floor of [30, 30, 30]) await floorOf(await aTenant(), pool.slug, floor);
    const fourth = await aTenant();
    const refusal = refused(await setShare(context, { tenantId: fourth.id, pool: pool.slug }, { floor: 20 }));
    expect(refusal).toEqual({
      code: 'does_not_hold',
      message: `floors of 4 tenants are 30 + 30 + 30 + 20 = 110, above the cap of 100 of pool ${pool.slug}: lower one by 10 or raise the cap.`,
    });
    expect(await listShares(context, { pool: pool.slug })).toHaveLength(3);
    await floorOf(fourth, pool.slug, 10);
  });

  it('refuse floors on a pool without a cap', async () => {
    const [pool, tenant] = [await aPool(null), await aTenant()];
    const refusal = refused(await setShare(context, { tenantId: tenant.id, pool: pool.slug }, { floor: 1 }));
    expect(refusal.message).toMatch('a guarantee needs one');
    done(await setShare(context, { tenantId: tenant.id, pool: pool.slug }, { ceiling: 5, weight: 3 }));
  });

  it('count the floors of suspended tenants, which may be active again', async () => {
    const [pool, tenant] = [await aPool(10), await aTenant()];
    await floorOf(tenant, pool.slug, 8);
    done(await suspendTenant(context, tenant.id));
    const other = await aTenant();
    expect((await setShare(context, { tenantId: other.id, pool: pool.slug }, { floor: 3 })).ok).toBe(false);
    expect((await source.load()).sharesOf(pool.id).tenants).toEqual([]);
  });

  it('refuse a cap of a tenant or a key below its floors in all pools, whichever moves', async () => {
    const [a, b, tenant] = [await aPool(), await aPool(), await aTenant(25)];
    const key = await aKey(tenant.id, 4);
    await floorOf(tenant, a.slug, 10);
    expect(refused(await setShare(context, { tenantId: tenant.id, pool: b.slug }, { floor: 16 })).message).toBe(
      `floors in 2 pools are 10 + 16 = 26, above the cap of 25 sessions of tenant ${tenant.slug}: lower one by 1 or raise the cap.`,
    );
    await floorOf(tenant, b.slug, 15);
    expect(refused(await updateTenant(context, tenant.id, { sessionsMax: 24 })).message).toMatch('10 + 15 = 25');
    done(await updateTenant(context, tenant.id, { sessionsMax: 26 }));
    const holder = { tenantId: tenant.id, keyId: key.id, pool: a.slug };
    expect(refused(await setKeyShare(context, holder, { floor: 5 })).message).toMatch('above the cap of 4 sessions');
    done(await setKeyShare(context, holder, { floor: 4 }));
    expect(refused(await updateKey(context, tenant.id, key.id, { sessionsMax: 3 })).code).toBe('does_not_hold');
    done(await updateKey(context, tenant.id, key.id, { sessionsMax: null }));
  });

  it('give what a revoked key had back to its tenant', async () => {
    const [pool, tenant] = [await aPool(), await aTenant()];
    const [key, next] = [await aKey(tenant.id), await aKey(tenant.id)];
    await floorOf(tenant, pool.slug, 5);
    const holder = (keyId: typeof key.id) => ({ tenantId: tenant.id, keyId, pool: pool.slug });
    done(await setKeyShare(context, holder(key.id), { floor: 5 }));
    done(await revokeKey(context, tenant.id, key.id));
    expect(refused(await setKeyShare(context, holder(key.id), { floor: 1 })).message).toMatch('is revoked for ever');
    done(await setKeyShare(context, holder(next.id), { floor: 5 }));
  });

  it('never let administrators who act at once pass a cap together', async () => {
    const pool = await aPool();
    const tenants = await Promise.all(Array.from({ length: 8 }, () => aTenant()));
    const shares = tenants.map(({ id }) => setShare(context, { tenantId: id, pool: pool.slug }, { floor: 30 }));
    expect((await Promise.all(shares)).filter(({ ok }) => ok)).toHaveLength(3);
    expect(await held(pool.slug)).toBe(90);
  });

  it.each<[string, (pool: PoolRecord, tenant: TenantRecord) => Administered<unknown>]>([
    ['a pool', (pool) => setPoolCap(context, pool.slug, 5)],
    ['its tenant', (_, tenant) => updateTenant(context, tenant.id, { sessionsMax: 5 })],
  ])('never let a floor rise while the cap of %s falls below it', async (_, lowerCap) => {
    for (let round = 0; round < 10; round++) {
      const [pool, tenant] = [await aPool(10), await aTenant(10)];
      const raised = setShare(context, { tenantId: tenant.id, pool: pool.slug }, { floor: 8 });
      const outcomes = await Promise.all([raised, lowerCap(pool, tenant)]);
      expect(outcomes.filter(({ ok }) => ok)).toHaveLength(1);
    }
  });

  it('reach the snapshot, with a new version for every change', async () => {
    const [pool, tenant] = [await aPool(), await aTenant()];
    const key = await aKey(tenant.id);
    const holder = { tenantId: tenant.id, keyId: key.id, pool: pool.slug };
    const changes = [
      () => setShare(context, holder, { floor: 2, ceiling: 6, weight: 3 }),
      () => setKeyShare(context, holder, { floor: 1 }),
    ];
    for (const change of changes) {
      const before = await source.version();
      done<unknown>(await change());
      expect(await source.version()).toBeGreaterThan(before);
    }
    const ids = { poolId: pool.id, tenantId: tenant.id };
    expect((await source.load()).sharesOf(pool.id)).toEqual({
      tenants: [{ ...ids, floor: 2, ceiling: 6, weight: 3 }],
      keys: [{ ...ids, keyId: key.id, floor: 1, ceiling: null }],
    });
  });

  it('cannot give a key’s share to another tenant, by hand either', async () => {
    const [pool, tenant, other] = [await aPool(), await aTenant(), await aTenant()];
    const key = await aKey(tenant.id);
    const stolen = postgres.db.poolKeyShare.create({ data: { poolId: pool.id, keyId: key.id, tenantId: other.id } });
    await expect(stolen).rejects.toThrow();
  });

  async function floorOf(tenant: TenantRecord, pool: string, floor: number): Promise<void> {
    done(await setShare(context, { tenantId: tenant.id, pool }, { floor }));
  }

  async function held(pool: string): Promise<number> {
    return (await listShares(context, { pool })).reduce((sum, { floor }) => sum + floor, 0);
  }
});
