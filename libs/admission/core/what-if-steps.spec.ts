import { trustedId } from '@trunkline/kernel';
import type { Arrival } from './arrivals.js';
import type { Caller } from './lease.js';
import { LineCounts } from './line-counts.js';
import type { PoolPlan } from './pool-plan.js';
import { CallsInLine } from './what-if-limits.js';
import { STEP_EVENTS, whatIfStepwise } from './what-if.js';

const poolId = trustedId('pool', 'pool_a');
const [tenantId, keyId] = [trustedId('tnt', 'tnt_a'), trustedId('key', 'key_a')];
const plan: PoolPlan = {
  poolId,
  version: 1,
  sessionsMax: 2,
  familyMax: {},
  shares: {},
  waitingMax: 10_000,
  waitingPerTenantMax: 10_000,
};

function arrival(atMs: number, lastsMs: number, waitMs: number): Arrival {
  return { atMs, tenantId, keyId, family: 'large', lastsMs, waitMs };
}

describe('a what-if in steps', () => {
  it('takes no more events in a step than it may, however many are due between two calls', () => {
    // A thousand calls that wait and give up one after the other, and after an hour another one.
    const rush = Array.from({ length: 1_000 }, (_, i) => arrival(i, 7_200_000, 60_000));
    let arrived = 0;
    function* arrivals(): Generator<Arrival> {
      for (const each of [...rush, arrival(3_600_000, 1_000, 0)]) {
        arrived += 1;
        yield each;
      }
    }
    const steps = whatIfStepwise(arrivals(), [plan]);
    const betweenTheLastTwo: number[] = [];
    let [arrivedBefore, taken] = [0, 0];
    for (let step = steps.next(); !step.done; step = steps.next()) {
      expect(arrived - arrivedBefore).toBeLessThanOrEqual(STEP_EVENTS);
      if (arrived === 1_001) betweenTheLastTwo.push(taken);
      [arrivedBefore, taken] = [arrived, taken + 1];
    }
    // 998 gave up in that hour.
    expect(betweenTheLastTwo.length).toBeGreaterThanOrEqual(Math.floor(998 / STEP_EVENTS));
  });

  it('ends in steps too, when the last calls have come', () => {
    const calls = Array.from({ length: 500 }, (_, i) => arrival(0, 1_000 + i, 0));
    const ends = whatIfStepwise(calls, [{ ...plan, sessionsMax: null }]);
    let steps = 0;
    while (!ends.next().done) steps += 1;
    expect(steps).toBe(Math.floor(1_000 / STEP_EVENTS));
  });
});

/** Counts that tell how often they were asked. */
class Asked extends LineCounts {
  times = 0;

  override of(name: string): number {
    this.times += 1;
    return super.of(name);
  }
}

describe('the room that a tenant’s own limits leave it', () => {
  const caller = (key: string, own: Partial<Caller['own']> = {}): Caller => ({
    sessionId: trustedId('ses', 'ses_s'),
    replicaId: trustedId('rep', 'rep_r'),
    token: 't',
    place: { tenantId, keyId: trustedId('key', key), poolId, family: 'large' },
    own: { keySessionsMax: null, tenantSessionsMax: null, sessionsPerMinuteMax: null, ...own },
    plan,
  });

  it('is found with as much work for a thousand calls in line as for one', () => {
    const work = (calls: number): number => {
      const counts = new Asked();
      const inLine = new CallsInLine(counts);
      // None of them could have a line, so that none is as good as all.
      for (let i = 0; i < calls; i++) inLine.wait(caller('key_a', { keySessionsMax: 0 }), 1);
      counts.times = 0;
      expect(inLine.room({ plan, tenantId }, 0).mayHaveMore).toBe(false);
      return counts.times;
    };
    expect(work(1_000)).toBe(work(1));
  });

  it('is there while one of its keys may have more, and gone with that key’s last call', () => {
    const inLine = new CallsInLine(new LineCounts());
    const [full, free] = [caller('key_a', { keySessionsMax: 0 }), caller('key_b', { tenantSessionsMax: 7 })];
    inLine.wait(full, 1);
    inLine.wait(free, 1);
    inLine.wait(free, 1);
    expect(inLine.room({ plan, tenantId }, 0)).toEqual({ linesMax: 7, mayHaveMore: true });
    inLine.wait(free, -1);
    expect(inLine.room({ plan, tenantId }, 0).mayHaveMore).toBe(true);
    inLine.wait(free, -1);
    expect(inLine.room({ plan, tenantId }, 0)).toEqual({ linesMax: Infinity, mayHaveMore: false });
  });

  it('is none while the tenant waits for its rate of new sessions', () => {
    const inLine = new CallsInLine(new LineCounts());
    inLine.wait(caller('key_a'), 1);
    inLine.waitForRate(tenantId, 1_000);
    expect([999, 1_000].map((nowMs) => inLine.room({ plan, tenantId }, nowMs).mayHaveMore)).toEqual([false, true]);
  });
});
