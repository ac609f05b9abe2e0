import { aPolicy, aPool, BOTS, BOTS_KEY, SALES, SALES_KEY } from '../../../test/what-if-policy.js';
import { changedPolicy } from './changed-policy.js';
import { WhatIfChangesInput, type WhatIfChangesRequest } from './changes.js';

const main = aPool('main', { sessionsMax: 10, familyCaps: new Map([['gpt-realtime', 8]]) });
const share = { poolId: main.id, tenantId: BOTS, floor: 4, ceiling: 8, weight: 1 };
const present = aPolicy([main], { tenantShares: [share], limits: { waitMsMax: 1_000 } });
const change = (request: WhatIfChangesRequest) => changedPolicy(present, WhatIfChangesInput.parse(request));
const changed = (request: WhatIfChangesRequest) => {
  const result = change(request);
  if (!result.ok) throw new Error(result.error);
  return result.value;
};

describe('a policy that a what-if changes', () => {
  it('is the present one where nothing was said', () => {
    const policy = changed({});
    expect([...policy.pools.values()]).toEqual([main]);
    expect(policy.sharesOf(main.id)).toEqual({ tenants: [share], keys: [] });
    expect(policy.tenants).toEqual(present.tenants);
  });

  it('has what was said, and leaves the rest', () => {
    const keys = { [BOTS_KEY]: { floor: 1 } };
    const policy = changed({
      pools: {
        main: {
          sessionsMax: 6,
          familyCaps: { 'gpt-realtime': null, other: 5 },
          shares: { bots: { ceiling: null, keys } },
        },
        spare: { isNew: true, sessionsMax: 3, weight: 2, shares: { [SALES]: { floor: 2, weight: 3 } } },
      },
      tenants: { '*': { waitMsMax: 5_000 }, sales: { sessionsPerMinuteMax: 30, sessionsMax: 9 } },
      keys: { [SALES_KEY]: { sessionsMax: 4 } },
    });
    const [first, spare] = [...policy.pools.values()];
    expect(first).toEqual({ ...main, sessionsMax: 6, familyCaps: new Map([['other', 5]]) });
    expect(spare).toMatchObject({ slug: 'spare', sessionsMax: 3, weight: 2, status: 'active' });
    expect(policy.sharesOf(main.id)).toEqual({
      tenants: [{ ...share, ceiling: null }],
      keys: [{ poolId: main.id, tenantId: BOTS, keyId: BOTS_KEY, floor: 1, ceiling: null }],
    });
    expect(spare && policy.sharesOf(spare.id).tenants).toMatchObject([{ tenantId: SALES, floor: 2, weight: 3 }]);
    expect([BOTS, SALES].map((id) => policy.tenants.get(id)?.limits)).toMatchObject([
      { waitMsMax: 5_000, sessionsPerMinuteMax: null },
      { waitMsMax: 5_000, sessionsPerMinuteMax: 30 },
    ]);
    expect(policy.tenants.get(SALES)?.sessionsMax).toBe(9);
    expect(policy.keys.get(SALES_KEY)?.sessionsMax).toBe(4);
  });

  it.each<readonly [WhatIfChangesRequest, string]>([
    [{ pools: { main: { sessionsMax: 3 } } }, 'the floor of tenant bots is 4, above the cap of 3 of pool main'],
    [{ pools: { main: { shares: { bots: { floor: 9 } } } } }, 'the floor of 9 is above the ceiling of 8'],
    [{ pools: { main: { familyCaps: { x: 2 } } } }, 'above the cap of 2 of family x'],
    [{ tenants: { bots: { sessionsMax: 2 } } }, 'above the cap of 2 sessions of tenant bots'],
    [{ pools: { nope: {} } }, 'there is no pool "nope"'],
    [{ pools: { main: { isNew: true } } }, 'there is a pool "main" already'],
    [{ tenants: { who: {} } }, 'there is no tenant "who"'],
    [{ keys: { key_x: {} } }, 'there is no key "key_x"'],
    [{ pools: { main: { shares: { sales: { keys: { [BOTS_KEY]: {} } } } } } }, 'is not of the tenant'],
  ])('is refused like a real change where it cannot hold: %j', (request, words) => {
    const result = change(request);
    expect(result.ok ? '' : result.error).toContain(words);
  });

  it('is written in the words and bounds of the settings', () => {
    for (const wrong of [
      { pools: { main: { sessionsMax: 0 } } },
      { pool: {} },
      { tenants: { '*': { idleReclaimMs: 9_000 } } },
    ])
      expect(WhatIfChangesInput.safeParse(wrong).success).toBe(false);
  });
});
