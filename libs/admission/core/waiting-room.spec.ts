import { randomBytes } from 'node:crypto';
import type { Clock } from '@trunkline/kernel';
import { MemoryLeaseStore } from '../adapters/memory/index.js';
import { admit } from './admit.js';
import {
  acquired,
  confirmed,
  held,
  inLine,
  lineRequest,
  storeThrough,
  type RequestParts,
} from './lease-builders.conformance.js';
import { DEFAULT_LEASE_TERMS } from './lease.js';
import { LeaseStoreUnavailable, type AcquireRequest } from './lease-store.js';
import { WaitingRoom, type CallTerms } from './waiting-room.js';

interface CallParts extends RequestParts {
  readonly review?: () => CallTerms | null;
}

function termsOf({ own, plan, otherPools }: AcquireRequest): CallTerms {
  return { own, plans: [plan, ...otherPools] };
}

/** A waiting room on a real in-process store, with time in the test's hands. */
class Rig {
  nowMs = 1_000;
  away = false;
  readonly clock: Clock = { nowMs: () => this.nowMs, monotonicMs: () => this.nowMs };
  readonly inner = new MemoryLeaseStore(this.clock, DEFAULT_LEASE_TERMS);
  readonly store = storeThrough(() => {
    if (this.away) throw new LeaseStoreUnavailable('disconnected');
    return this.inner;
  });
  readonly room = new WaitingRoom({
    store: this.store,
    replicaId: lineRequest().replicaId,
    clock: this.clock,
    wait: (_ms, signal) => this.#sleep(signal),
    observe: () => undefined,
  });
  readonly stop = new AbortController();
  readonly running = this.room.run(this.stop.signal);
  #wake = (): void => undefined;

  async call(session: string, waitMs: number, gone = new AbortController(), { review, ...parts }: CallParts = {}) {
    const asked = lineRequest({ session, caps: { pool: 1 }, ...parts });
    const { sessionId, replicaId, place, own } = asked;
    const who = { keyId: place.keyId, tenantId: place.tenantId, ...own };
    const request = {
      sessionId,
      replicaId,
      who,
      plans: termsOf(asked).plans,
      family: place.family,
      waitMs,
      gone: gone.signal,
      review: review ?? (() => termsOf(asked)),
    };
    const result = await admit(request, { store: this.store, room: this.room, randomBytes });
    return result.ok ? 'admitted' : `${result.error.reason}: ${result.error.refusal.message}`;
  }

  /** Time passes, and the room looks once. */
  async pass(ms: number): Promise<void> {
    this.nowMs += ms;
    this.#wake();
    await this.room.tick();
  }

  async queued(pool = 'a'): Promise<number> {
    return (await inLine(this.inner, pool)).length;
  }

  #sleep(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
  }
}

