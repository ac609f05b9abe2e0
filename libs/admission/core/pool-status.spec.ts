import { trustedId } from '@trunkline/kernel';
import { lineRequest, type RequestParts } from './lease-builders.conformance.js';
import type { HeldLine, PoolView, WaitingCall } from './lease-store.js';
import { PoolStatusShape } from './pool-status-shape.js';
import { poolLines } from './pool-lines.js';
import { boundedStatus, pausesOf, poolStatus, poolSummary } from './pool-status.js';

const NOW = Date.parse('2026-11-22T12:00:00Z');

/** A line or a waiting call of `tenant`, begun so many seconds ago. */
interface HolderParts {
  readonly tenant: string;
  readonly session: string;
  readonly key?: string;
  readonly secondsAgo?: number;
}
const aCall = ({ tenant, session, key = tenant, secondsAgo = 0 }: HolderParts): WaitingCall => {
  const { sessionId, replicaId, place } = lineRequest({ session, ids: { tenant, key } });
  return { sessionId, replicaId, ...place, sinceMs: NOW - secondsAgo * 1_000 };
};
const aLine = ({ state = 'confirmed', ...parts }: HolderParts & Partial<Pick<HeldLine, 'state'>>): HeldLine => ({
  ...aCall(parts),
  state,
  expiresInMs: 1_000,
});
const lines = (tenant: string, count: number): HeldLine[] =>
  Array.from({ length: count }, (_, i) => aLine({ tenant, session: `${tenant}-line-${i}` }));
const calls = (tenant: string, count: number): WaitingCall[] =>
  Array.from({ length: count }, (_, i) => aCall({ tenant, session: `${tenant}-call-${i}` }));

const names = {
  slug: 'eu',
  status: 'active',
  tenant: (id: string) => id.replace('tnt_', ''),
  key: (id: string) => id.replace('key_', 'key '),
} as const;
const statusOf = (
  { lines: shown = [], ...view }: Partial<Omit<PoolView, 'held'>> & { lines?: readonly HeldLine[] },
  parts: RequestParts = {},
) =>
  poolStatus(
    { held: poolLines(shown), waiting: [], pausedForMs: 0, pausedFamilies: {}, recoveringMs: 0, ...view },
    { plan: lineRequest(parts).plan, names, nowMs: NOW, page: { lines: shown, next: 'there' } },
  );
/** Per tenant: held, waiting, fair share, owed. */
const standings = (...given: Parameters<typeof statusOf>) =>
  Object.fromEntries(
    statusOf(...given).tenants.map(({ tenant, held, waiting, fairShare, owed }) => [
      tenant,
      [held, waiting, fairShare, owed],
    ]),
  );

describe('the totals of a pool', () => {
  it('count each line once, by its state', () => {
    const view = {
      lines: [
        ...lines('a', 3),
        aLine({ tenant: 'a', session: 'p', state: 'pending' }),
        aLine({ tenant: 'b', session: 'k', state: 'kept' }),
      ],
      waiting: calls('b', 2),
      pausedForMs: 1_500,
      pausedFamilies: { 'gpt-realtime': 700 },
      recoveringMs: 4_100,
    };
    const { totals } = statusOf(view, { caps: { pool: 10 } });
    expect(pausesOf(totals)).toBe('5 s (living sessions are counted again), 2 s, gpt-realtime 1 s');
    expect(totals).toEqual({
      ...{
        cap: 10,
        open: 3,
        pending: 1,
        kept: 1,
        free: 5,
        heldBack: 0,
        waiting: 2,
        pausedForMs: 1_500,
        pausedFamilies: { 'gpt-realtime': 700 },
        recoveringMs: 4_100,
      },
    });
  });

  it('say how many free lines are held back for floors that are not in use', () => {
    // b uses 1 of its 4, c none of its 2: 3 + 2 = 5 of the 6 that are free.
    const shares = { b: { floor: 4 }, c: { floor: 2 } };
    const view = { lines: [...lines('a', 3), ...lines('b', 1)] };
    expect(statusOf(view, { caps: { pool: 10 }, shares }).totals).toMatchObject({ free: 6, heldBack: 5 });
  });

  it('never hold back more than is free, nor have fewer than none free, in a pool above its cap', () => {
    const view = { lines: lines('a', 5) };
    const parts = { caps: { pool: 4 }, shares: { b: { floor: 2 } } };
    expect(statusOf(view, parts).totals).toMatchObject({ cap: 4, open: 5, free: 0, heldBack: 0 });
  });

  it('know no free lines where there is no cap', () => {
    expect(statusOf({ lines: lines('a', 2) }).totals).toMatchObject({ cap: null, free: null, heldBack: 0 });
  });
});

