import { mintId, trustedId } from '@trunkline/kernel';
import { compilePolicy, DEFAULT_LIMITS, type Tenant } from '@trunkline/tenancy';
import type { PoolPlan } from '@trunkline/admission';
import { changedPlan, shareChangesOf, type PlanChanges } from './changed-plan.js';

const zeros = (n: number) => new Uint8Array(n);
const [BOTS, FRONT] = [mintId('tnt', 1, zeros), mintId('tnt', 2, zeros)];
const aTenant = (id: Tenant['id'], slug: string): Tenant => ({
  ...{ id, slug, name: slug, status: 'active', sessionsMax: null, limits: DEFAULT_LIMITS },
});
const none = { keys: [], pools: [], tenantShares: [], keyShares: [], moderation: [], refusedEndUsers: [] };
const policy = compilePolicy({ version: 1n, tenants: [aTenant(BOTS, 'bots'), aTenant(FRONT, 'front')], ...none });
const share = { floor: 4, ceiling: 8, weight: 1, keys: {} };
const plan: PoolPlan = {
  ...{ poolId: trustedId('pool', 'pool_p'), version: 1, sessionsMax: 10, familyMax: {}, shares: { [BOTS]: share } },
  ...{ waitingMax: 200, waitingPerTenantMax: 20 },
};
const changed = (changes: Partial<PlanChanges>) =>
  changedPlan(plan, { cap: undefined, shares: [], ...changes }, policy);

describe('a share as it is typed', () => {
  it.each([
    ['bots=1:2:3', { floor: 1, ceiling: 2, weight: 3 }],
    ['bots=1', { floor: 1, ceiling: undefined, weight: undefined }],
    ['bots=:none', { floor: undefined, ceiling: null, weight: undefined }],
    ['bots=::5', { floor: undefined, ceiling: undefined, weight: 5 }],
  ])('is %s', (text, parts) => expect(shareChangesOf(text)).toEqual([{ tenant: 'bots', ...parts }]));

  it('may be repeated, and is refused with an example when it is none', () => {
    expect(shareChangesOf('b=2', shareChangesOf('a=1'))).toHaveLength(2);
    for (const text of ['bots', '=1', 'bots=x', 'bots=1:2:3:4', 'bots=-1'])
      expect(() => shareChangesOf(text)).toThrow('Write it as support-bots=10:30:2');
  });
});

describe('a changed plan', () => {
  it('is the present one where nothing was said', () => expect(changed({})).toEqual(plan));

  it('has what was said, and leaves the rest of a share', () => {
    const shares = [...shareChangesOf('bots=:none'), ...shareChangesOf(`${FRONT}=2::3`)];
    expect(changed({ cap: 6, shares })).toEqual({
      ...{ ...plan, sessionsMax: 6 },
      shares: { [BOTS]: { ...share, ceiling: null }, [FRONT]: { floor: 2, ceiling: null, weight: 3, keys: {} } },
    });
  });

  it('is refused like a real change when it cannot hold', () => {
    expect(() => changed({ cap: 3 })).toThrow(/the floor of tenant bots is 4, above the cap of 3/);
    expect(() => changed({ shares: shareChangesOf('bots=9') })).toThrow('the floor of 9 is above the ceiling of 8');
    expect(() => changed({ shares: shareChangesOf('bots=::0') })).toThrow('a weight must be from 1 to 1000');
    expect(() => changed({ cap: Number.NaN })).toThrow('--cap must be a whole number or none');
    expect(() => changed({ shares: shareChangesOf('who=1') })).toThrow('There is no tenant "who"');
  });
});
