import { trustedId } from '@trunkline/kernel';
import { aPolicy, BOTS, BOTS_KEY, MODEL, SALES, SALES_KEY } from '../../../test/what-if-policy.js';
import type { RecordedRefusal, RecordedSession } from '@trunkline/metering';
import { toEnd } from '../../../index.js';
import {
  CallsRecord,
  TooManyCalls,
  type CallsOfRecord,
  type RecordTerms,
  type RefusedTaken,
} from './recorded-calls.js';

const ofBots = { tenantId: BOTS, keyId: BOTS_KEY, model: MODEL };
const ofSales = { tenantId: SALES, keyId: SALES_KEY, model: MODEL };
const session = (askedAtMs: number, durationMs: number | null, who = ofBots): RecordedSession => ({
  ...who,
  ...{ poolId: trustedId('pool', 'pool_a'), askedAtMs, openedAtMs: askedAtMs, durationMs },
  endCause: null,
  waitAskedMs: null,
});
const TERMS = { taken: 'each', policy: aPolicy([]), fromMs: 0, toMs: 10_000, callsMax: 100 } as const;
const refusal = (fromMs: number, set: Partial<RecordedRefusal> = {}): RecordedRefusal => ({
  ...{ ...ofBots, reason: 'pool_limit', fromMs, untilMs: fromMs, calls: 1, waitedMs: 0 },
  waitAskedMs: null,
  ...set,
});
function callsOf(
  sessions: readonly RecordedSession[],
  refusals: readonly RecordedRefusal[],
  taken: RefusedTaken = 'each',
  callsMax = 100,
) {
  return callsUnder({ ...TERMS, taken, callsMax }, sessions, refusals);
}

function callsUnder(
  terms: RecordTerms,
  sessions: readonly RecordedSession[],
  refusals: readonly RecordedRefusal[] = [],
): CallsOfRecord {
  const record = new CallsRecord(terms);
  record.addSessions(sessions);
  for (const refusal of refusals) record.addRefusals([refusal]);
  return toEnd(record.calls());
}

