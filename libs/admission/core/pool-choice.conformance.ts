// What every lease store does for a call that several pools may carry: it waits in all of them and has one line in the end.
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
import type { AttendOutcome, LeaseStore } from './lease-store.js';
import type { LeaseStoreCase } from './lease-store.conformance.js';
import { DEFAULT_LEASE_TERMS, seekIn, type Lease } from './lease.js';

const ONE_LINE = { caps: { pool: 1 }, mayWait: true };

/** A call of the tenant that pool a may carry, and b as well. */
function either(tenant: string, session: string, rest: RequestParts = {}): RequestParts {
  return { session, ...ONE_LINE, ...rest, ids: { tenant, key: tenant, pool: 'a' }, alsoIn: ['b'] };
}

/** A call of the tenant that this pool alone may carry. */
function only(pool: string, tenant: string, session: string, rest: RequestParts = {}): RequestParts {
  return { session, ...ONE_LINE, ...rest, ids: { tenant, key: tenant, pool } };
}

/** Both pools, full. */
async function bothFull(store: LeaseStore): Promise<{ readonly a: Lease; readonly b: Lease }> {
  return { a: await confirmed(store, only('a', 'x', 'in-a')), b: await confirmed(store, only('b', 'x', 'in-b')) };
}

/** Where the call was given a line; its standing in words if it was not. */
async function givenTo(store: LeaseStore, parts: RequestParts): Promise<string> {
  const [outcome] = await store.attend([lineRequest(parts)]);
  return shown(outcome);
}

function shown(outcome: AttendOutcome | undefined): string {
  return outcome?.kind === 'granted' ? outcome.lease.place.poolId : String(outcome?.kind);
}