describe('the model families of a pool', () => {
  const inFamily = (session: string, family: string): HeldLine => ({ ...aLine({ tenant: 'a', session }), family });

  it('are told where they have a cap of their own, with what that cap leaves and floors hold back', () => {
    const view = {
      lines: [inFamily('1', 'mini'), inFamily('2', 'mini'), inFamily('3', 'other')],
      waiting: [...calls('b', 1), { ...aCall({ tenant: 'c', session: 'w' }), family: 'mini' }],
    };
    const plan = { familyMax: { mini: 4, idle: 1 } };
    expect(statusOf(view, { plan, shares: { b: { floor: 3 } } }).families).toEqual([
      { family: 'idle', cap: 1, held: 0, free: 1, heldBack: 1, waiting: 0 },
      { family: 'mini', cap: 4, held: 2, free: 2, heldBack: 2, waiting: 1 },
    ]);
  });

  it('have no fewer than none free where a cap was lowered', () => {
    const view = { lines: [inFamily('1', 'mini'), inFamily('2', 'mini')] };
    expect(statusOf(view, { plan: { familyMax: { mini: 1 } } }).families).toMatchObject([
      { held: 2, free: 0, heldBack: 0 },
    ]);
  });
});

describe('how tenants stand', () => {
  it('gives what is there by weight, and says who has less than that', () => {
    // 9 lines at weights 2 to 1 are 6 and 3.
    const view = { lines: [...lines('a', 4), ...lines('b', 5)], waiting: [...calls('a', 5), ...calls('b', 5)] };
    expect(standings(view, { caps: { pool: 9 }, shares: { a: { weight: 2 } } })).toEqual({
      a: [4, 5, 6, 2],
      b: [5, 5, 3, 0],
    });
  });

  it('owes nobody more than it asks for, nor more than its ceiling', () => {
    // a wants 2 and b may have 3: the other 5 of 10 are c's.
    const view = { lines: lines('a', 2), waiting: [...calls('b', 9), ...calls('c', 9)] };
    expect(standings(view, { caps: { pool: 10 }, shares: { b: { ceiling: 3 } } })).toEqual({
      a: [2, 0, 2, 0],
      b: [0, 9, 3, 3],
      c: [0, 9, 5, 5],
    });
  });

  it('leaves out of the share what is held back for a floor that is not in use', () => {
    // b's floor of 3 is used once: 2 of 5 are held back, so the rest is 3, of which b has its own.
    const view = { lines: [...lines('a', 2), ...lines('b', 1)], waiting: calls('a', 4) };
    expect(standings(view, { caps: { pool: 5 }, shares: { b: { floor: 3 } } })).toEqual({
      a: [2, 4, 2, 0],
      b: [1, 0, 1, 0],
    });
  });

  it('owes a tenant below its floor the floor first', () => {
    const view = { lines: lines('a', 4), waiting: calls('b', 3) };
    expect(standings(view, { caps: { pool: 4 }, shares: { b: { floor: 3 } } })).toEqual({
      a: [4, 0, 1, 0],
      b: [0, 3, 3, 3],
    });
  });

  it('counts the last line to whoever has it, of two with the same claim', () => {
    const view = { lines: [...lines('b', 3), ...lines('a', 2)], waiting: [...calls('a', 1), ...calls('b', 1)] };
    expect(standings(view, { caps: { pool: 5 } })).toEqual({ a: [2, 1, 2, 0], b: [3, 1, 3, 0] });
  });

  it('owes everybody everything where there is no cap', () => {
    expect(standings({ lines: lines('a', 1), waiting: calls('a', 2) })).toEqual({ a: [1, 2, 3, 2] });
  });

  it('shows who has a share and nothing else, and the terms of each', () => {
    const share = { floor: 2, ceiling: 5, weight: 3 };
    const [shown] = statusOf({}, { caps: { pool: 9 }, shares: { a: share } }).tenants;
    expect(shown).toEqual({
      ...{ tenantId: 'tnt_a', tenant: 'a', held: 0, pending: 0, kept: 0, waiting: 0, ...share },
      ...{ fairShare: 0, owed: 0 },
    });
  });
});

