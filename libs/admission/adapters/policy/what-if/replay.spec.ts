import { aPolicy, aPool, BOTS, BOTS_KEY, MODEL } from '../../../test/what-if-policy.js';
import type { PolicySnapshot, Pool } from '@trunkline/tenancy';
import { toEnd, type WhatIfReport } from '../../../index.js';
import { changedPolicy } from './changed-policy.js';
import { WhatIfChangesInput, type WhatIfChangesRequest } from './changes.js';
import { comparison } from './comparison.js';
import type { Call } from './recorded-calls.js';
import { replayUnder } from './replay.js';

/** Times in seconds. */
function call(at: number, lasts: number, set: Partial<Call> = {}): Call {
  return {
    tenantId: BOTS,
    keyId: BOTS_KEY,
    model: MODEL,
    family: MODEL,
    atMs: at * 1_000,
    lastsMs: lasts * 1_000,
    ...set,
  };
}

function replayed(policy: PolicySnapshot, calls: readonly Call[], seed = 1): WhatIfReport {
  return toEnd(replayUnder(policy, { calls }, seed));
}

function sides(policy: PolicySnapshot, request: WhatIfChangesRequest, calls: readonly Call[]) {
  const changed = changedPolicy(policy, WhatIfChangesInput.parse(request));
  if (!changed.ok) throw new Error(changed.error);
  const [now, then] = [policy, changed.value].map((each) => ({ policy: each, report: replayed(each, calls) }));
  if (!now || !then) throw new Error('two sides');
  return comparison(now, then);
}

const lines = (slug: string, sessionsMax: number, set: Partial<Pool> = {}) => aPool(slug, { sessionsMax, ...set });

describe('a policy that is replayed', () => {
  it('lets refused calls in under a bigger cap, and says side by side how many', () => {
    const calls = [call(0, 60), call(1, 60, { wasRefused: true }), call(2, 60, { wasRefused: true })];
    const { now, then } = sides(aPolicy([lines('main', 1)]), { pools: { main: { sessionsMax: 2 } } }, calls);
    expect([now.all, then.all]).toMatchObject([
      { calls: 3, atOnce: 1, refused: 2, refusedBecause: { pool: 2 }, refusedBefore: { calls: 2, admitted: 0 } },
      { calls: 3, atOnce: 2, refused: 1, refusedBecause: { pool: 1 }, refusedBefore: { calls: 2, admitted: 1 } },
    ]);
    // Lines of a minute from 0 and, in the changed one, from 1: 60 and 61 seconds are looked at.
    expect(now.pools).toMatchObject([{ pool: 'main', utilisation: 1, lines: { peak: 1 } }]);
    expect(then.pools).toMatchObject([{ pool: 'main', utilisation: 120 / 61 / 2, lines: { peak: 2 } }]);
  });

  it('waits as its tenants may, in the line of each pool as long as that may be', () => {
    const policy = aPolicy([lines('main', 1, { waitingPerTenantMax: 1 })]);
    const calls = [call(0, 10), call(1, 10), call(2, 10)];
    const { now, then } = sides(policy, { tenants: { bots: { waitMsMax: 9_000 } } }, calls);
    expect(now.all).toMatchObject({ atOnce: 1, refusedBecause: { pool: 2 } });
    expect(then.all).toMatchObject({ waited: { calls: 1, medianMs: 9_000 }, refusedBecause: { line_full: 1 } });
  });

  it('waits less where the app asked for less, and never longer than its tenant may', () => {
    const calls = [call(0, 10), call(1, 1, { waitAskedMs: 8_000 }), call(1, 1, { waitAskedMs: 60_000 })];
    const { then } = sides(aPolicy([lines('main', 1)]), { tenants: { bots: { waitMsMax: 9_500 } } }, calls);
    expect(then.all).toMatchObject({ waited: { calls: 1, maxMs: 9_000 }, refusedBecause: { time_up: 1 } });
  });

  it('keeps caps of families, of tenants, of keys, and the rate of new sessions', () => {
    const policy = aPolicy([lines('main', 5)]);
    const calls = [call(0, 9), call(1, 9)];
    const refusedBecause = (request: WhatIfChangesRequest) => sides(policy, request, calls).then.all.refusedBecause;
    expect(refusedBecause({})).toEqual({});
    expect(refusedBecause({ pools: { main: { familyCaps: { [MODEL]: 1 } } } })).toEqual({ family: 1 });
    expect(refusedBecause({ tenants: { bots: { sessionsMax: 1 } } })).toEqual({ tenant: 1 });
    expect(refusedBecause({ keys: { [BOTS_KEY]: { sessionsMax: 1 } } })).toEqual({ key: 1 });
    expect(refusedBecause({ tenants: { '*': { sessionsPerMinuteMax: 1 } } })).toEqual({ rate: 1 });
  });

  it('does not hold what another key took over to the limit of a key that was revoked', () => {
    const [bots, ...others] = [...aPolicy([]).keys.values()];
    if (!bots) throw new Error('a key');
    const keysOf = (status: 'active' | 'revoked') =>
      [{ ...bots, status, sessionsMax: 1 }, ...others].map((key) => ({ hmac: key.id, key }));
    const calls = [call(0, 9), call(1, 9)];
    const refused = (status: 'active' | 'revoked') =>
      sides(aPolicy([lines('main', 5)], { keys: keysOf(status) }), {}, calls).now.all.refused;
    expect([refused('active'), refused('revoked')]).toEqual([1, 0]);
  });

  it('routes by model, passes drained pools by, and refuses what no pool serves', () => {
    const policy = aPolicy([lines('main', 9, { models: [MODEL] }), lines('other', 9, { models: ['gpt-x'] })]);
    const calls = [call(0, 1), call(0, 1, { model: 'gpt-x' }), call(0, 1, { model: 'gpt-y' })];
    const { now, then } = sides(policy, { pools: { other: { status: 'draining' } } }, calls);
    expect(now.pools.map(({ pool, admitted }) => [pool, admitted])).toEqual([
      ['main', 1],
      ['other', 1],
    ]);
    expect([now.all.refusedBecause, then.all.refusedBecause]).toEqual([{ not_offered: 1 }, { not_offered: 2 }]);
  });

  it('spreads calls over pools by weight, and falls over where one is full', () => {
    const policy = aPolicy([lines('main', 900, { weight: 3 }), lines('other', 900), lines('spare', 9, { weight: 0 })]);
    const calls = Array.from({ length: 400 }, (_, i) => call(i, 0.5));
    const [main = 0, other = 0, spare] = sides(policy, {}, calls).now.pools.map(({ admitted }) => admitted);
    expect([main + other, spare]).toEqual([400, 0]);
    expect(Math.abs(main / other - 3)).toBeLessThan(0.8);
    const full = sides(
      policy,
      { pools: { main: { sessionsMax: 1 }, other: { sessionsMax: 1 } } },
      [0, 0, 0].map((at) => call(at, 9)),
    );
    expect(full.then.pools.map(({ admitted }) => admitted)).toEqual([1, 1, 1]);
  });

  it('says the same for the same seed', () => {
    const policy = aPolicy([lines('main', 20), lines('other', 20)]);
    const calls = Array.from({ length: 200 }, (_, i) => call(i, 4));
    expect(replayed(policy, calls)).toEqual(replayed(policy, calls));
    expect(replayed(policy, calls, 2)).not.toEqual(replayed(policy, calls));
  });
});
