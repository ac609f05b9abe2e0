// The whole product on a Redis that fails over, over TLS only, set up by its address as an operator writes it: live calls
// go on, nobody is let in above the cap meanwhile, and then lines are given again.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RedisAddress } from '@trunkline/platform/config';
import { startSimulator, type Simulator } from '../../apps/simulator/index.js';
import { openSessions } from '../support/oracle.js';
import { eventually } from '../support/poll.js';
import { makeDataDir, removeDataDir, startProduct, type Product } from '../support/product.js';
import { makeTestTls, type TestTls } from '../support/redis.js';
import { startClusterSet, startSentinelSet, type TestRedisSet } from '../support/redis-set.js';
import { textTurn, tryConnect, type VoiceClient } from '../support/voice-client.js';

const CAP = 2;
const FAILED_OVER_MS = 30_000;

/** The address as it is written in `REDIS_URL`. */
function urlOf(address: RedisAddress): string {
  if (address.kind === 'single') return address.url;
  const nodes = address.nodes.map(({ host, port }) => `${host}:${port}`).join(',');
  if (address.kind === 'cluster') return `rediss+cluster://${nodes}`;
  return `rediss+sentinel://${nodes}/${address.masterName}?sentinel_password=${address.sentinelLogin.password ?? ''}`;
}

describe.each([
  { name: 'sentinels', startSet: (tls: TestTls) => startSentinelSet({ password: 'sesame', tls }) },
  { name: 'a cluster', startSet: (tls: TestTls) => startClusterSet('{trunkline}', tls) },
])('the product on a Redis of $name', ({ startSet }) => {
  let set: TestRedisSet;
  let simulator: Simulator;
  let dataDir: string;
  let tlsDir: string;
  let product: Product;
  beforeAll(async () => {
    tlsDir = await mkdtemp(join(tmpdir(), 'trunkline-redis-tls-'));
    const tls = await makeTestTls(tlsDir);
    [set, simulator, dataDir] = await Promise.all([
      startSet(tls),
      startSimulator({ apiKeys: ['sk-upstream'] }),
      makeDataDir(),
    ]);
    const stores = ['--redis-url', urlOf(set.address), '--lease-ttl', '6s', '--seed-caps', String(CAP)];
    const upstream = ['--upstream-url', `${simulator.httpUrl}/v1`, '--upstream-key', 'sk-upstream'];
    const env = { NODE_EXTRA_CA_CERTS: tls.caFile };
    product = await startProduct({ dataDir, flags: [...stores, ...upstream, '--drain-soft', '0s'], env });
  }, 120_000);
  afterAll(async () => {
    await product.stop();
    await simulator.close();
    await set.stop();
    await removeDataDir(dataDir);
    await rm(tlsDir, { recursive: true });
  }, 90_000);

  const call = () => tryConnect(product.ready.httpUrl, { apiKey: product.ready.apiKey });
  const isClient = (outcome: Awaited<ReturnType<typeof call>>): outcome is VoiceClient => !('status' in outcome);

  it('lives through the death of the master with its calls and its cap', async () => {
    const live = (await Promise.all([call(), call()])).filter(isClient);
    expect(live).toHaveLength(CAP);
    expect(await call()).toMatchObject({ status: 429 });

    await set.master.kill();
    const statuses = new Set<number | 'admitted'>();
    await eventually(
      'the full cap to be counted again',
      async () => {
        const outcome = await call();
        statuses.add(isClient(outcome) ? 'admitted' : outcome.status);
        expect(openSessions(simulator).length).toBeLessThanOrEqual(CAP);
        return !isClient(outcome) && outcome.status === 429 ? true : null;
      },
      FAILED_OVER_MS,
    );
    expect([...statuses].sort()).toEqual([429, 503]);
    for (const client of live)
      expect(await textTurn(client, 'Are you there?')).toMatchObject({ response: { status: 'completed' } });

    const [first, second] = live;
    await first?.close();
    const next = await eventually('the line that came free', async () => {
      const outcome = await call();
      return isClient(outcome) ? outcome : null;
    });
    await next.close();
    await second?.close();
  }, 90_000);
});
