import { trustedId } from '@trunkline/kernel';
import { PolicyRefresher, type PolicyRefresherEvent, type PolicySource } from './policy-refresher.js';
import { apiKey, hashKey, KEY, pool, rows, snapshot, tenant } from './policy-rows.conformance.js';
import { compilePolicy, type PolicySnapshot } from './policy-snapshot.js';
import { SnapshotHolder } from './snapshot-holder.js';

describe('a policy snapshot', () => {
  it('finds a key by its HMAC, with its tenant', () => {
    expect(snapshot().lookup(hashKey(KEY))).toMatchObject({ key: { id: 'key_a' }, tenant: { id: 'tnt_a' } });
    expect(snapshot().lookup(hashKey('another'))).toBeNull();
    expect(snapshot().lookup('__proto__')).toBeNull();
  });

  it('does not change when the rows it was made from do', () => {
    const row = { ...tenant() };
    const compiled = compilePolicy(rows({ tenants: [row] }));
    row.status = 'suspended';
    expect(compiled.tenants.get(row.id)?.status).toBe('active');
    expect(Object.isFrozen(compiled.tenants.get(row.id))).toBe(true);
    expect(Object.isFrozen(compiled.tenants.get(row.id)?.limits)).toBe(true);
  });

  it('does not change when a map of a pool does', () => {
    const familyCaps = new Map([['gpt-live-1', 50]]);
    const compiled = compilePolicy(rows({ pools: [pool({ familyCaps })] }));
    familyCaps.clear();
    expect(compiled.pools.get(pool().id)?.familyCaps).toEqual(new Map([['gpt-live-1', 50]]));
  });

  it('gives the shares of each pool, and empty lists where there are none', () => {
    const [a, b] = [pool(), pool({ id: trustedId('pool', 'pool_b'), slug: 'b' })];
    const share = { poolId: a.id, tenantId: tenant().id, floor: 3, ceiling: 9, weight: 2 };
    const keyShare = { poolId: a.id, tenantId: tenant().id, keyId: apiKey().id, floor: 1, ceiling: null };
    const keys = [{ hmac: 'x', key: apiKey() }];
    const compiled = compilePolicy(
      rows({ tenants: [tenant()], keys, pools: [a, b], tenantShares: [share], keyShares: [keyShare] }),
    );
    expect(compiled.sharesOf(a.id)).toEqual({ tenants: [share], keys: [keyShare] });
    expect(compiled.sharesOf(b.id)).toEqual({ tenants: [], keys: [] });
    expect(compiled.sharesOf(trustedId('pool', 'pool_c'))).toEqual({ tenants: [], keys: [] });
  });

  it('holds nothing back for a suspended tenant or a revoked key', () => {
    const tenantShares = [{ poolId: pool().id, tenantId: tenant().id, floor: 3, ceiling: null, weight: 1 }];
    const keyShares = [{ poolId: pool().id, tenantId: tenant().id, keyId: apiKey().id, floor: 1, ceiling: null }];
    const sharesWhen = (status: 'active' | 'suspended', keyStatus: 'active' | 'revoked') => {
      const keys = [{ hmac: 'x', key: apiKey({ status: keyStatus }) }];
      const tenants = [tenant({ status })];
      return compilePolicy(rows({ tenants, keys, pools: [pool()], tenantShares, keyShares })).sharesOf(pool().id);
    };
    expect(sharesWhen('suspended', 'active')).toEqual({ tenants: [], keys: [] });
    expect(sharesWhen('active', 'revoked')).toEqual({ tenants: tenantShares, keys: [] });
  });

  it('is not made of keys without a tenant, or with one HMAC for two', () => {
    const key = { hmac: 'x', key: apiKey() };
    expect(() => compilePolicy(rows({ keys: [key] }))).toThrow('belongs to no tenant');
    expect(() => compilePolicy(rows({ tenants: [tenant()], keys: [key, key] }))).toThrow('HMAC');
  });
});