describe('lines and waiting calls', () => {
  const view = {
    lines: [
      aLine({ tenant: 'a', session: 'young', secondsAgo: 1 }),
      aLine({ tenant: 'a', session: 'old', secondsAgo: 60, key: 'k', state: 'kept' }),
    ],
    waiting: [
      aCall({ tenant: 'b', session: 'first', secondsAgo: 5 }),
      aCall({ tenant: 'a', session: 'second', secondsAgo: 3 }),
    ],
  };

  it('say who, with which key, since when and where', () => {
    expect(statusOf(view).lines[0]).toEqual({
      ...{ sessionId: 'ses_old', tenant: 'a', keyId: 'key_k', key: 'key k', family: 'gpt-realtime' },
      ...{ replicaId: 'rep_r', since: '2026-11-22T11:59:00.000Z', state: 'kept' },
    });
  });

  it('are called as the totals call them, whichever release tells', () => {
    const status = statusOf(view);
    const told = { ...status, lines: status.lines.map((line) => ({ ...line, state: 'confirmed' })) };
    expect(status.lines.map(({ state }) => state)).toEqual(['kept', 'open']);
    expect(PoolStatusShape.parse(told).lines.map(({ state }) => state)).toEqual(['open', 'open']);
  });

  it('stand in order: lines by age, calls as they came', () => {
    const status = statusOf(view);
    expect(status.lines.map(({ sessionId }) => sessionId)).toEqual(['ses_old', 'ses_young']);
    expect(status.waiting.map(({ sessionId }) => sessionId)).toEqual(['ses_first', 'ses_second']);
  });

  it('can be cut, and the totals stay true', () => {
    const cut = boundedStatus(statusOf(view), 1);
    expect([cut.lines.length, cut.waiting.length, cut.nextLines]).toEqual([2, 1, 'there']);
    expect(poolSummary(cut)).toEqual(poolSummary(statusOf(view)));
    expect(cut.totals).toMatchObject({ open: 1, kept: 1, waiting: 2 });
  });

  it('travel as JSON and arrive the same', () => {
    const status = statusOf(view, { caps: { pool: 3 }, shares: { a: { floor: 1 } } });
    expect(PoolStatusShape.parse(JSON.parse(JSON.stringify(status)))).toEqual(status);
  });
});

describe('a key floor', () => {
  it('is held back for that key like a floor of its tenant', () => {
    const keys = { [trustedId('key', 'key_vip')]: { floor: 2, ceiling: null } };
    const view = { lines: lines('a', 3), waiting: calls('b', 9) };
    const parts = { caps: { pool: 6 }, shares: { a: { floor: 2, keys } } };
    expect(statusOf(view, parts).totals).toMatchObject({ free: 3, heldBack: 2 });
    expect(standings(view, parts)).toEqual({ a: [3, 0, 3, 0], b: [0, 9, 1, 1] });
  });
});
