// What every lease store does, whatever it is made of. Each case is one guarantee, runs on a fresh store and throws when
// it does not hold; it knows no test framework. Leaves flush, stall and outage to the specs of the adapters that can
// have them.
import assert from 'node:assert/strict';
import type { PoolId } from '@trunkline/kernel';
import { acquired, confirmed, held, inLine, lineRequest, type RequestParts } from './lease-builders.conformance.js';
import type { LeaseTerms } from './lease.js';
import type { AcquireOutcome, LeaseStore, LinePage } from './lease-store.js';
import type { LimitScope } from './limits.js';

/** A fresh store and its clock. */
export interface LeaseStoreUnderTest {
  readonly store: LeaseStore;
  readonly terms: LeaseTerms;
  /** Lets the store's time pass while some other replica goes on renewing nothing of ours. */
  readonly advance: (ms: number) => Promise<void>;
}

/** One guarantee of the port. */
export interface LeaseStoreCase {
  readonly guarantee: string;
  readonly check: (under: LeaseStoreUnderTest) => Promise<void>;
}

function refusedBy(outcome: AcquireOutcome): string {
  return outcome.kind === 'denied' ? outcome.denial.scope : outcome.kind;
}

async function refused(store: LeaseStore, scope: LimitScope, parts: RequestParts): Promise<void> {
  assert.equal(refusedBy(await store.acquire(lineRequest(parts))), scope);
}