describe('the calls of a record', () => {
  it('come in order of time, with a length each: as it was, until now, or the median of their like', () => {
    const sessions = [session(5, 100), session(1, 300), session(3, 200), session(4, null)];
    const { calls, refused } = callsOf(sessions, [refusal(2, { model: `${MODEL}-2026-01-01` }), refusal(6, ofSales)]);
    expect(refused).toBe(2);
    expect(calls.map(({ atMs, lastsMs }) => [atMs, lastsMs])).toEqual([
      [1, 300],
      [2, 200], // the median of 100, 200, 300
      [3, 200],
      [4, 9_996],
      [5, 100],
      [6, 200], // sales has none of its own: that of the family
    ]);
    expect(calls.filter(({ wasRefused }) => wasRefused).map(({ family }) => family)).toEqual([MODEL, MODEL]);
  });

  it('are spread over the time of their record, and give up again after as long as they did', () => {
    const { calls } = callsOf([], [refusal(0, { untilMs: 900, calls: 4, waitedMs: 8_000, reason: 'abandoned' })]);
    expect(calls.map(({ atMs, patienceMs }) => [atMs, patienceMs])).toEqual(
      [0, 300, 600, 900].map((at) => [at, 2_000]),
    );
  });

  it('leave out whom no line would have helped, and say so', () => {
    const { calls, leftOut } = callsOf([], [refusal(1, { reason: 'budget_exceeded', calls: 3 }), refusal(2)]);
    expect([calls.length, leftOut]).toEqual([1, { budget_exceeded: 3 }]);
  });

  it('are without refused ones, or with one of a key and model in so much time, where that is asked', () => {
    const refusals = [
      refusal(0, { untilMs: 4_000, calls: 5 }),
      refusal(4_500),
      refusal(6_000),
      refusal(6_000, ofSales),
    ];
    expect(callsOf([session(1, 1)], refusals, 'none').calls).toHaveLength(1);
    const { calls } = callsOf([], refusals, { oneInMs: 3_000 });
    expect(calls.map(({ atMs, tenantId }) => [atMs, tenantId])).toEqual([
      [0, BOTS],
      [3_000, BOTS],
      [6_000, BOTS],
      [6_000, SALES],
    ]);
  });

  it('are without sessions that were open before: those hold their lines from the beginning to their end', () => {
    const sessions = [
      session(-500, 1_500),
      { ...session(-400, null), askedAtMs: -900 },
      // It stood in line when the record begins.
      { ...session(-300, 50), openedAtMs: 20 },
      session(0, 7),
    ];
    const { calls, openBefore } = callsUnder({ ...TERMS, toMs: 5_000 }, sessions);
    expect(calls.map(({ atMs, lastsMs }) => [atMs, lastsMs])).toEqual([
      [0, 50],
      [0, 7],
    ]);
    const line = { tenantId: BOTS, keyId: BOTS_KEY, poolId: 'pool_a', family: MODEL };
    expect(openBefore).toEqual({
      atMs: 0,
      lines: [
        { ...line, lastsMs: 1_000 },
        { ...line, lastsMs: 5_000 },
      ],
    });
  });

  it('say how many ended because somebody waited for an idle line', () => {
    const ended = { endCause: 'line_reclaimed' };
    const { reclaimed } = callsOf([{ ...session(-5, 9), ...ended }, { ...session(1, 1), ...ended }, session(2, 1)], []);
    expect(reclaimed).toBe(2);
  });

  it('are those of tenants that may call, also where the key was exchanged since', () => {
    const key = (status: 'active' | 'revoked', expiresAtMs: number | null = null) => ({
      ...{ id: BOTS_KEY, tenantId: BOTS, name: 'k', status, sessionsMax: null, models: null, origins: null },
      ...{ scopes: ['sessions' as const], expiresAtMs },
    });
    const under = (parts: Parameters<typeof aPolicy>[1]) => {
      const { calls, ofRetiredKeys, ofSuspended } = callsUnder(
        { ...TERMS, policy: aPolicy([], parts) },
        [session(-1, 9), session(1, 1), session(2, 1, ofSales)],
        [refusal(3, { calls: 2 }), refusal(4, { reason: 'budget_exceeded' })],
      );
      return { calls: calls.length, ofRetiredKeys, ofSuspended };
    };
    const keys = (of: ReturnType<typeof key>) => ({ keys: [{ hmac: 'b', key: of }] });
    expect(under({})).toEqual({ calls: 4, ofRetiredKeys: 0, ofSuspended: 0 });
    // That of sales is not known any more.
    expect(under(keys(key('active')))).toEqual({ calls: 4, ofRetiredKeys: 1, ofSuspended: 0 });
    expect(under(keys(key('revoked')))).toEqual({ calls: 4, ofRetiredKeys: 4, ofSuspended: 0 });
    expect(under(keys(key('active', 9_999)))).toEqual({ calls: 4, ofRetiredKeys: 4, ofSuspended: 0 });
    const tenants = [...aPolicy([]).tenants.values()].map((each) =>
      each.id === BOTS ? { ...each, status: 'suspended' as const } : each,
    );
    expect(under({ tenants })).toEqual({ calls: 1, ofRetiredKeys: 0, ofSuspended: 4 });
  });

  it('wait as long as their app asked for, where it did', () => {
    const { calls } = callsOf(
      [{ ...session(1, 1), waitAskedMs: 500 }, session(2, 1)],
      [refusal(3, { waitAskedMs: 0 })],
    );
    expect(calls.map(({ waitAskedMs }) => waitAskedMs)).toEqual([500, undefined, 0]);
  });

  it('are refused when they are too many, before they are made', () => {
    const many = refusal(0, { calls: 1_000_000_000 });
    expect(() => callsOf([session(1, 1)], [many])).toThrow(TooManyCalls);
    expect(() => callsOf([session(1, 1)], [many])).toThrow('1 sessions and 1000000000 refused calls');
    expect(() =>
      callsOf(
        [1, 2, 3].map((at) => session(at, 1)),
        [],
        'each',
        2,
      ),
    ).toThrow(TooManyCalls);
  });

  it('are found in a record of any length, as long as they are few themselves', () => {
    const knocks = Array.from({ length: 1_000 }, (_, i) => refusal(i * 9, { calls: 7 }));
    const budget = knocks.map((each) => ({ ...each, reason: 'budget_exceeded' }));
    expect(callsOf([], [...budget, refusal(9_500)], 'each', 1)).toMatchObject({
      ...{ calls: [{ atMs: 9_500 }], leftOut: { budget_exceeded: 7_000 } },
    });
    expect(callsOf([], knocks, { oneInMs: 4_000 }, 3).calls.map(({ atMs }) => atMs)).toEqual([0, 4_005, 8_010]);
  });

  it('are made in small steps, for a process that has calls to carry in between', () => {
    const record = new CallsRecord({ ...TERMS, toMs: 1e9, callsMax: 40_000 });
    for (let at = 0; at < 20_000; at += 1_000)
      record.addSessions(Array.from({ length: 1_000 }, (_, i) => session((at + i) * 30, 1)));
    record.addRefusals([refusal(0, { untilMs: 600_000, calls: 20_000 })]);
    const steps = record.calls();
    let count = 1;
    for (let step = steps.next(); ; step = steps.next(), count += 1)
      if (step.done) {
        expect(step.value.calls).toHaveLength(40_000);
        break;
      }
    // At most some hundred calls in any of them: the length, each 500 calls, and each minute.
    expect(count).toBeGreaterThan(40_000 / 500);
  });
});
