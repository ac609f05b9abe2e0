import fc from 'fast-check';
import { holderProblems, poolProblems, type PoolClaims, type TenantClaim } from './check-shares.js';

function claim(replacing: Partial<TenantClaim> = {}): TenantClaim {
  return { slug: 'acme', floor: 0, ceiling: null, keys: [], ...replacing };
}

function pool(floors: readonly number[], sessionsMax: number | null = 100): PoolClaims {
  const tenants = floors.map((floor, i) => claim({ slug: `t${i}`, floor }));
  return { slug: 'openai', sessionsMax, familyCaps: new Map(), tenants };
}

describe('floors of a pool', () => {
  it('hold up to its cap, to the last line', () => {
    expect(poolProblems(pool([30, 30, 30, 10]))).toEqual([]);
    expect(poolProblems(pool([]))).toEqual([]);
    expect(poolProblems(pool([0, 0], null))).toEqual([]);
  });

  it('are refused above it, with the arithmetic', () => {
    expect(poolProblems(pool([30, 30, 30, 20]))).toEqual([
      'floors of 4 tenants are 30 + 30 + 30 + 20 = 110, above the cap of 100 of pool openai: lower one by 10 or raise the cap',
    ]);
    expect(poolProblems(pool([60, 60, 0], 50))).toEqual([
      'floors of 2 tenants are 60 + 60 = 120, above the cap of 50 of pool openai: lower them by 70 together or raise the cap',
    ]);
    expect(poolProblems(pool([101, 0]))).toEqual([
      'the floor of tenant t0 is 101, above the cap of 100 of pool openai: lower it by 1 or raise the cap',
    ]);
  });

  it('of forty tenants are added up by size', () => {
    expect(poolProblems(pool([...Array<number>(38).fill(2), 20, 20]))).toEqual([
      'floors of 40 tenants are 2 x 20 + 38 x 2 = 116, above the cap of 100 of pool openai: lower one by 16 or raise the cap',
    ]);
  });

  it('need a cap', () => {
    expect(poolProblems(pool([5, 7], null))).toEqual([
      'floors of 2 tenants are 5 + 7 = 12, but pool openai has no cap and a guarantee needs one: set a cap of at least 12 or take the floors away',
    ]);
    expect(poolProblems(pool([5], null))).toEqual([
      'the floor of tenant t0 is 5, but pool openai has no cap and a guarantee needs one: set a cap of at least 5 or take the floor away',
    ]);
  });
});

describe('the share of a tenant', () => {
  const problems = (tenant: Partial<TenantClaim>) =>
    poolProblems({ slug: 'openai', sessionsMax: 100, familyCaps: new Map(), tenants: [claim(tenant)] });
  const key = (floor: number, ceiling: number | null = null) => ({ id: 'key_1', floor, ceiling });

  it('has no floor above its ceiling', () => {
    expect(problems({ floor: 5, ceiling: 5 })).toEqual([]);
    expect(problems({ floor: 6, ceiling: 5 })).toEqual([
      'the floor of 6 is above the ceiling of 5 of tenant acme in pool openai: lower the floor or raise the ceiling',
    ]);
  });

  it('covers what its keys are guaranteed', () => {
    expect(problems({ floor: 10, keys: [key(5), key(5), key(0, 2)] })).toEqual([]);
    expect(problems({ floor: 8, keys: [key(5), key(5)] })).toEqual([
      "floors of 2 keys are 5 + 5 = 10, above the floor of 8 of tenant acme in pool openai: lower one by 2 or raise the tenant's floor",
    ]);
    expect(problems({ floor: 0, keys: [key(1)] })).toEqual([
      "the floor of one key is 1, above the floor of 0 of tenant acme in pool openai: lower it by 1 or raise the tenant's floor",
    ]);
  });

  it('has no key whose floor is above its ceiling', () => {
    expect(problems({ floor: 9, keys: [key(4, 3)] })).toEqual([
      'the floor of 4 is above the ceiling of 3 of key key_1 in pool openai: lower the floor or raise the ceiling',
    ]);
  });

  it('may let a key, or the tenant, have more than could ever be free: the lower limit holds', () => {
    expect(problems({ floor: 1, ceiling: 1_000, keys: [key(1, 2_000)] })).toEqual([]);
  });
});

