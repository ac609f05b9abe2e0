// What every lease store does about floors, weights, the line, kept lines, pauses and rates. Each case is one guarantee,
// runs on a fresh store and throws when it does not hold. The order and numbers are explicit here; that both stores do
// the same in every other situation is for the property test against the state machine.
import assert from 'node:assert/strict';
import {
  acquired,
  asked,
  confirmed,
  held,
  inLine,
  lineRequest,
  of,
  type RequestParts,
} from './lease-builders.conformance.js';
import type { LeaseStoreCase } from './lease-store.conformance.js';
import { ENDING_LINES } from './ending-lines.conformance.js';
import { KEPT_LINES } from './kept-lines.conformance.js';
import { POOL_CHOICE } from './pool-choice.conformance.js';

const OWN_LIMITS: readonly LeaseStoreCase[] = [
  {
    guarantee: 'a call in line is under its own limits as they are by now, and keeps its place when they are raised',
    check: async ({ store }) => {
      const limited = (session: string, key: number) => of('a', { session, caps: { key }, mayWait: true });
      await confirmed(store, limited('1', 1));
      assert.equal(await asked(store, limited('2', 1)), 'waiting');
      assert.equal(await asked(store, limited('3', 1)), 'waiting');
      const [second] = await store.attend([lineRequest(limited('2', 1)), lineRequest(limited('3', 2))]);
      assert.equal(second?.kind, 'waiting');
      assert.deepEqual(await inLine(store), ['ses_2'], 'the limit that was raised lets its call in');
      const [lowered] = await store.attend([lineRequest(limited('2', 3))]);
      assert.equal(lowered?.kind, 'granted');
    },
  },
];

const HEADROOM: readonly LeaseStoreCase[] = [
  {
    guarantee: 'a pause of one family keeps out that family and no other',
    check: async ({ store, advance }) => {
      const { poolId } = lineRequest().plan;
      await store.pause(poolId, 5_000, 'f1');
      assert.equal(await asked(store, { session: '1', ids: { family: 'f1' } }), 'denied by headroom');
      await acquired(store, { session: '2', ids: { family: 'f2' } });
      assert.deepEqual((await store.view(poolId)).pausedFamilies, { f1: 5_000 });
      await advance(5_000);
      await acquired(store, { session: '1', ids: { family: 'f1' } });
    },
  },
  {
    guarantee:
      'tokens of the last minute keep new sessions out while they leave less than a tenth of what the pool has',
    check: async ({ store, advance }) => {
      const { poolId } = lineRequest().plan;
      const use = (tokens: number, family: string | null) =>
        store.used({ poolId, family, tokens, tokensPerMinuteMax: 1_000 });
      await use(500, null);
      await advance(10_000);
      await use(399, null);
      await acquired(store, { session: '1' });
      await use(1, null);
      assert.equal(await asked(store, { session: '2' }), 'denied by headroom');
      await advance(49_000);
      assert.equal(await asked(store, { session: '2', mayWait: true }), 'waiting');
      await advance(1_000);
      const [then] = await store.attend([lineRequest({ session: '2' })]);
      assert.equal(then?.kind, 'granted', 'the first 500 are a minute old');
      await use(900, 'f1');
      assert.equal(await asked(store, { session: '3', ids: { family: 'f1' } }), 'denied by headroom');
      await acquired(store, { session: '4', ids: { family: 'f2' } });
    },
  },
];