describe('a waiting room', () => {
  it('gives a freed line to a waiting call at once, without a look in between', async () => {
    const rig = new Rig();
    const first = await confirmed(rig.inner, { session: 'a', caps: { pool: 1 } });
    const waiting = rig.call('b', 10_000);
    await rig.pass(0);
    expect(await rig.queued()).toBe(1);
    await rig.store.release(first);
    expect(await waiting).toBe('admitted');
    expect(rig.room.size).toBe(0);
  });

  it('refuses when the time is up, with the place in line and the time waited', async () => {
    const rig = new Rig();
    await confirmed(rig.inner, { session: 'a', caps: { pool: 1 } });
    const [first, second] = [rig.call('b', 3_000), rig.call('c', 2_000)];
    await rig.pass(0);
    await rig.pass(1_999);
    expect(rig.room.size).toBe(2);
    await rig.pass(1);
    expect(await second).toBe(
      "pool_limit: The service is at capacity: no line is free for your tenant right now. Try again when Retry-After says. You waited 2 s, last in place 2 of your tenant's line.",
    );
    await rig.pass(1_000);
    expect(await first).toMatch(/You waited 3 s, last in place 1 of your tenant's line\.$/);
    expect(await rig.queued()).toBe(0);
  });

  it('lets a client that goes away leave the line at once', async () => {
    const rig = new Rig();
    const first = await confirmed(rig.inner, { session: 'a', caps: { pool: 1 } });
    const gone = new AbortController();
    const [leaving, staying] = [rig.call('b', 10_000, gone), rig.call('c', 10_000)];
    await rig.pass(0);
    gone.abort();
    expect(await leaving).toMatch(/^abandoned/);
    expect(await rig.queued()).toBe(1);
    await rig.store.release(first);
    expect(await staying).toBe('admitted');
  });

  it('gives back a line that was given to a call whose client left in the same moment', async () => {
    const rig = new Rig();
    const first = await confirmed(rig.inner, { session: 'a', caps: { pool: 1 } });
    const gone = new AbortController();
    const leaving = rig.call('b', 10_000, gone);
    await rig.pass(0);
    const released = rig.store.release(first);
    gone.abort();
    await Promise.all([released, leaving]);
    await rig.pass(0);
    await acquired(rig.inner, { session: 'c', caps: { pool: 1 } });
  });

  it('keeps the line of a call that two questions at once were answered with', async () => {
    const rig = new Rig();
    const first = await confirmed(rig.inner, { session: 'a', caps: { pool: 1 } });
    const waiting = rig.call('b', 10_000);
    await rig.pass(0);
    await Promise.all([rig.store.release(first), rig.room.tick(), rig.room.tick()]);
    expect(await waiting).toBe('admitted');
    await rig.pass(0);
    expect(await held(rig.inner)).toBe(1);
  });

  it('keeps calls in line through an outage of the store, and refuses those whose time is up in it', async () => {
    const rig = new Rig();
    const first = await confirmed(rig.inner, { session: 'a', caps: { pool: 1 } });
    const [short, long] = [rig.call('b', 1_000), rig.call('c', 20_000)];
    await rig.pass(0);
    rig.away = true;
    await rig.pass(1_000);
    expect(await short).toMatch(/^unavailable/);
    await rig.pass(6_000);
    rig.away = false;
    await rig.store.release(first);
    await rig.pass(500);
    expect(await long).toBe('admitted');
  });

  it('lets a call leave at the next look when the policy does not let it wait any more', async () => {
    const rig = new Rig();
    await confirmed(rig.inner, { session: 'a', caps: { pool: 1 } });
    let terms: CallTerms | null = termsOf(lineRequest({ caps: { pool: 1 } }));
    const waiting = rig.call('b', 60_000, new AbortController(), { review: () => terms });
    await rig.pass(500);
    expect(await rig.queued()).toBe(1);
    terms = null;
    await rig.pass(0);
    expect(await waiting).toMatch(/^policy_changed/);
    expect(await rig.queued()).toBe(0);
  });

  it('gives a call its line at the next look when the cap is raised while it waits and nobody else calls', async () => {
    const rig = new Rig();
    await confirmed(rig.inner, { session: 'a', caps: { pool: 1 } });
    let terms = termsOf(lineRequest({ caps: { pool: 1 } }));
    const waiting = rig.call('b', 60_000, new AbortController(), { review: () => terms });
    await rig.pass(500);
    terms = termsOf(lineRequest({ caps: { pool: 2 }, plan: { version: 2 } }));
    await rig.pass(0);
    expect(await waiting).toBe('admitted');
  });

  describe('with a choice of pools', () => {
    const choice = { alsoIn: ['b'] };
    const inPool = (pool: string) => ({ session: `in-${pool}`, ids: { pool }, caps: { pool: 1 } });

    it('gives the line of whichever has one first, and of no other', async () => {
      const rig = new Rig();
      const first = await confirmed(rig.inner, inPool('a'));
      const second = await confirmed(rig.inner, inPool('b'));
      const waiting = rig.call('c', 10_000, new AbortController(), choice);
      await rig.pass(0);
      await Promise.all([rig.store.release(second), rig.store.release(first)]);
      expect(await waiting).toBe('admitted');
      await rig.pass(500);
      expect(await rig.inner.list({ scope: 'tenant', id: 'tnt_a', linesMax: 9 })).toMatchObject([
        { sessionId: 'ses_c', poolId: 'pool_b' },
      ]);
    });

    it('leaves all when the client goes away, the policy says no, or the process stops', async () => {
      const rig = new Rig();
      for (const pool of ['a', 'b']) await confirmed(rig.inner, inPool(pool));
      const gone = new AbortController();
      let terms: CallTerms | null = termsOf(lineRequest({ caps: { pool: 1 }, ...choice }));
      const outcomes = [
        rig.call('c', 10_000, gone, choice),
        rig.call('d', 10_000, new AbortController(), { ...choice, review: () => terms }),
        rig.call('e', 10_000, new AbortController(), choice),
      ];
      await rig.pass(0);
      expect(await rig.queued('b')).toBe(3);
      gone.abort();
      terms = null;
      await rig.pass(0);
      expect([await rig.queued(), await rig.queued('b')]).toEqual([1, 1]);
      rig.stop.abort();
      await rig.running;
      expect([await rig.queued(), await rig.queued('b')]).toEqual([0, 0]);
      expect((await Promise.all(outcomes)).map((outcome) => outcome.split(':')[0])).toEqual([
        'abandoned',
        'policy_changed',
        'pool_limit',
      ]);
    });

    it('goes on in the pools that are left when one drops out, and joins one that comes', async () => {
      const rig = new Rig();
      const [first, second] = [await confirmed(rig.inner, inPool('a')), await confirmed(rig.inner, inPool('b'))];
      let pools: RequestParts = choice;
      const review = () => termsOf(lineRequest({ caps: { pool: 1 }, ...pools }));
      const waiting = rig.call('c', 10_000, new AbortController(), { ...choice, review });
      await rig.pass(0);
      pools = {};
      await rig.pass(0);
      expect([await rig.queued(), await rig.queued('b')]).toEqual([1, 0]);
      await rig.store.release(second);
      pools = choice;
      await rig.pass(0);
      expect(await waiting).toBe('admitted');
      expect(await rig.store.release(first)).toBe('released');
    });
  });

  it('refuses everybody when the process stops', async () => {
    const rig = new Rig();
    await confirmed(rig.inner, { session: 'a', caps: { pool: 1 } });
    const waiting = rig.call('b', 60_000);
    await rig.pass(0);
    rig.stop.abort();
    await rig.running;
    expect(await waiting).toMatch(/^pool_limit/);
    expect(await rig.queued()).toBe(0);
  });

  it('does not let a call wait where the line is full', async () => {
    const rig = new Rig();
    const plan = { waitingPerTenantMax: 1 };
    await confirmed(rig.inner, { session: 'a', caps: { pool: 1 }, plan });
    const first = rig.call('b', 5_000, new AbortController(), { plan });
    await rig.pass(0);
    expect(await rig.call('c', 5_000, new AbortController(), { plan })).toMatch(/The waiting line is full\./);
    await rig.pass(5_000);
    await first;
  });
});
