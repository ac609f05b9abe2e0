import { trustedId } from '@trunkline/kernel';
import { accountProblems } from './check-account.js';
import { blankPool, changedPool } from './change-pool.js';
import type { PoolChanges } from './pool-inputs.js';

const blank = blankPool(trustedId('pool', 'pool_a'), 'a');
const change = (changes: PoolChanges, pool = blank) => changedPool(pool, changes, (key) => `sealed ${key}`);

describe('a changed pool', () => {
  it('is as it was where nothing was said', () => {
    expect(change({})).toEqual(blank);
    const full = change({ sessionsMax: 5, upstreamKey: 'k', upstreamUrl: 'https://a.example', models: ['m'], tier: 1 });
    expect(change({}, full)).toEqual(full);
  });

  it('loses what null was said of', () => {
    const full = change({ sessionsMax: 5, tokensPerMinuteMax: 6, upstreamKey: 'k', models: ['m'], tier: 1 });
    const none = { sessionsMax: null, tokensPerMinuteMax: null, models: null, tier: null };
    expect(change({ ...none, upstreamKey: null }, full)).toMatchObject({ ...none, upstreamKeySealed: null });
  });

  it('takes zero for a value', () => {
    expect(change({ weight: 0, waitingMax: 0, waitingPerTenantMax: 0 })).toMatchObject({
      ...{ weight: 0, waitingMax: 0, waitingPerTenantMax: 0 },
    });
  });

  it('has a key only sealed', () => {
    expect(change({ upstreamKey: 'sk-1' }).upstreamKeySealed).toBe('sealed sk-1');
  });

  it('has the documented caps of a tier under those that were named', () => {
    const caps = (changes: PoolChanges, pool = blank) => Object.fromEntries(change(changes, pool).familyCaps);
    expect(caps({ tier: 2 })).toEqual({ 'gpt-live-1': 50 });
    expect(caps({ tier: 2, familyCaps: { 'gpt-live-1': 40, other: 3 } })).toEqual({ 'gpt-live-1': 40, other: 3 });
    expect(caps({ tier: 2, familyCaps: { 'gpt-live-1': null } })).toEqual({});
    expect(caps({ tier: null }, change({ tier: 2 }))).toEqual({ 'gpt-live-1': 50 });
  });

  it('does not share its maps with the pool it was made from', () => {
    const first = change({ familyCaps: { a: 1 } });
    change({ familyCaps: { a: null, b: 2 } }, first);
    expect(first.familyCaps).toEqual(new Map([['a', 1]]));
  });
});

describe('the account of a pool', () => {
  const problems = (changes: PoolChanges) => accountProblems(change(changes));

  it('is that of the settings, another key there, or a whole one of its own', () => {
    expect(problems({})).toEqual([]);
    expect(problems({ upstreamKey: 'k' })).toEqual([]);
    expect(problems({ upstreamUrl: 'https://a.example', upstreamKey: 'k' })).toEqual([]);
  });

  it('does not send the key of the settings to another address', () => {
    expect(problems({ upstreamUrl: 'https://a.example' })).toEqual([
      expect.stringContaining('the key of the settings is sent to no other address'),
    ]);
  });

  it('has deployments with Azure and tiers with OpenAI, never the other way round', () => {
    expect(problems({ vendor: 'azure', deployments: { m: 'd' } })).toEqual([]);
    expect(problems({ tier: 3 })).toEqual([]);
    expect(problems({ deployments: { m: 'd' } })).toHaveLength(1);
    expect(problems({ vendor: 'azure', tier: 3 })).toHaveLength(1);
  });
});