const FLOORS: readonly LeaseStoreCase[] = [
  {
    guarantee: 'a floor is held back from everybody else and there for its tenant at once',
    check: async ({ store }) => {
      const pool = { caps: { pool: 4 }, shares: { b: { floor: 2 } } };
      await acquired(store, of('a', { session: '1', ...pool }));
      await acquired(store, of('a', { session: '2', ...pool }));
      assert.equal(await asked(store, of('a', { session: '3', ...pool })), 'denied by pool');
      await acquired(store, of('b', { session: '4', ...pool }));
      await acquired(store, of('b', { session: '5', ...pool }));
      assert.equal(await asked(store, of('b', { session: '6', ...pool })), 'denied by pool');
    },
  },
  {
    guarantee: 'a floor is held back within the cap of a family, for it may be asked for in any',
    check: async ({ store }) => {
      const pool = { caps: { pool: 9, family: 3 }, shares: { b: { floor: 2 } } };
      await acquired(store, of('a', { session: '1', ...pool }));
      assert.equal(await asked(store, of('a', { session: '2', ...pool })), 'denied by family');
      await acquired(store, of('b', { session: '3', ...pool }));
      assert.equal(await asked(store, of('a', { session: '4', ...pool })), 'denied by family');
      await acquired(store, of('b', { session: '5', ...pool }));
      assert.equal(await asked(store, of('b', { session: '6', ...pool })), 'denied by family');
    },
  },
  {
    guarantee: 'a floor raised under full use is honoured with the next line that comes free',
    check: async ({ store }) => {
      const lines = [];
      for (const session of ['1', '2', '3'])
        lines.push(await confirmed(store, of('a', { session, caps: { pool: 3 } })));
      const raised = { caps: { pool: 3 }, shares: { b: { floor: 2 } }, plan: { version: 2 } };
      assert.equal(await asked(store, of('a', { session: '4', ...raised, mayWait: true })), 'waiting');
      assert.equal(await asked(store, of('b', { session: '5', ...raised, mayWait: true })), 'waiting');
      assert(lines[0]);
      await store.release(lines[0]);
      assert.deepEqual(await inLine(store), ['ses_4'], 'b has the line, though a asked first');
    },
  },
  {
    guarantee: 'a ceiling holds however many lines are free',
    check: async ({ store }) => {
      const pool = { caps: { pool: 9 }, shares: { a: { ceiling: 1 } } };
      await acquired(store, of('a', { session: '1', ...pool }));
      assert.equal(await asked(store, of('a', { session: '2', ...pool })), 'denied by tenant');
    },
  },
  {
    guarantee: "a key's floor is held back from its tenant's other keys, its ceiling holds for itself",
    check: async ({ store }) => {
      const shares = { a: { floor: 2, ceiling: 3, keys: { key_x: { floor: 1, ceiling: 2 } } } };
      const by = (key: string, session: string): RequestParts => ({ session, ids: { key }, caps: { pool: 9 }, shares });
      await acquired(store, by('y', '1'));
      await acquired(store, by('y', '2'));
      assert.equal(await asked(store, by('y', '3')), 'denied by tenant');
      await acquired(store, by('x', '4'));
      assert.equal(await asked(store, by('x', '5')), 'denied by tenant');
    },
  },
  {
    guarantee: 'a family has its own cap within the pool',
    check: async ({ store }) => {
      const live = { ids: { family: 'gpt-live-1' }, caps: { family: 1, pool: 3 } };
      await acquired(store, { session: '1', ...live });
      assert.equal(await asked(store, { session: '2', ...live }), 'denied by family');
      await acquired(store, { session: '3', caps: { pool: 3 } });
    },
  },
  {
    guarantee: 'of two versions of a plan the newer is in force, whoever brings the older one later',
    check: async ({ store }) => {
      await acquired(store, { session: '1', caps: { pool: 1 }, plan: { version: 2 } });
      assert.equal(await asked(store, { session: '2', caps: { pool: 5 }, plan: { version: 1 } }), 'denied by pool');
      await acquired(store, { session: '3', caps: { pool: 2 }, plan: { version: 3 } });
    },
  },
];

