import { randomBytes } from 'node:crypto';
import { parseAmount, systemClock, trustedId } from '@trunkline/kernel';
import { startTestPostgres, type TestPostgres } from '../../../../test/support/postgres.js';
import { eventually } from '../../../../test/support/poll.js';
import {
  authenticate,
  DEFAULT_LIMITS,
  keyHasher,
  PolicyRefresher,
  SnapshotHolder,
  stillAllowed,
  type PolicyRefresherEvent,
} from '../../index.js';
import { done, refused } from '../../test/outcomes.js';
import {
  activateTenant,
  createKey,
  createTenant,
  ensurePool,
  findTenant,
  listKeys,
  listPools,
  listTenants,
  PrismaPolicySource,
  revokeKey,
  setPoolCap,
  suspendTenant,
  updateKey,
  updateTenant,
  type PoolContext,
} from './index.js';

const hashKey = keyHasher(randomBytes(32));

describe('the tenancy services', () => {
  let postgres: TestPostgres;
  let context: PoolContext;
  let source: PrismaPolicySource;
  let count = 0;
  beforeAll(async () => {
    postgres = await startTestPostgres();
    context = { db: postgres.db, clock: systemClock, randomBytes, hashKey, sealUpstreamKey: () => 'v1.unused' };
    source = new PrismaPolicySource(postgres.db, systemClock);
  }, 60_000);
  afterAll(() => postgres.stop());

  const aTenant = async () =>
    done(await createTenant(context, { slug: `t${++count}`, name: 'A tenant', sessionsMax: 5 }));

  it('make, change, find and list tenants', async () => {
    const made = await aTenant();
    expect(made).toMatchObject({ status: 'active', sessionsMax: 5 });
    const changed = done(await updateTenant(context, made.id, { name: 'Another', sessionsMax: null }));
    const version = expect.any(String);
    expect(changed).toEqual({ ...made, name: 'Another', sessionsMax: null, version });
    expect(done(await findTenant(context, made.slug))).toEqual(changed);
    expect(done(await findTenant(context, made.id))).toEqual(changed);
    expect(await listTenants(context)).toContainEqual(changed);
  });

  it('keep the limits that are not named, and give amounts back to the last digit', async () => {
    const { id, limits } = await aTenant();
    expect(limits).toEqual(DEFAULT_LIMITS);
    const first = {
      waitMsMax: 10_000,
      idleReclaimMs: 60_000,
      spendDayMax: '0.100000000001',
      overBudget: 'cut',
      billEstimates: 'do_not_bill',
    } as const;
    const spendDayMax = parseAmount('0.100000000001');
    const changed = done(await updateTenant(context, id, { limits: first })).limits;
    expect(changed).toEqual({ ...DEFAULT_LIMITS, ...first, spendDayMax });
    const second = { idleReclaimMs: null, spendMonthMax: '99999999999999999999999999.999999999999' };
    const again = done(await updateTenant(context, id, { limits: second })).limits;
    expect(again).toEqual({ ...changed, idleReclaimMs: null, spendMonthMax: parseAmount(second.spendMonthMax) });
    expect((await source.load()).tenants.get(id)?.limits).toEqual(again);
  });

  it('refuse a second tenant of one slug, also when both are made at once', async () => {
    const outcomes = await Promise.all([1, 2, 3].map(() => createTenant(context, { slug: 'twice', name: 'Twice' })));
    expect(outcomes.filter((outcome) => outcome.ok)).toHaveLength(1);
    expect(outcomes.filter((outcome) => !outcome.ok && outcome.error.code === 'slug_taken')).toHaveLength(2);
  });

  it('say what is not there', async () => {
    const nobody = trustedId('tnt', 'tnt_nobody');
    expect(refused(await updateTenant(context, nobody, { name: 'x' })).code).toBe('tenant_not_found');
    expect(refused(await createKey(context, nobody, { name: 'x' })).code).toBe('tenant_not_found');
    expect(refused(await findTenant(context, 'no-such')).message).toBe(
      'There is no tenant "no-such". `tenant list` shows their slugs and ids.',
    );
    expect(refused(await setPoolCap(context, 'no-such', 1)).code).toBe('pool_not_found');
  });

  it('show a key once, and store nothing that could be used as one', async () => {
    const tenant = await aTenant();
    const { key, secret } = done(await createKey(context, tenant.id, { name: 'k', models: ['gpt-realtime'] }));
    expect(secret).toMatch(/^tl_/);
    expect(key).toMatchObject({ tenantId: tenant.id, status: 'active', prefix: 'tl_', last4: secret.slice(-4) });
    expect(await listKeys(context, tenant.id)).toEqual([key]);
    const dump = await postgres.db.$queryRaw<{ row: string }[]>`SELECT k::text AS row FROM api_key k`;
    for (const { row } of dump) {
      expect(row).not.toContain(secret.slice(0, -4));
      expect(row).not.toContain(secret.slice(3, 20));
    }
  });

  it('refuse a key that would be expired from the start', async () => {
    const tenant = await aTenant();
    const expiresAt = new Date(systemClock.nowMs() - 1);
    expect(refused(await createKey(context, tenant.id, { name: 'k', expiresAt })).fields).toEqual(['expiresAt']);
  });

  it('do not touch or show the keys of another tenant', async () => {
    const [owner, other] = [await aTenant(), await aTenant()];
    const { key } = done(await createKey(context, owner.id, { name: 'k' }));
    expect(refused(await revokeKey(context, other.id, key.id)).code).toBe('key_not_found');
    expect(await listKeys(context, other.id)).toEqual([]);
    expect((await listKeys(context, owner.id))[0]?.status).toBe('active');
  });

  it('revoke a key once and for ever', async () => {
    const tenant = await aTenant();
    const { key } = done(await createKey(context, tenant.id, { name: 'k' }));
    const revoked = done(await revokeKey(context, tenant.id, key.id));
    expect(revoked.status).toBe('revoked');
    expect(done(await revokeKey(context, tenant.id, key.id))).toEqual(revoked);
  });

  it('change a key of the tenant, and of no other', async () => {
    const [owner, other] = [await aTenant(), await aTenant()];
    const { key } = done(await createKey(context, owner.id, { name: 'k', sessionsMax: 2 }));
    const renamed = done(await updateKey(context, owner.id, key.id, { name: 'renamed' }));
    expect(renamed).toEqual({ ...key, name: 'renamed', version: expect.any(String) });
    expect(done(await updateKey(context, owner.id, key.id, { sessionsMax: null })).sessionsMax).toBeNull();
    expect(refused(await updateKey(context, other.id, key.id, { name: 'mine' })).code).toBe('key_not_found');
  });

  it('make a pool once, whoever starts first, and change its cap', async () => {
    const pools = await Promise.all(
      [10, 20, 30].map((sessionsMax) => ensurePool(context, { slug: 'main', sessionsMax })),
    );
    expect(new Set(pools.map((pool) => done(pool).id)).size).toBe(1);
    expect(done(await setPoolCap(context, 'main', 42)).sessionsMax).toBe(42);
    expect(done(await ensurePool(context, { slug: 'main', sessionsMax: 7 })).sessionsMax).toBe(42);
    expect(refused(await setPoolCap(context, 'main', 0)).code).toBe('invalid_input');
    expect((await listPools(context)).map((pool) => pool.slug)).toEqual(['main']);
  });

  it('raise the policy version with every change, by hand too', async () => {
    const tenant = await aTenant();
    const { key } = done(await createKey(context, tenant.id, { name: 'k' }));
    done(await ensurePool(context, { slug: 'versioned' }));
    const changes = [
      () => aTenant(),
      () => suspendTenant(context, tenant.id),
      () => activateTenant(context, tenant.id),
      () => createKey(context, tenant.id, { name: 'k' }),
      () => revokeKey(context, tenant.id, key.id),
      () => setPoolCap(context, 'versioned', 9),
      () => postgres.db.$executeRaw`UPDATE tenant SET name = 'by hand' WHERE id = ${tenant.id}`,
    ];
    for (const change of changes) {
      const before = await source.version();
      await change();
      expect(await source.version()).toBeGreaterThan(before);
    }
  });

  it('leave the version alone when a change is rolled back', async () => {
    const before = await source.version();
    const rolledBack = postgres.db.$transaction(async (tx) => {
      await tx.tenant.create({ data: { id: 'tnt_x', slug: 'x', name: 'x', status: 'active' } });
      throw new Error('changed my mind');
    });
    await expect(rolledBack).rejects.toThrow('changed my mind');
    expect(await source.version()).toBe(before);
  });

  describe('after a backup was restored', () => {
    const restored = async () => {
      const before = await source.version();
      await postgres.db.$executeRaw`UPDATE policy_version SET version = ${before - 60_000n}`;
      return before;
    };

    it('number a change above all that came before, so that admission takes it', async () => {
      done(await ensurePool(context, { slug: 'restored' }));
      const before = await restored();
      done(await setPoolCap(context, 'restored', 9));
      const restarted = new PrismaPolicySource(postgres.db, systemClock);
      expect((await restarted.load()).version).toBeGreaterThan(before);
    });

    it('number what was restored above it too, where a process saw the policy before', async () => {
      const others = [source, new PrismaPolicySource(postgres.db, systemClock)];
      for (const each of others) await each.version();
      const before = await restored();
      const seen = await Promise.all(others.map((each) => each.version()));
      expect(new Set(seen).size).toBe(1);
      expect(seen[0]).toBeGreaterThan(before);
      expect((await source.load()).version).toBe(seen[0]);
    });
  });

  it('count on where the clock went back', async () => {
    const ahead = BigInt(systemClock.nowMs()) + 3_600_000n;
    await postgres.db.$executeRaw`UPDATE policy_version SET version = ${ahead}`;
    await aTenant();
    expect(await source.version()).toBe(ahead + 1n);
  });

  it('load a snapshot in which a made key authenticates, with all it may', async () => {
    const tenant = await aTenant();
    const expiresAtMs = systemClock.nowMs() + 60_000;
    const limits = { sessionsMax: 2, models: ['gpt-realtime'], origins: ['https://a.example'] };
    const { key, secret } = done(
      await createKey(context, tenant.id, { name: 'k', ...limits, expiresAt: new Date(expiresAtMs) }),
    );
    const snapshot = await source.load();
    expect(snapshot.version).toBe(await source.version());
    expect(snapshot.keys.get(key.id)).toMatchObject({ ...limits, expiresAtMs });
    const result = authenticate({ key: secret, origin: null }, { snapshot, nowMs: systemClock.nowMs(), hashKey });
    expect(result).toMatchObject({ ok: true, value: { tenantId: tenant.id, keyId: key.id, keySessionsMax: 2 } });
  });

  it('reach live sessions within two seconds of a revocation', async () => {
    const tenant = await aTenant();
    const { key, secret } = done(await createKey(context, tenant.id, { name: 'k' }));
    await watching(async ({ holder }) => {
      const snapshot = await source.load();
      const principal = authenticate({ key: secret, origin: null }, { snapshot, nowMs: systemClock.nowMs(), hashKey });
      if (!principal.ok) throw new Error('not let in');
      const ended: { cause: string | null } = { cause: null };
      holder.subscribe((next) => (ended.cause = stillAllowed(principal.value, next, systemClock.nowMs())));
      const revokedMs = performance.now();
      done(await revokeKey(context, tenant.id, key.id));
      expect(await eventually('the revocation', () => ended.cause)).toBe('key_revoked');
      expect(performance.now() - revokedMs).toBeLessThan(2_000);
    });
  }, 30_000);

  it('leave the last policy in force while the database is away, and are heard again when it is back', async () => {
    const tenant = await aTenant();
    await watching(async ({ holder, events }) => {
      const { version } = holder.current();
      await postgres.crash();
      await eventually('a failed look', () => events.find((event) => event.kind === 'source_failed') ?? null);
      expect(holder.current().version).toBe(version);
      await postgres.restart();
      done(await eventually('the database', () => suspendTenant(context, tenant.id).catch(() => null)));
      await eventually(
        'the newer policy',
        () => holder.current().tenants.get(tenant.id)?.status === 'suspended' || null,
      );
    });
  }, 60_000);

  /** Runs `work` while a refresher looks at the database. */
  async function watching(
    work: (watched: { holder: SnapshotHolder; events: readonly PolicyRefresherEvent[] }) => Promise<void>,
  ): Promise<void> {
    const holder = new SnapshotHolder(await source.load());
    const events: PolicyRefresherEvent[] = [];
    const observe = (event: PolicyRefresherEvent): void => void events.push(event);
    const stop = new AbortController();
    const running = new PolicyRefresher({ source, holder, random: Math.random, wait: pause, observe }).run(stop.signal);
    try {
      await work({ holder, events });
    } finally {
      stop.abort();
      await running;
    }
  }
});

/** Waits as production does, in steps that a test may take. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  const endMs = performance.now() + ms;
  await eventually('the next look', () => (signal.aborted || performance.now() >= endMs ? true : null));
}