/** Every guarantee. */
export const LEASE_STORE_CASES: readonly LeaseStoreCase[] = [
  {
    guarantee: '200 concurrent acquisitions under a cap of 50 let in exactly 50',
    check: async ({ store }) => {
      const caps = { pool: 50 };
      const all = Array.from({ length: 200 }, (_, i) => store.acquire(lineRequest({ session: `s${i}`, caps })));
      const outcomes = await Promise.all(all);
      assert.equal(outcomes.filter((outcome) => outcome.kind === 'admitted').length, 50);
      assert.equal(await held(store), 50);
    },
  },
  {
    guarantee: 'a line is taken under all limits or under none',
    check: async ({ store }) => {
      await acquired(store, { session: 'a', ids: { key: 'a' } });
      await refused(store, 'pool', { session: 'b', ids: { key: 'b', tenant: 'b' }, caps: { pool: 1 } });
      assert.equal(await held(store, 'key', 'b'), 0);
      assert.equal(await held(store, 'tenant', 'b'), 0);
      await acquired(store, { session: 'c', ids: { key: 'b', tenant: 'b' }, caps: { key: 1, tenant: 1, pool: 2 } });
    },
  },
  {
    guarantee: 'a refusal names the narrowest limit and its numbers',
    check: async ({ store }) => {
      await acquired(store, { session: 'a' });
      await refused(store, 'key', { session: 'b', caps: { key: 1, tenant: 1, pool: 1 } });
      await refused(store, 'tenant', { session: 'b', caps: { key: 2, tenant: 1, pool: 1 } });
      const outcome = await store.acquire(
        lineRequest({ session: 'b', ids: { key: 'b', tenant: 'b' }, caps: { pool: 1 } }),
      );
      assert(outcome.kind === 'denied');
      const { scope, current, max } = outcome.denial;
      assert.deepEqual({ scope, current, max }, { scope: 'pool', current: 1, max: 1 });
    },
  },
  {
    guarantee: 'lines count against their own limits only',
    check: async ({ store }) => {
      await acquired(store, { session: 'a', ids: { key: 'a', tenant: 'a', pool: 'a' }, caps: { pool: 1 } });
      await acquired(store, { session: 'b', ids: { key: 'b', tenant: 'b', pool: 'b' }, caps: { pool: 1 } });
      await refused(store, 'tenant', { session: 'c', ids: { key: 'c', pool: 'c' }, caps: { tenant: 1 } });
    },
  },
  {
    guarantee: 'a limit without a cap is counted, so that a cap set later holds',
    check: async ({ store }) => {
      await acquired(store, { session: 'a' });
      await acquired(store, { session: 'b' });
      await refused(store, 'tenant', { session: 'c', caps: { tenant: 2 } });
    },
  },
  {
    guarantee: 'a pending line that is not confirmed is free after its time, a confirmed one is not',
    check: async ({ store, terms, advance }) => {
      const pending = await acquired(store, { session: 'a' });
      await confirmed(store, { session: 'b' });
      await advance(terms.pendingMs);
      assert.equal(await held(store), 1);
      assert.equal(await store.confirm(pending), 'lost');
      await acquired(store, { session: 'c', caps: { pool: 2 } });
    },
  },
  {
    guarantee: 'the lines of a holder that was killed are free after the confirmed time, those of others are not',
    check: async ({ store, terms, advance }) => {
      for (const session of ['a', 'b', 'c']) await confirmed(store, { session, replica: 'killed' });
      const alive = await confirmed(store, { session: 'd' });
      await advance(terms.renewEveryMs);
      assert.deepEqual(await store.renew([alive]), []);
      await refused(store, 'pool', { session: 'e', caps: { pool: 4 } });
      await advance(terms.confirmedMs - terms.renewEveryMs);
      assert.equal(await held(store), 1);
      for (const session of ['e', 'f', 'g']) await acquired(store, { session, caps: { pool: 4 } });
      await refused(store, 'pool', { session: 'h', caps: { pool: 4 } });
    },
  },
  {
    guarantee: 'renewal keeps a confirmed line for as long as it goes on',
    check: async ({ store, terms, advance }) => {
      const lease = await confirmed(store);
      for (let i = 0; i < 12; i++) {
        await advance(terms.renewEveryMs);
        assert.deepEqual(await store.renew([lease]), []);
      }
      assert.equal(await held(store), 1);
    },
  },
  {
    guarantee: 'renewal does not prolong a pending line',
    check: async ({ store, terms, advance }) => {
      const lease = await acquired(store);
      await advance(terms.renewEveryMs);
      assert.deepEqual(await store.renew([lease]), []);
      await advance(terms.pendingMs - terms.renewEveryMs);
      assert.deepEqual(await store.renew([lease]), [lease]);
    },
  },
  {
    guarantee: 'renewal of a lapsed lease reports it lost and never puts it back',
    check: async ({ store, terms, advance }) => {
      const lapsed = await confirmed(store, { session: 'a' });
      await advance(terms.confirmedMs);
      const other = await confirmed(store, { session: 'b', caps: { pool: 1 } });
      assert.deepEqual(await store.renew([lapsed, other]), [lapsed]);
      assert.equal(await held(store), 1);
    },
  },
  {
    guarantee: 'a batch of 1,000 leases reports exactly those that are gone',
    check: async ({ store }) => {
      const leases = await Promise.all(Array.from({ length: 1_000 }, (_, i) => confirmed(store, { session: `s${i}` })));
      const gone = leases.filter((_, i) => i % 7 === 0);
      for (const lease of gone) assert.equal(await store.release(lease), 'released');
      assert.deepEqual(await store.renew(leases), gone);
      assert.equal(await held(store), leases.length - gone.length);
    },
  },
  {
    guarantee: 'a released line is free at once, and releasing again frees nothing',
    check: async ({ store }) => {
      const lease = await confirmed(store, { session: 'a' });
      assert.equal(await store.release(lease), 'released');
      assert.equal(await held(store), 0);
      await acquired(store, { session: 'b', caps: { key: 1, tenant: 1, pool: 1 } });
      assert.equal(await store.release(lease), 'gone');
      assert.equal(await held(store), 1);
    },
  },
  {
    guarantee: 'a late release of a lapsed lease frees nobody else',
    check: async ({ store, terms, advance }) => {
      const late = await confirmed(store, { session: 'a' });
      await advance(terms.confirmedMs);
      await confirmed(store, { session: 'b', caps: { pool: 1 } });
      assert.equal(await store.release(late), 'gone');
      await refused(store, 'pool', { session: 'c', caps: { pool: 1 } });
    },
  },
  {
    guarantee: 'a session that asks again takes its line over: one line, and the older holder is out',
    check: async ({ store }) => {
      const older = await confirmed(store, { token: 'older', caps: { pool: 1 } });
      const newer = await acquired(store, { token: 'newer', replica: 'other', caps: { pool: 1 } });
      assert(newer.fence > older.fence, 'the fence rises');
      assert.equal(await store.release(older), 'gone');
      assert.equal(await store.confirm(older), 'lost');
      assert.deepEqual(await store.renew([older]), [older]);
      assert.deepEqual(await store.reregister([older]), [older]);
      assert.equal(await held(store), 1);
      assert.equal(await store.confirm(newer), 'confirmed');
    },
  },
  {
    guarantee: 'a session cannot hold lines in two pools',
    check: async ({ store }) => {
      await acquired(store, { ids: { pool: 'a' } });
      await assert.rejects(store.acquire(lineRequest({ ids: { pool: 'b' } })));
      assert.equal(await held(store, 'pool', 'b'), 0);
    },
  },
  {
    guarantee: 'a lapsed line comes back by re-registration while there is room, and not above a cap',
    check: async ({ store, terms, advance }) => {
      const caps = { pool: 2 };
      const [a, b] = [await confirmed(store, { session: 'a', caps }), await confirmed(store, { session: 'b', caps })];
      await advance(terms.confirmedMs);
      await confirmed(store, { session: 'c', caps });
      assert.deepEqual(await store.reregister([a, b]), [b]);
      assert.deepEqual(await store.renew([a, b]), [b]);
      assert.equal(await held(store), 2);
    },
  },
  {
    guarantee: 'fences rise from one acquisition to the next',
    check: async ({ store }) => {
      const fences: number[] = [];
      for (const [i, session] of ['a', 'b', 'c', 'a'].entries())
        fences.push((await acquired(store, { session, token: `${i}` })).fence);
      assert.deepEqual(
        fences,
        [...new Set(fences)].sort((x, y) => x - y),
      );
    },
  },
  {
    guarantee: 'operators see who holds which line, since when and in which state',
    check: async ({ store, terms }) => {
      await acquired(store, { session: 'a', replica: 'x' });
      await confirmed(store, { session: 'b', replica: 'y', ids: { key: 'b' } });
      const lines = await store.list({ scope: 'tenant', id: 'tnt_a', linesMax: 10 });
      assert.deepEqual(
        lines.map(({ sinceMs: _since, expiresInMs: _expires, ...line }) => line),
        [
          {
            sessionId: 'ses_a',
            replicaId: 'rep_x',
            keyId: 'key_a',
            tenantId: 'tnt_a',
            poolId: 'pool_a',
            family: 'gpt-realtime',
            state: 'pending',
          },
          {
            sessionId: 'ses_b',
            replicaId: 'rep_y',
            keyId: 'key_b',
            tenantId: 'tnt_a',
            poolId: 'pool_a',
            family: 'gpt-realtime',
            state: 'confirmed',
          },
        ],
      );
      for (const line of lines) {
        assert(line.expiresInMs > 0 && line.expiresInMs <= terms.confirmedMs);
        assert(line.sinceMs > Date.UTC(2020));
      }
      assert.equal((await store.list({ scope: 'tenant', id: 'tnt_a', linesMax: 1 })).length, 1);
    },
  },
  {
    guarantee: 'a living session that is put back holds its line since it was given, and not since then',
    check: async ({ store, advance }) => {
      const lease = await confirmed(store);
      const since = async () => (await store.list({ scope: 'tenant', id: 'tnt_a', linesMax: 1 }))[0]?.sinceMs;
      const given = await since();
      await advance(5_000);
      await store.release(lease);
      assert.deepEqual(await store.reregister([lease]), []);
      assert.equal(await since(), given);
    },
  },
  {
    guarantee:
      'a living session that is put back waits for no second line, though the store knows it from before its first',
    check: async ({ store, advance }) => {
      const waiting = lineRequest({ mayWait: true });
      await store.pause(waiting.plan.poolId, 1_000);
      assert.equal((await store.acquire(waiting)).kind, 'waiting');
      assert.deepEqual(await store.reregister([{ ...waiting, fence: 1 }]), []);
      assert.deepEqual(await inLine(store), []);
      await advance(1_000);
      await store.renew([]);
      assert.equal((await store.view(waiting.plan.poolId)).held.keys.get(waiting.place.keyId), 1);
    },
  },
  {
    guarantee: 'operators see a pool in numbers: by tenant and state, and by key',
    check: async ({ store }) => {
      await acquired(store, { session: 'dialling' });
      await confirmed(store, { session: 'open', ids: { key: 'b' } });
      await store.release(await confirmed(store, { session: 'back soon', ids: { key: 'b' } }), 5_000);
      await confirmed(store, { session: 'of b', ids: { tenant: 'b', key: 'c' } });
      await confirmed(store, { session: 'elsewhere', ids: { pool: 'b' } });
      const { held } = await store.view(lineRequest().place.poolId);
      assert.deepEqual(Object.fromEntries(held.tenants), {
        tnt_a: { held: 3, pending: 1, kept: 1 },
        tnt_b: { held: 1, pending: 0, kept: 0 },
      });
      assert.deepEqual(Object.fromEntries(held.keys), { key_a: 1, key_b: 2, key_c: 1 });
    },
  },
  {
    guarantee: 'operators see all lines of a pool page by page, however many there are',
    check: async ({ store }) => {
      const sessions = Array.from({ length: 700 }, (_, i) => `s${i}`);
      for (const session of sessions) await acquired(store, { session });
      await acquired(store, { session: 'elsewhere', ids: { pool: 'b' } });
      const { poolId } = lineRequest().place;
      const pages = await allPages(store, poolId, 100);
      assert(pages.length > 2);
      for (const page of pages) assert(page.length < 300, `about 100 lines, not ${page.length}`);
      assert.deepEqual([...new Set(pages.flat())].sort(), sessions.map((session) => `ses_${session}`).sort());
    },
  },
  {
    guarantee: 'hostile ids cannot reach another limit',
    check: async ({ store }) => {
      await acquired(store, {
        session: 'a',
        ids: { key: 'a}:pool_a', tenant: 'a b\n*"', pool: '{a}' },
        caps: { pool: 1 },
      });
      await acquired(store, { session: 'b', caps: { key: 1, tenant: 1, pool: 1 } });
    },
  },
];

/** The sessions of a pool's lines, by page. */
async function allPages(store: LeaseStore, poolId: PoolId, linesMax: number): Promise<readonly (readonly string[])[]> {
  const pages: string[][] = [];
  for (let after: string | null = null; ;) {
    const { lines, next }: LinePage = await store.page({ poolId, linesMax, after });
    pages.push(lines.map(({ sessionId }) => sessionId));
    if (next === null) return pages;
    after = next;
  }
}