const LINE: readonly LeaseStoreCase[] = [
  {
    guarantee:
      'a freed line goes in the same step to the tenant that holds least for its weight, not to the first in line',
    check: async ({ store }) => {
      const pool = { caps: { pool: 4 }, shares: { a: { weight: 3 } }, mayWait: true };
      const lines = [];
      for (const [tenant, session] of [
        ['a', '1'],
        ['a', '2'],
        ['b', '3'],
        ['b', '4'],
      ] as const)
        lines.push(await confirmed(store, of(tenant, { session, ...pool })));
      assert.equal(await asked(store, of('b', { session: '5', ...pool })), 'waiting');
      assert.equal(await asked(store, of('a', { session: '6', ...pool })), 'waiting');
      assert(lines[3]);
      await store.release(lines[3]);
      assert.deepEqual(await inLine(store), ['ses_5'], 'a holds 2 of weight 3, b 1 of weight 1');
      assert.equal(await held(store), 4);
    },
  },
  {
    guarantee: 'within a tenant the line is first in, first out',
    check: async ({ store }) => {
      const pool = { caps: { pool: 1 }, mayWait: true };
      const first = await confirmed(store, { session: '1', ...pool });
      for (const session of ['2', '3', '4']) assert.equal(await asked(store, { session, ...pool }), 'waiting');
      await store.release(first);
      assert.deepEqual(await inLine(store), ['ses_3', 'ses_4']);
    },
  },
  {
    guarantee: 'nobody who arrives overtakes those who wait, and who cannot wait is refused',
    check: async ({ store }) => {
      const pool = { caps: { pool: 2 } };
      await confirmed(store, of('a', { session: '1', ...pool }));
      const freed = await confirmed(store, of('a', { session: '2', ...pool }));
      assert.equal(await asked(store, of('b', { session: '3', ...pool, mayWait: true })), 'waiting');
      await store.release(freed);
      assert.equal(await asked(store, of('c', { session: '4', ...pool })), 'denied by pool');
    },
  },
  {
    guarantee: "a call that waits for its own tenant's cap gets that tenant's next line",
    check: async ({ store }) => {
      const own = await confirmed(store, of('a', { session: '1', caps: { tenant: 1 } }));
      assert.equal(await asked(store, of('a', { session: '2', caps: { tenant: 1 }, mayWait: true })), 'waiting');
      await acquired(store, of('b', { session: '3' }));
      assert.deepEqual(await inLine(store), ['ses_2']);
      await store.release(own);
      assert.deepEqual(await inLine(store), []);
    },
  },
  {
    guarantee: 'a granted call learns of its line by attending, and holds it pending until it confirms',
    check: async ({ store, terms, advance }) => {
      const pool = { caps: { pool: 1 }, mayWait: true };
      const first = await confirmed(store, { session: '1', ...pool });
      const second = lineRequest({ session: '2', ...pool });
      await store.acquire(second);
      assert.equal((await store.attend([second]))[0]?.kind, 'waiting');
      await store.release(first);
      const [granted] = await store.attend([second]);
      assert(granted?.kind === 'granted');
      await advance(terms.pendingMs - 1);
      assert.equal(await store.confirm(granted.lease), 'confirmed');
    },
  },
  {
    guarantee: 'a call that hears late of its line has the whole time of a dial from then on',
    check: async ({ store, terms, advance }) => {
      const pool = { caps: { pool: 1 }, mayWait: true };
      const first = await confirmed(store, { session: '1', ...pool });
      const second = lineRequest({ session: '2', ...pool });
      await store.acquire(second);
      await store.release(first);
      await advance(terms.pendingMs - 1);
      const [granted] = await store.attend([second]);
      assert(granted?.kind === 'granted');
      await advance(terms.pendingMs - 1);
      assert.equal(await asked(store, { session: '3', caps: { pool: 1 } }), 'denied by pool');
      assert.equal(await store.confirm(granted.lease), 'confirmed');
    },
  },
  {
    guarantee: 'an acquisition that arrives twice finds its line as it is, in use or not',
    check: async ({ store, terms, advance }) => {
      const pool = { caps: { pool: 1 } };
      const lease = await confirmed(store, { session: '1', ...pool });
      const again = await acquired(store, { session: '1', ...pool });
      assert.equal(again.fence, lease.fence);
      await advance(terms.pendingMs);
      assert.equal(await held(store), 1, 'no reservation that lapses');
    },
  },
  {
    guarantee: 'a call whose replica fell silent is out of line, and its line goes to the next',
    check: async ({ store, terms, advance }) => {
      const pool = { caps: { pool: 1 }, mayWait: true };
      const first = await confirmed(store, { session: '1', ...pool });
      const [silent, alive] = [lineRequest({ session: '2', ...pool }), lineRequest({ session: '3', ...pool })];
      await store.acquire(silent);
      await store.acquire(alive);
      await advance(terms.waiterMs - 1);
      await store.attend([alive]);
      await advance(1);
      await store.release(first);
      assert.deepEqual(
        (await store.attend([silent, alive])).map(({ kind }) => kind),
        ['gone', 'granted'],
      );
    },
  },
  {
    guarantee: 'who leaves is out of line at once, and who was given a line in the same moment is told so',
    check: async ({ store }) => {
      const pool = { caps: { pool: 1 }, mayWait: true };
      const first = await confirmed(store, { session: '1', ...pool });
      const [second, third] = [lineRequest({ session: '2', ...pool }), lineRequest({ session: '3', ...pool })];
      await store.acquire(second);
      await store.acquire(third);
      assert.equal((await store.leave(second)).kind, 'gone');
      await store.release(first);
      assert.equal((await store.leave(third)).kind, 'granted');
    },
  },
  {
    guarantee: 'the line is bounded in all and by tenant, and says so',
    check: async ({ store }) => {
      const plan = { waitingMax: 3, waitingPerTenantMax: 2 };
      const pool = { caps: { pool: 1 }, plan, mayWait: true };
      await confirmed(store, of('a', { session: '1', ...pool }));
      for (const session of ['2', '3']) assert.equal(await asked(store, of('a', { session, ...pool })), 'waiting');
      const overOwn = await store.acquire(lineRequest(of('a', { session: '4', ...pool })));
      assert(overOwn.kind === 'denied' && overOwn.denial.queueFull);
      assert.equal(await asked(store, of('b', { session: '5', ...pool })), 'waiting');
      const overAll = await store.acquire(lineRequest(of('c', { session: '6', ...pool })));
      assert(overAll.kind === 'denied' && overAll.denial.queueFull);
    },
  },
  {
    guarantee: 'a refusal says the place in the own line and what the pace of releases makes of it',
    check: async ({ store, advance }) => {
      const pool = { caps: { pool: 3 }, mayWait: true };
      const lines = [];
      for (const session of ['1', '2', '3']) lines.push(await confirmed(store, of('a', { session, ...pool })));
      // A quiet time, in which nobody waits, says nothing of it.
      await advance(9_000);
      await store.renew(lines);
      const calls = ['4', '5', '6'].map((session) => lineRequest(of('b', { session, ...pool })));
      for (const waiting of calls) await store.acquire(waiting);
      for (const lease of lines.slice(0, 2)) {
        await advance(4_000);
        await Promise.all([store.renew(lines.slice(2)), store.attend(calls)]);
        await store.release(lease);
      }
      const outcome = await store.acquire(lineRequest(of('b', { session: '7', ...pool })));
      assert(outcome.kind === 'waiting');
      assert.deepEqual(outcome.denial.queue, { position: 2, expectedWaitMs: 8_000 });
    },
  },
];