describe('the snapshot holder', () => {
  it('tells every watcher of every swap, after it is in force, though one of them fails', () => {
    const holder = new SnapshotHolder(snapshot());
    const heard: bigint[] = [];
    holder.subscribe(() => {
      throw new Error('a bug');
    });
    const stop = holder.subscribe(() => void heard.push(holder.current().version));
    expect(() => holder.swap(snapshot({ version: 2n }))).toThrow(AggregateError);
    stop();
    expect(() => holder.swap(snapshot({ version: 3n }))).toThrow(AggregateError);
    expect(heard).toEqual([2n]);
    expect(holder.current().version).toBe(3n);
  });

  it('has a bounded number of watchers', () => {
    const holder = new SnapshotHolder(snapshot());
    for (let i = 0; i < 16; i++) holder.subscribe(() => undefined);
    expect(() => holder.subscribe(() => undefined)).toThrow('at most 16');
  });
});

/** A source whose policy and health the test sets. */
class Source implements PolicySource {
  policy: PolicySnapshot = snapshot({ version: 1n });
  failing = false;
  loads = 0;

  async version(): Promise<bigint> {
    if (this.failing) throw new Error('the database is away');
    return this.policy.version;
  }

  async load(): Promise<PolicySnapshot> {
    this.loads++;
    return this.policy;
  }
}

function refresher(source: Source, wait = async (): Promise<void> => undefined) {
  const holder = new SnapshotHolder(source.policy);
  const events: PolicyRefresherEvent[] = [];
  const parts = { source, holder, random: () => 0.5, wait, observe: (e: PolicyRefresherEvent) => void events.push(e) };
  return { holder, events, refresher: new PolicyRefresher(parts), parts };
}

describe('the policy refresher', () => {
  it('loads when the version is another, lower ones included, and only then', async () => {
    const source = new Source();
    const { holder, refresher: it } = refresher(source);
    await it.refresh();
    expect(source.loads).toBe(0);
    for (const version of [2n, 1n]) {
      source.policy = snapshot({ version });
      await it.refresh();
      expect(holder.current().version).toBe(version);
    }
    expect(source.loads).toBe(2);
  });

  it('keeps the last good snapshot while the source is away, and counts', async () => {
    const source = new Source();
    const { holder, events, refresher: it } = refresher(source);
    source.failing = true;
    await it.refresh();
    await it.refresh();
    expect(holder.current().version).toBe(1n);
    expect(events).toMatchObject([
      { kind: 'source_failed', failures: 1 },
      { kind: 'source_failed', failures: 2 },
    ]);
    source.failing = false;
    source.policy = snapshot({ version: 2n });
    await it.refresh();
    expect(events.at(-1)).toEqual({ kind: 'swapped', version: 2n });
  });

  it('asks every half second, spread by ten per cent, and less often while the source is away', async () => {
    const source = new Source();
    const waits: number[] = [];
    const stop = new AbortController();
    const { refresher: it } = refresher(source, async (ms?: number) => {
      waits.push(ms ?? 0);
      source.failing = waits.length >= 2;
      if (waits.length === 6) stop.abort();
    });
    await it.run(stop.signal);
    expect(waits).toEqual([500, 500, 1_000, 2_000, 2_000, 2_000]);
  });

  it('reports a failing watcher and goes on', async () => {
    const source = new Source();
    const { holder, events, refresher: it } = refresher(source);
    holder.subscribe(() => {
      throw new Error('a bug');
    });
    source.policy = snapshot({ version: 2n });
    await it.refresh();
    expect(events.map((event) => event.kind)).toEqual(['watcher_failed', 'swapped']);
  });

  it('joins looks under way instead of piling them up', async () => {
    const source = new Source();
    const { refresher: it } = refresher(source);
    source.policy = snapshot({ version: 2n });
    await Promise.all([it.refresh(), it.refresh(), it.refresh()]);
    expect(source.loads).toBe(1);
  });
});