/** Each case is one guarantee. */
export const POOL_CHOICE: readonly LeaseStoreCase[] = [
  {
    guarantee: 'a call that several pools may carry has the line of the first that has one',
    check: async ({ store }) => {
      assert.equal((await acquired(store, either('a', '1'))).place.poolId, 'pool_a');
      assert.equal((await acquired(store, either('a', '2'))).place.poolId, 'pool_b');
      assert.equal(await asked(store, either('a', '3', { mayWait: false })), 'denied by pool');
      assert.equal(await held(store, 'tenant', 'a'), 2);
    },
  },
  {
    guarantee: 'a call that several pools may carry gets the line that comes free in any, before who came later there',
    check: async ({ store }) => {
      const { b } = await bothFull(store);
      assert.equal(await asked(store, either('a', '1')), 'waiting');
      assert.equal(await asked(store, only('b', 'a', '2')), 'waiting');
      assert.deepEqual(await inLine(store, 'b'), ['ses_1', 'ses_2']);
      await store.release(b);
      assert.equal(await givenTo(store, either('a', '1')), 'pool_b');
      assert.deepEqual(await inLine(store, 'b'), ['ses_2']);
    },
  },
  {
    guarantee: 'the line of one pool takes a call out of the line of all others in the same step',
    check: async ({ store }) => {
      const { a, b } = await bothFull(store);
      await store.acquire(lineRequest(either('a', '1')));
      await store.acquire(lineRequest(either('b', '2')));
      await store.release(a);
      assert.deepEqual(await inLine(store, 'b'), ['ses_2']);
      await store.release(b);
      assert.equal(await givenTo(store, either('a', '1')), 'pool_a');
      assert.equal(await givenTo(store, either('b', '2')), 'pool_b');
      assert.equal(await held(store, 'tenant', 'a'), 1, 'one line and no more');
      assert.deepEqual([...(await inLine(store)), ...(await inLine(store, 'b'))], []);
    },
  },
  {
    guarantee: 'lines that come free in two pools at once are two calls, each counted once against its rate',
    check: async ({ store, advance }) => {
      const perMinute = { caps: { pool: 1, perMinute: 2 } };
      for (const pool of ['a', 'b']) await acquired(store, only(pool, 'x', `in-${pool}`));
      const calls = ['1', '2', '3'].map((session) => lineRequest(either('a', session, perMinute)));
      for (const call of calls) await store.acquire(call);
      await advance(1_000);
      await store.attend(calls);
      // Both reservations lapse.
      for (let passed = 1_000; passed < DEFAULT_LEASE_TERMS.pendingMs; passed += 2_000) {
        await advance(2_000);
        await store.attend(calls);
      }
      assert.deepEqual((await store.attend(calls)).map(shown), ['pool_a', 'pool_b', 'waiting']);
    },
  },
  {
    guarantee: 'a call that leaves is out of line in all pools',
    check: async ({ store }) => {
      const { a, b } = await bothFull(store);
      const call = lineRequest(either('a', '1'));
      await store.acquire(call);
      assert.equal((await store.leave(call)).kind, 'gone');
      assert.deepEqual([...(await inLine(store)), ...(await inLine(store, 'b'))], []);
      await store.release(a);
      await store.release(b);
      assert.equal(await held(store, 'tenant', 'a'), 0);
    },
  },
  {
    guarantee: 'a paused pool gives nothing, and the wait goes on in the others',
    check: async ({ store }) => {
      const { a, b } = await bothFull(store);
      await store.acquire(lineRequest(either('a', '1')));
      await store.pause(a.place.poolId, 60_000);
      await store.release(a);
      assert.equal(await givenTo(store, either('a', '1')), 'waiting');
      await store.release(b);
      assert.equal(await givenTo(store, either('a', '1')), 'pool_b');
    },
  },
  {
    guarantee: 'a pool that may not carry a call any more drops out, and one that may is joined at its place in line',
    check: async ({ store }) => {
      const { a, b } = await bothFull(store);
      const call = lineRequest(only('a', 'a', '1'));
      await store.acquire(call);
      await store.acquire(lineRequest(only('b', 'a', '2')));
      const moved = seekIn(call, call.own, [lineRequest(only('b', 'a', '1')).plan]);
      assert.equal((await store.attend([moved]))[0]?.kind, 'waiting');
      assert.deepEqual(await inLine(store), []);
      assert.deepEqual(await inLine(store, 'b'), ['ses_1', 'ses_2'], 'it asked first');
      await store.release(a);
      await store.release(b);
      assert.equal(await givenTo(store, only('b', 'a', '1')), 'pool_b');
    },
  },
  {
    guarantee: 'a line that was given in a pool that the call has given up meanwhile is told all the same',
    check: async ({ store }) => {
      const { a } = await bothFull(store);
      const call = lineRequest(either('a', '1'));
      await store.acquire(call);
      await store.release(a);
      const [outcome] = await store.attend([seekIn(call, call.own, [lineRequest(only('b', 'a', '1')).plan])]);
      assert(outcome?.kind === 'granted');
      assert.equal(outcome.lease.plan.poolId, 'pool_a');
      assert.equal(await store.release(outcome.lease), 'released');
    },
  },
  {
    guarantee:
      'the line of each pool is bounded: a call stands where there is room, and is refused where there is none',
    check: async ({ store }) => {
      const plan = { waitingMax: 2, waitingPerTenantMax: 1 };
      await bothFull(store);
      assert.equal(await asked(store, only('a', 'a', '1', { plan })), 'waiting');
      assert.equal(await asked(store, either('a', '2', { plan })), 'waiting');
      assert.deepEqual([await inLine(store), await inLine(store, 'b')], [['ses_1'], ['ses_2']]);
      const full = await store.acquire(lineRequest(either('a', '3', { plan })));
      assert(full.kind === 'denied' && full.denial.queueFull);
      const still = lineRequest(either('a', '2', { plan }));
      await store.attend([still]);
      assert.deepEqual(await inLine(store), ['ses_1'], 'nor is a full line joined later');
      await store.leave(lineRequest(only('a', 'a', '1', { plan })));
      await store.attend([still]);
      assert.deepEqual(await inLine(store), ['ses_2']);
    },
  },
  {
    guarantee: 'a refusal says where the call stands in the pool that is likeliest to have a line soon',
    check: async ({ store, advance }) => {
      const pool = { caps: { pool: 2 }, mayWait: true };
      const lines = { a: [] as Lease[], b: [] as Lease[] };
      for (const name of ['a', 'b'] as const)
        for (const i of [1, 2]) lines[name].push(await confirmed(store, only(name, 'x', `${name}${i}`, pool)));
      const calls = ['a', 'b'].map((name) => lineRequest(only(name, 'y', `y${name}`, pool)));
      for (const call of calls) await store.acquire(call);
      await advance(1_000);
      for (const lease of lines.b.slice(0, 1)) await store.release(lease);
      await advance(3_000);
      for (const lease of lines.a.slice(0, 1)) await store.release(lease);
      await store.acquire(lineRequest(only('b', 'a', '1', pool)));
      const outcome = await store.acquire(lineRequest(either('a', '2', pool)));
      assert(outcome.kind === 'waiting');
      assert.deepEqual(outcome.denial.queue, { position: 2, expectedWaitMs: 2_000 }, 'second in b, but b is quick');
    },
  },
  {
    guarantee: 'a line that is kept for the key in any of its pools is taken over before a new one is asked for',
    check: async ({ store }) => {
      const broken = await confirmed(store, only('b', 'a', '1', { caps: { pool: 2 } }));
      await store.release(broken, 2_000);
      const back = await acquired(store, either('a', '2', { caps: { pool: 2 } }));
      assert.equal(back.place.poolId, 'pool_b');
      assert.equal(await held(store, 'tenant', 'a'), 1);
    },
  },
  {
    guarantee: 'who came back before its old connection was settled gets its line back in whichever pool that is',
    check: async ({ store }) => {
      await confirmed(store, only('a', 'a', '1'));
      const broken = await confirmed(store, only('b', 'a', '2'));
      await store.acquire(lineRequest(either('a', '3')));
      await store.release(broken, 2_000);
      assert.equal(await givenTo(store, either('a', '3')), 'pool_b');
      assert.deepEqual(await inLine(store), []);
    },
  },
  {
    guarantee:
      'a call that waits in another pool as well is one who wants the line: it is not kept for a young session',
    check: async ({ store }) => {
      await confirmed(store, only('a', 'x', '1'));
      const broken = await confirmed(store, only('b', 'x', '2'));
      await store.acquire(lineRequest(either('a', '3')));
      await store.release(broken, 2_000);
      assert.equal(await givenTo(store, either('a', '3')), 'pool_b');
    },
  },
  {
    guarantee: 'one idle line makes room for a call, of whichever of its pools is asked first',
    check: async ({ store }) => {
      const { a, b } = await bothFull(store);
      await store.acquire(lineRequest(either('a', '1')));
      assert.equal(await store.mayReclaim(b), true);
      assert.equal(await store.mayReclaim(a), false, 'the line of b is coming free for it');
      await store.acquire(lineRequest(of('c', { session: '2', ...ONE_LINE })));
      assert.equal(await store.mayReclaim(a), true);
    },
  },
];
