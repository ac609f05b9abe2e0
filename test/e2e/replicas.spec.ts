// Two gateways, one Redis, one PostgreSQL: one cap over both, and the lines of a killed one are free within the lease's
// time to live while the other goes on.
import { startSimulator, type Simulator } from '../../apps/simulator/index.js';
import { openSessions } from '../support/oracle.js';
import { eventually } from '../support/poll.js';
import { startTestPostgres, type TestPostgres } from '../support/postgres.js';
import { makeDataDir, removeDataDir, startProduct, type Product } from '../support/product.js';
import { startTestRedis, type TestRedis } from '../support/redis.js';
import { textTurn, tryConnect, type VoiceClient } from '../support/voice-client.js';

const CAP = 5;
const TTL_SECONDS = 6;
let postgres: TestPostgres;
let redis: TestRedis;
let simulator: Simulator;
let dataDirs: string[];
let replicas: Product[];

beforeAll(async () => {
  [postgres, redis] = await Promise.all([startTestPostgres(), startTestRedis()]);
  simulator = await startSimulator({ apiKeys: ['sk-upstream'] });
  dataDirs = [await makeDataDir(), await makeDataDir()];
  replicas = [];
  for (const dataDir of dataDirs) {
    const stores = ['--database-url', postgres.url, '--redis-url', redis.url, '--lease-ttl', `${TTL_SECONDS}s`];
    const upstream = ['--upstream-url', `${simulator.httpUrl}/v1`, '--upstream-key', 'sk-upstream'];
    const shared = ['--key-pepper', 'one-pepper-for-all-replicas-of-this-test', '--seed-caps', String(CAP)];
    replicas.push(await startProduct({ dataDir, flags: [...stores, ...upstream, ...shared, '--drain-soft', '0s'] }));
  }
}, 180_000);
afterAll(async () => {
  await Promise.all(replicas.map((replica) => replica.stop()));
  await simulator.close();
  await Promise.all(dataDirs.map(removeDataDir));
  await redis.stop();
  await postgres.stop();
}, 90_000);

const call = (replica: Product | undefined) =>
  tryConnect(replica?.ready.httpUrl ?? '', { apiKey: replicas[0]?.ready.apiKey ?? '' });
const isClient = (outcome: Awaited<ReturnType<typeof call>>): outcome is VoiceClient => !('status' in outcome);

describe('two gateways', () => {
  it('hold one cap together, survive the death of one, and free its lines within the time to live', async () => {
    const [first, second] = replicas;
    const held = (await Promise.all([call(first), call(first)])).filter(isClient);
    const callAll = (replica: Product | undefined) => Promise.all(Array.from({ length: CAP }, () => call(replica)));
    const [atFirst, atSecond] = await Promise.all([callAll(first), callAll(second)]);
    const survivors = atSecond.filter(isClient);
    expect(held.length + atFirst.filter(isClient).length + survivors.length).toBe(CAP);
    expect(openSessions(simulator)).toHaveLength(CAP);
    expect(await call(second)).toMatchObject({ status: 429, error: { code: 'rate_limit_exceeded' } });

    await first?.kill();
    const again = await eventually(
      'the lines of the killed gateway',
      async () => {
        const outcome = await call(second);
        return isClient(outcome) ? outcome : null;
      },
      (TTL_SECONDS + 4) * 1000,
    );
    for (const client of survivors) expect(client.socket.readyState).toBe(client.socket.OPEN);
    expect(await textTurn(again, 'Hello?')).toMatchObject({ response: { status: 'completed' } });
    await Promise.all([again, ...survivors].map((client) => client.close()));
  }, 90_000);
});
