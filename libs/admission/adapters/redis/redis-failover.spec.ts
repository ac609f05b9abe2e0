import { systemClock } from '@trunkline/kernel';
import { eventually } from '../../../../test/support/poll.js';
import { startTestRedis, type TestRedis } from '../../../../test/support/redis.js';
import {
  follow,
  separate,
  startClusterSet,
  startSentinelSet,
  type TestRedisSet,
} from '../../../../test/support/redis-set.js';
import { acquired, confirmed, held, lineRequest } from '../../core/lease-builders.conformance.js';
import { DEFAULT_LEASE_TERMS, LeaseKeeper, leaseTerms, type AcquireOutcome, type Lease } from '../../index.js';
import { connectGrants, connectLeaseRedis } from './connect.js';
import type { RedisClient } from './client.js';
import { Grants } from './grants.js';
import { Keyspace } from './keyspace.js';
import { RedisLeaseStore } from './redis-lease-store.js';

// The shortest life there is, so that real failovers fit into a test. A window of recovery lasts as long as a lease.
const terms = leaseTerms({ confirmedMs: 4_000 });
const caps = { pool: 3 };
const keys = new Keyspace('trunkline');
const FAILED_OVER_MS = 20_000;

/** Waits as production does, in steps that a test may take. */
async function wait(ms: number, signal: AbortSignal): Promise<void> {
  const endMs = performance.now() + ms;
  await eventually('the next tick', () => (signal.aborted || performance.now() >= endMs ? true : null));
}

/** A gateway's part in it: a store, a keeper that holds all three lines of a pool, and its ear for grants. */
class Gateway {
  readonly lost: string[] = [];
  readonly heard: string[] = [];
  readonly #stop = new AbortController();
  #running: Promise<void> = Promise.resolve();

  private constructor(
    readonly redis: RedisClient,
    readonly subscriber: RedisClient,
    readonly store: RedisLeaseStore,
    readonly keeper: LeaseKeeper,
    readonly leases: Lease[],
  ) {}

  static async start({ address }: TestRedisSet): Promise<Gateway> {
    const redis = await connectLeaseRedis({ address, onError: () => undefined });
    const subscriber = connectGrants({ address, onError: () => undefined });
    const store = new RedisLeaseStore(redis, { terms, grants: new Grants(subscriber) });
    await store.open(true);
    const parts = { store, terms, clock: systemClock, random: Math.random, wait, heldMax: 10 };
    const keeper = new LeaseKeeper({ ...parts, observe: () => undefined, whenUnreachable: 'keep' });
    const gateway = new Gateway(redis, subscriber, store, keeper, []);
    gateway.#running = keeper.run(gateway.#stop.signal);
    for (const session of ['a', 'b', 'c']) {
      const lease = await acquired(store, { session, caps });
      await keeper.confirm(lease, ({ sessionId }) => void gateway.lost.push(sessionId));
      gateway.leases.push(lease);
    }
    store.onGranted(lineRequest().replicaId, (sessionId) => void gateway.heard.push(sessionId));
    return gateway;
  }

  /** Asks for one line more than there are, again and again, until it is answered as `kind`. @returns all answers. */
  async askUntil(kind: AcquireOutcome['kind']): Promise<ReadonlySet<string>> {
    const answers = new Set<string>();
    const ask = async (): Promise<true | null> => {
      const answer = await this.store.acquire(lineRequest({ session: 'newcomer', caps })).then(
        (outcome) => outcome.kind,
        () => 'unavailable',
      );
      answers.add(answer);
      return answer === kind ? true : null;
    };
    await eventually(`an answer "${kind}"`, ask, FAILED_OVER_MS);
    return answers;
  }

  /** What is published is heard, by whatever connection there is by now. */
  async untilItHears(): Promise<void> {
    const channel = keys.grantsFor(lineRequest().replicaId);
    await eventually('the ear', async () => {
      await this.redis.publish(channel, 'ses_probe');
      return this.heard.includes('ses_probe') ? true : null;
    });
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
    this.redis.disconnect();
    this.subscriber.disconnect();
  }
}

describe.each([
  { name: 'sentinels', start: () => startSentinelSet({ password: 'sesame' }) },
  { name: 'a cluster', start: () => startClusterSet(keys.lines) },
])('leases on a Redis of $name', ({ start }) => {
  let set: TestRedisSet;
  let gateway: Gateway;
  beforeEach(async () => {
    set = await start();
    gateway = await Gateway.start(set);
  }, 30_000);
  afterEach(async () => {
    await gateway.stop();
    await set.stop();
  }, 30_000);

  it('live through the death of the master: nobody is let in above the cap, and then it goes on', async () => {
    await gateway.untilItHears();
    await set.master.kill();
    const answers = await gateway.askUntil('denied');
    // Neither before nor after the copy took over did anybody get a fourth line, and the living were counted first.
    expect([...answers]).not.toContain('admitted');
    expect([...answers]).toContain('recovering');
    expect(gateway.lost).toEqual([]);
    expect(await held(gateway.store)).toBe(3);

    await gateway.untilItHears();
    const waiting = await gateway.store.acquire(lineRequest({ session: 'waiter', caps, mayWait: true }));
    expect(waiting.kind).toBe('waiting');
    const [first] = gateway.leases;
    if (first) await gateway.keeper.release(first);
    await eventually('word of the line', () => (gateway.heard.includes('ses_waiter') ? true : null));
    expect(await held(gateway.store)).toBe(3);
  }, 40_000);
});

describe('a copy of a Redis that lacks the last writes', () => {
  let servers: readonly [TestRedis, TestRedis];
  const clients: RedisClient[] = [];
  beforeEach(async () => {
    servers = await Promise.all([startTestRedis(), startTestRedis()]);
    await follow(servers[1], servers[0]);
  }, 30_000);
  afterEach(async () => {
    for (const client of clients.splice(0)) client.disconnect();
    await Promise.all(servers.map((server) => server.stop()));
  });

  async function storeOn({ address }: TestRedis): Promise<RedisLeaseStore> {
    const redis = await connectLeaseRedis({ address, onError: () => undefined });
    clients.push(redis);
    return new RedisLeaseStore(redis, { terms: DEFAULT_LEASE_TERMS });
  }

  it('lets nobody have the lines that it does not know of, however soon it takes over', async () => {
    const [before, after] = [await storeOn(servers[0]), await storeOn(servers[1])];
    await before.open(true);
    const known = await confirmed(before, { session: 'a', caps: { pool: 2 } });
    await separate(servers[1], servers[0]);
    const lost = await confirmed(before, { session: 'b', caps: { pool: 2 } });

    const newcomer = lineRequest({ session: 'newcomer', caps: { pool: 2 } });
    expect(await after.acquire(newcomer)).toEqual({
      kind: 'recovering',
      retryAfterMs: DEFAULT_LEASE_TERMS.recoveryMs,
    });
    expect(await after.renew([known, lost])).toEqual([lost]);
    expect(await after.reregister([lost])).toEqual([]);
    expect(await held(after)).toBe(2);
  });

  it('begins no second window while it goes on', async () => {
    const [before, after] = [await storeOn(servers[0]), await storeOn(servers[1])];
    await before.open(true);
    await separate(servers[1], servers[0]);
    expect(await after.open(true)).toBe(0);
    await acquired(after);
    expect(await after.open(false)).toBe(0);
  });
});