describe('a cap of its own', () => {
  it('is not below the floors in all pools together', () => {
    const holder = { kind: 'tenant', name: 'acme', floors: [10, 0, 15] } as const;
    expect(holderProblems({ ...holder, sessionsMax: 25 })).toEqual([]);
    expect(holderProblems({ ...holder, sessionsMax: null })).toEqual([]);
    expect(holderProblems({ ...holder, sessionsMax: 20 })).toEqual([
      'floors in 2 pools are 10 + 15 = 25, above the cap of 20 sessions of tenant acme: lower one by 5 or raise the cap',
    ]);
    expect(holderProblems({ kind: 'key', name: 'key_1', sessionsMax: 2, floors: [3] })).toEqual([
      'the floor of key key_1 is 3, above the cap of 2 sessions of key key_1: lower it by 1 or raise the cap',
    ]);
  });
});

describe('floors of a pool with caps of families', () => {
  it('are refused above any of them, because a floor may be asked for in any family', () => {
    const claims = { ...pool([2, 1]), familyCaps: new Map([['gpt-live-1', 2]]) };
    expect(poolProblems(claims)).toEqual([
      'floors of 2 tenants are 2 + 1 = 3, above the cap of 2 of family gpt-live-1 in pool openai: ' +
        'lower one by 1 or raise the cap, or give the family a pool of its own',
    ]);
    expect(poolProblems({ ...claims, familyCaps: new Map([['gpt-live-1', 3]]) })).toEqual([]);
  });
});

describe('what is accepted', () => {
  const line = fc.integer({ min: 0, max: 12 });
  const ceiling = fc.option(fc.integer({ min: 1, max: 12 }), { nil: null });
  const keys = fc.array(fc.record({ id: fc.constant('key_1'), floor: line, ceiling }), { maxLength: 3 });
  const tenants = fc.array(fc.record({ slug: fc.constant('acme'), floor: line, ceiling, keys }), { maxLength: 6 });
  const sessionsMax = fc.option(fc.integer({ min: 1, max: 40 }), { nil: null });
  const familyCaps = fc
    .option(fc.integer({ min: 1, max: 40 }), { nil: null })
    .map((max) => new Map(max === null ? [] : [['gpt-live-1', max]]));
  const claims: fc.Arbitrary<PoolClaims> = fc.record({ slug: fc.constant('openai'), sessionsMax, familyCaps, tenants });

  it('is exactly what can be kept when everybody asks for its floor at once', () => {
    fc.assert(fc.property(claims, (pool) => (poolProblems(pool).length === 0) === canBeKept(pool)));
  });

  it('is less when floors are lower and the cap is higher, never more', () => {
    fc.assert(
      fc.property(claims, fc.nat(5), (pool, more) => {
        fc.pre(poolProblems(pool).length === 0);
        const lower = pool.tenants.map((tenant) => ({ ...tenant, floor: Math.max(0, tenant.floor - more), keys: [] }));
        const higher = pool.sessionsMax === null ? null : pool.sessionsMax + more;
        expect(poolProblems({ ...pool, tenants: lower, sessionsMax: higher })).toEqual([]);
      }),
    );
  });

  it('includes what was refused, once its advice is followed to the line', () => {
    fc.assert(
      fc.property(fc.array(line, { maxLength: 12 }), fc.integer({ min: 1, max: 40 }), (floors, max) => {
        const [problem] = poolProblems(pool(floors, max));
        fc.pre(problem !== undefined);
        const by = Number(/lower (?:it|one|them) by (\d+)/.exec(problem ?? '')?.[1]);
        expect(poolProblems(pool(floors, max + by))).toEqual([]);
        expect(poolProblems(pool(floors, max + by - 1))).toHaveLength(1);
      }),
    );
  });
});

/** Opens every guaranteed session, one line after the other, and sees whether each has room. */
function canBeKept({ sessionsMax, familyCaps, tenants }: PoolClaims): boolean {
  // Everybody may ask for the same family.
  let free = Math.min(sessionsMax ?? 0, ...familyCaps.values());
  for (const { floor, ceiling, keys } of tenants) {
    let ofTenant = floor;
    for (const key of keys)
      for (let line = 1; line <= key.floor; line++)
        if (ofTenant-- === 0 || line > (key.ceiling ?? Infinity)) return false;
    for (let line = 1; line <= floor; line++) if (free-- === 0 || line > (ceiling ?? Infinity)) return false;
  }
  return true;
}