const OTHER: readonly LeaseStoreCase[] = [
  {
    guarantee: 'a paused pool takes nobody new, lets a kept line be taken over, and goes on when the pause is over',
    check: async ({ store, advance }) => {
      const broken = await confirmed(store, of('a', { session: '1' }));
      await store.release(broken, 10_000);
      await store.pause(lineRequest().plan.poolId, 3_000);
      await store.pause(lineRequest().plan.poolId, 1_000);
      assert.equal(await asked(store, of('b', { session: '2' })), 'denied by headroom');
      await acquired(store, of('a', { session: '3' }));
      await advance(3_000);
      await acquired(store, of('b', { session: '2' }));
    },
  },
  {
    guarantee: 'a tenant begins so many sessions in any minute and not one more, ended ones counted',
    check: async ({ store, advance }) => {
      const caps = { perMinute: 3 };
      for (const session of ['1', '2', '3']) await store.release(await confirmed(store, { session, caps }));
      assert.equal(await asked(store, { session: '4', caps }), 'denied by rate');
      await advance(20_000);
      await acquired(store, { session: '4', caps });
      assert.equal(await asked(store, { session: '5', caps }), 'denied by rate');
    },
  },
  {
    guarantee: 'a line given back before it was confirmed costs no rate: its call may have one in the next pool',
    check: async ({ store, advance }) => {
      const caps = { perMinute: 1 };
      const failed = await acquired(store, { session: '1', caps });
      await advance(2_000);
      await store.release(failed);
      const next = await confirmed(store, { session: '1', token: 'two', caps, ids: { pool: 'b' } });
      assert.equal(await asked(store, { session: '2', caps }), 'denied by rate');
      await store.release(next);
      assert.equal(await asked(store, { session: '2', caps }), 'denied by rate', 'that one began');
    },
  },
  {
    guarantee: 'a call that asks again for the line of its dial and gives that back costs no rate either',
    check: async ({ store }) => {
      const caps = { perMinute: 1 };
      await acquired(store, { session: '1', caps });
      await store.release(await acquired(store, { session: '1', token: 'two', caps }));
      await confirmed(store, { session: '2', caps });
      await store.release(await acquired(store, { session: '2', token: 'two', caps }));
      assert.equal(await asked(store, { session: '3', caps }), 'denied by rate', 'its session had begun');
    },
  },
  {
    guarantee: 'a line given back gives the rate back no further than time has not',
    check: async ({ store, advance }) => {
      const caps = { perMinute: 60 };
      const late = await acquired(store, { session: 'late', caps });
      await advance(5_000);
      for (let n = 0; n < 60; n++) await store.release(await confirmed(store, { session: `${n}`, caps }));
      await store.release(late);
      assert.equal(await asked(store, { session: 'more', caps }), 'denied by rate');
    },
  },
  {
    guarantee: 'an idle line makes room only for a call that could use it, and one line for one call',
    check: async ({ store }) => {
      const pool = { caps: { pool: 2, tenant: 2 } };
      const idle = [
        await confirmed(store, of('a', { session: '1', ...pool })),
        await confirmed(store, of('a', { session: '2', ...pool })),
      ] as const;
      assert.equal(await store.mayReclaim(idle[0]), false);
      await asked(store, of('b', { session: '3', ...pool, mayWait: true }));
      assert.equal(await store.mayReclaim(idle[0]), true);
      assert.equal(await store.mayReclaim(idle[0]), true, 'the same answer again');
      assert.equal(await store.mayReclaim(idle[1]), false, 'one call waits, one line is coming free');
      await store.release(idle[0]);
      await asked(store, of('b', { session: '4', ...pool, mayWait: true }));
      assert.equal(await store.mayReclaim(idle[1]), true, 'the line that came free counts no more');
    },
  },
  {
    guarantee: 'an idle line stays when the call that wanted it has left',
    check: async ({ store }) => {
      const pool = { caps: { pool: 1 } };
      const idle = await confirmed(store, of('a', { session: '1', ...pool }));
      const waiting = lineRequest(of('b', { session: '2', ...pool, mayWait: true }));
      await store.acquire(waiting);
      assert.equal(await store.mayReclaim(idle), true);
      await store.leave(waiting);
      assert.equal(await store.mayReclaim(idle), false);
    },
  },
  {
    guarantee: 'no more idle lines make room than the calls in line may have',
    check: async ({ store }) => {
      const pool = { caps: { pool: 3 }, shares: { b: { ceiling: 1 } } };
      const idle = [];
      for (const session of ['1', '2', '3']) idle.push(await confirmed(store, of('a', { session, ...pool })));
      for (const session of ['4', '5', '6']) await asked(store, of('b', { session, ...pool, mayWait: true }));
      const answers = [];
      for (const lease of idle) answers.push(await store.mayReclaim(lease));
      assert.deepEqual(answers, [true, false, false]);
    },
  },
  {
    guarantee: 'a line within a floor makes no room for a call that the floor would keep out all the same',
    check: async ({ store }) => {
      const pool = { caps: { pool: 1 }, shares: { a: { floor: 1 } } };
      const idle = await confirmed(store, of('a', { session: '1', ...pool }));
      await asked(store, of('b', { session: '2', ...pool, mayWait: true }));
      assert.equal(await store.mayReclaim(idle), false);
    },
  },
];

/** Every guarantee of the fair cap. */
export const FAIR_CAP_CASES: readonly LeaseStoreCase[] = [
  ...OWN_LIMITS,
  ...HEADROOM,
  ...FLOORS,
  ...LINE,
  ...KEPT_LINES,
  ...ENDING_LINES,
  ...POOL_CHOICE,
  ...OTHER,
];
