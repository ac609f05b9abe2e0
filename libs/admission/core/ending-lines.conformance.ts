// What every lease store does about calls that count on a line of their key which is being settled, when that line goes to
// somebody else or to nobody.
import assert from 'node:assert/strict';
import { asked, confirmed, held, inLine, lineRequest, of, type RequestParts } from './lease-builders.conformance.js';
import { talk } from './kept-lines.conformance.js';
import type { AcquireRequest, LeaseStore } from './lease-store.js';
import type { LeaseStoreCase } from './lease-store.conformance.js';
import { KEEP_AGE_MS_MIN } from './kept-line.js';

/** Whether a call that is refused hears that a line of its own is about to come free. */
async function hearsOfItsLine(store: LeaseStore, parts: RequestParts): Promise<boolean> {
  const outcome = await store.acquire(lineRequest(parts));
  assert(outcome.kind === 'denied', outcome.kind);
  return outcome.ownLineEnds;
}

async function standing(store: LeaseStore, requests: readonly AcquireRequest[]): Promise<readonly string[]> {
  return (await store.attend(requests)).map(({ kind }) => kind);
}

const POOL = { caps: { pool: 2 } };
const WAITING = { ...POOL, mayWait: true };

/** Each case is one guarantee. */
export const ENDING_LINES: readonly LeaseStoreCase[] = [
  {
    guarantee: 'who counted on a line that went to another tenant does not count on the next one that is settled',
    check: async ({ store, advance }) => {
      const second = await confirmed(store, of('a', { session: '2', ...POOL }));
      await talk(store, second, { advance, forMs: KEEP_AGE_MS_MIN });
      const first = await confirmed(store, of('a', { session: '1', ...POOL }));
      const [other, counted] = [of('b', { session: '3', ...WAITING }), of('a', { session: '4', ...WAITING })];
      assert.equal(await asked(store, other), 'waiting');
      await store.ending(first);
      assert.equal(await asked(store, counted), 'waiting');
      await store.release(first);
      assert.deepEqual(await standing(store, [lineRequest(other), lineRequest(counted)]), ['granted', 'waiting']);

      await store.ending(second);
      assert.equal(await hearsOfItsLine(store, of('a', { session: '5', ...POOL })), true);
      const back = of('a', { session: '5', ...WAITING });
      assert.equal(await asked(store, back), 'waiting');
      assert.equal(await asked(store, of('c', { session: '6', ...WAITING })), 'waiting');
      await store.release(second, 2_000);
      assert.deepEqual(await standing(store, [lineRequest(counted), lineRequest(back)]), ['waiting', 'granted']);
      assert.deepEqual(await inLine(store), ['ses_4', 'ses_6']);
    },
  },
  {
    guarantee: 'who counted on a line that lapsed does not count on the next one that is settled',
    check: async ({ store, terms, advance }) => {
      const lapsing = await confirmed(store, of('a', { session: '1', ...POOL }));
      const second = await confirmed(store, of('a', { session: '2', ...POOL }));
      await advance(terms.confirmedMs - 1_000);
      await store.renew([second]);
      await store.ending(lapsing);
      assert.equal(await asked(store, of('b', { session: '3', ...WAITING })), 'waiting');
      assert.equal(await asked(store, of('a', { session: '4', ...WAITING })), 'waiting');
      await advance(1_000);
      await store.ending(second);
      assert.deepEqual(await inLine(store), ['ses_4']);
      assert.equal(await hearsOfItsLine(store, of('a', { session: '5', ...POOL })), true);
    },
  },
  {
    guarantee: 'who counted on a line that its own session took over again does not count on it when it ends anew',
    check: async ({ store }) => {
      const first = await confirmed(store, of('a', { session: '1', ...POOL }));
      await confirmed(store, of('b', { session: '2', ...POOL }));
      await store.ending(first);
      assert.equal(await asked(store, of('a', { session: '3', ...WAITING })), 'waiting');
      const again = await confirmed(store, of('a', { session: '1', token: 'two', ...POOL }));
      await store.ending(again);
      assert.equal(await hearsOfItsLine(store, of('a', { session: '4', ...POOL })), true);
    },
  },
  {
    guarantee: 'of two calls that count on two lines, the one that has not got the first counts on the second still',
    check: async ({ store }) => {
      const first = await confirmed(store, of('a', { session: '1', ...POOL }));
      const second = await confirmed(store, of('a', { session: '2', ...POOL }));
      await store.ending(first);
      await store.ending(second);
      const [one, two] = [of('a', { session: '3', ...WAITING }), of('a', { session: '4', ...WAITING })];
      assert.equal(await asked(store, one), 'waiting');
      assert.equal(await asked(store, two), 'waiting');
      await store.release(first);
      assert.deepEqual(await standing(store, [lineRequest(one), lineRequest(two)]), ['granted', 'waiting']);
      assert.equal(await hearsOfItsLine(store, of('a', { session: '5', ...POOL })), false);
      await store.release(second, 2_000);
      assert.deepEqual(await standing(store, [lineRequest(two)]), ['granted']);
      assert.equal(await held(store), 2);
    },
  },
  {
    guarantee:
      'who counts on a line that is kept for it has that, though its rate has no new session left: it begins none',
    check: async ({ store }) => {
      const limited = { caps: { pool: 2, perMinute: 1 } };
      const ended = await confirmed(store, of('a', { session: '1', ...limited }));
      await store.ending(ended);
      assert.equal(await hearsOfItsLine(store, of('a', { session: '2', ...limited })), true);
      const back = of('a', { session: '2', ...limited, mayWait: true });
      assert.equal(await asked(store, back), 'waiting');
      await store.release(ended, 2_000);
      assert.deepEqual(await standing(store, [lineRequest(back)]), ['granted']);
    },
  },
];
