// What every lease store does about lines that are kept for a reconnect, and about who else waits meanwhile.
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
import type { LeaseStore } from './lease-store.js';
import type { LeaseStoreCase } from './lease-store.conformance.js';
import type { Lease } from './lease.js';
import { KEEP_AGE_MS_MIN } from './kept-line.js';

interface Talk {
  readonly advance: (ms: number) => Promise<void>;
  readonly forMs: number;
}

/** Lets a session go on for so long, renewed as its keeper would. */
export async function talk(store: LeaseStore, lease: Lease, { advance, forMs }: Talk): Promise<void> {
  for (let passed = 0; passed < forMs; passed += RENEWED_EVERY_MS) {
    await advance(RENEWED_EVERY_MS);
    await store.renew([lease]);
  }
}

const RENEWED_EVERY_MS = 10_000;

/** Each case is one guarantee. */
export const KEPT_LINES: readonly LeaseStoreCase[] = [
  {
    guarantee: 'the line of a call under way is kept for its key, pool and family, before all who wait',
    check: async ({ store, advance }) => {
      const pool = { caps: { pool: 1 } };
      const broken = await confirmed(store, of('a', { session: '1', ...pool }));
      await talk(store, broken, { advance, forMs: KEEP_AGE_MS_MIN });
      assert.equal(await asked(store, of('b', { session: '2', ...pool, mayWait: true })), 'waiting');
      assert.equal(await store.release(broken, 2_000), 'released');
      assert.equal(await held(store), 1);
      assert.equal(await asked(store, of('c', { session: '3', ...pool })), 'denied by pool');
      await acquired(store, of('a', { session: '4', ...pool }));
      assert.equal(await store.release(broken), 'gone');
      assert.equal(await held(store), 1);
      assert.deepEqual(await inLine(store), ['ses_2']);
    },
  },
  {
    guarantee: 'a call that stood in line and takes a kept line over stands there no longer',
    check: async ({ store }) => {
      const pool = { caps: { pool: 1 }, mayWait: true };
      const broken = await confirmed(store, of('a', { session: '1', ...pool }));
      assert.equal(await asked(store, of('a', { session: '2', ...pool })), 'waiting');
      await store.release(broken, 2_000);
      assert.equal(await asked(store, of('a', { session: '2', ...pool })), 'admitted');
      assert.deepEqual(await inLine(store), []);
    },
  },
  {
    guarantee: 'who takes a kept line over leaves a line that lapsed to who waits',
    check: async ({ store, terms, advance }) => {
      const pool = { caps: { pool: 2 }, mayWait: true };
      const broken = await confirmed(store, of('a', { session: '1', ...pool }));
      await acquired(store, of('b', { session: '2', ...pool }));
      await store.release(broken, 2 * terms.pendingMs);
      await advance(terms.pendingMs - 1);
      assert.equal(await asked(store, of('c', { session: '3', ...pool })), 'waiting');
      await advance(1);
      await acquired(store, of('a', { session: '4', ...pool }));
      assert.deepEqual(await inLine(store), []);
    },
  },
  {
    guarantee:
      'who came back before the old connection was settled is in line, and gets the line where only its tenant waits',
    check: async ({ store }) => {
      const pool = { caps: { pool: 1 }, mayWait: true };
      const broken = await confirmed(store, of('a', { session: '1', ...pool }));
      const back = lineRequest(of('a', { session: '3', ...pool }));
      await store.acquire(back);
      await store.release(broken, 2_000);
      assert.equal((await store.attend([back]))[0]?.kind, 'granted');
      assert.equal(await asked(store, of('a', { session: '4', ...pool })), 'waiting');
      assert.deepEqual(await inLine(store), ['ses_4']);
      assert.equal(await held(store), 1);
    },
  },
  {
    guarantee: 'calls of a tenant that break off one after the other pass nobody by',
    check: async ({ store }) => {
      const pool = { caps: { pool: 2 }, mayWait: true };
      await confirmed(store, of('a', { session: '4', ...pool }));
      const broken = await confirmed(store, of('a', { session: '1', ...pool }));
      await asked(store, of('a', { session: '2', ...pool }));
      const other = lineRequest(of('b', { session: '3', ...pool }));
      await store.acquire(other);
      await store.release(broken, 2_000);
      assert.equal((await store.attend([other]))[0]?.kind, 'granted');
    },
  },
  {
    guarantee: 'a call under way that breaks off leaves its line to who comes back, not to who of its key is in line',
    check: async ({ store, advance }) => {
      const pool = { caps: { pool: 2 }, mayWait: true };
      const broken = await confirmed(store, of('a', { session: '1', ...pool }));
      await talk(store, broken, { advance, forMs: KEEP_AGE_MS_MIN });
      await confirmed(store, of('a', { session: '4', ...pool }));
      const inLineOfKey = lineRequest(of('a', { session: '2', ...pool }));
      await store.acquire(inLineOfKey);
      const other = lineRequest(of('b', { session: '3', ...pool }));
      await store.acquire(other);
      await store.release(broken, 2_000);
      assert.deepEqual(
        (await store.attend([inLineOfKey, other])).map(({ kind }) => kind),
        ['waiting', 'waiting'],
      );
      await advance(2_000);
      assert.equal((await store.attend([other]))[0]?.kind, 'granted');
    },
  },
  {
    guarantee: 'a line that was taken over is not kept again soon while others wait',
    check: async ({ store, advance }) => {
      const pool = { caps: { pool: 1 }, mayWait: true };
      const broken = await confirmed(store, of('a', { session: '1', ...pool }));
      await store.release(broken, 2_000);
      const back = await confirmed(store, of('a', { session: '2', ...pool }));
      await talk(store, back, { advance, forMs: KEEP_AGE_MS_MIN });
      const other = lineRequest(of('b', { session: '3', ...pool }));
      await store.acquire(other);
      await store.release(back, 2_000);
      assert.equal((await store.attend([other]))[0]?.kind, 'granted');
    },
  },
  {
    guarantee: 'a kept line that nobody came back for goes to who waits',
    check: async ({ store, advance }) => {
      const pool = { caps: { pool: 1 }, mayWait: true };
      const broken = await confirmed(store, of('a', { session: '1', ...pool }));
      await talk(store, broken, { advance, forMs: KEEP_AGE_MS_MIN });
      const waiting = lineRequest(of('b', { session: '2', ...pool }));
      await store.acquire(waiting);
      await store.release(broken, 2_000);
      await advance(1_999);
      assert.equal((await store.attend([waiting]))[0]?.kind, 'waiting');
      await advance(1);
      assert.equal((await store.attend([waiting]))[0]?.kind, 'granted');
    },
  },
  {
    guarantee:
      'a call without room hears that a line of its key, pool and family is being settled, and one call counts on it',
    check: async ({ store }) => {
      const pool = { caps: { pool: 2 } };
      const ends = async (parts: RequestParts): Promise<boolean> => {
        const outcome = await store.acquire(lineRequest(parts));
        assert(outcome.kind === 'denied', outcome.kind);
        return outcome.ownLineEnds;
      };
      const ending = await confirmed(store, of('a', { session: '1', ...pool }));
      await confirmed(store, of('b', { session: '2', ...pool }));
      const again = of('a', { session: '3', ...pool });
      assert.equal(await ends(again), false);
      await store.ending(ending);
      await store.ending(ending);
      assert.equal(await ends(again), true);
      assert.equal(await ends(of('b', { session: '4', ...pool })), false);
      assert.equal(await ends({ ...again, ids: { ...again.ids, family: 'gpt-live-1' } }), false);
      assert.equal(await asked(store, { ...again, mayWait: true }), 'waiting');
      assert.equal(await ends(of('a', { session: '5', ...pool })), false);
      await store.release(ending);
      assert.equal(await ends(of('a', { session: '5', ...pool })), false);
    },
  },
  {
    guarantee: 'who counts on a line that is being settled waits for it in a full line, and has it before all others',
    check: async ({ store, advance }) => {
      const pool = { caps: { pool: 1 }, plan: { waitingMax: 1 } };
      const ending = await confirmed(store, of('a', { session: '1', ...pool }));
      await talk(store, ending, { advance, forMs: KEEP_AGE_MS_MIN });
      assert.equal(await asked(store, of('b', { session: '2', ...pool, mayWait: true })), 'waiting');
      await store.ending(ending);
      const back = lineRequest(of('a', { session: '3', ...pool, mayWait: true }));
      assert.equal((await store.acquire(back)).kind, 'waiting');
      assert.equal((await store.attend([back]))[0]?.kind, 'waiting');
      await store.release(ending, 2_000);
      assert.equal((await store.attend([back]))[0]?.kind, 'granted');
      assert.equal(await held(store), 1);
      assert.deepEqual(await inLine(store), ['ses_2']);
    },
  },
  {
    guarantee: 'a line that is being settled is renewed until it is released, and lapses otherwise',
    check: async ({ store, terms, advance }) => {
      const ending = await confirmed(store, of('a', { session: '1', caps: { pool: 1 } }));
      await store.ending(ending);
      await advance(terms.confirmedMs - 1);
      assert.deepEqual(await store.renew([ending]), []);
      await advance(terms.confirmedMs);
      const next = await confirmed(store, of('b', { session: '2', caps: { pool: 1 } }));
      assert.equal(await asked(store, of('a', { session: '3', caps: { pool: 1 } })), 'denied by pool');
      assert.equal(await store.release(ending), 'gone');
      assert.equal(await store.release(next), 'released');
    },
  },
];
