import { systemClock } from '@trunkline/kernel';
import { startTestRedis, type TestRedis } from '../../../../test/support/redis.js';
import { eventually } from '../../../../test/support/poll.js';
import { confirmed, lineRequest } from '../../core/lease-builders.conformance.js';
import { DEFAULT_LEASE_TERMS, WaitingRoom } from '../../index.js';
import type { RedisClient } from './client.js';
import { connectGrants, connectLeaseRedis } from './connect.js';
import { Grants } from './grants.js';
import { RedisLeaseStore } from './redis-lease-store.js';

describe('grants over Redis', () => {
  let server: TestRedis;
  let redis: RedisClient;
  let subscriber: RedisClient;
  const errors: Error[] = [];
  beforeAll(async () => {
    server = await startTestRedis();
    redis = await connectLeaseRedis({ address: server.address, onError: () => undefined });
    subscriber = connectGrants({ address: server.address, onError: (error) => void errors.push(error) });
  });
  afterAll(async () => {
    redis.disconnect();
    subscriber.disconnect();
    await server.stop();
  });

  it('tell a waiting call of its line although nobody looks, and their connection stays up', async () => {
    const store = new RedisLeaseStore(redis, { terms: DEFAULT_LEASE_TERMS, grants: new Grants(subscriber) });
    await store.open(true);
    const held = await confirmed(store, { session: 'a', caps: { pool: 1 } });
    const request = { ...lineRequest({ session: 'b', caps: { pool: 1 }, mayWait: true }) };
    const { replicaId } = request;
    // A room that never looks by itself.
    const room = new WaitingRoom({
      store,
      replicaId,
      clock: systemClock,
      wait: (_ms, signal) =>
        new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true })),
      observe: (error) => void errors.push(error instanceof Error ? error : new Error(String(error))),
    });
    const stop = new AbortController();
    const running = room.run(stop.signal);
    await eventually('the subscription', async () => {
      const channels = await redis.pubsub('CHANNELS', '*granted*');
      return channels.length > 0 ? true : null;
    });
    const outcome = await store.acquire(request);
    if (outcome.kind !== 'waiting') throw new Error(outcome.kind);
    const gone = new AbortController().signal;
    const waiting = room.wait(request, outcome.denial, { waitMs: 60_000, gone });
    await store.release(held);
    expect(await waiting).toMatchObject({ kind: 'admitted', lease: { sessionId: 'ses_b' } });
    stop.abort();
    await running;
    expect(errors).toEqual([]);
    expect(subscriber.status).toBe('ready');
  });
});
