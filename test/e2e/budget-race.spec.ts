// 500 sessions of one tenant talk at once, through two gateway processes, on a budget that is worth a few dozen turns.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startSimulator, type Simulator } from '../../apps/simulator/index.js';
import { eventually } from '../support/poll.js';
import { startTestPostgres, type TestPostgres } from '../support/postgres.js';
import {
  makeDataDir,
  removeDataDir,
  runProgram,
  startGateway,
  startProduct,
  type GatewayReady,
  type Product,
} from '../support/product.js';
import { startTestRedis, type TestRedis } from '../support/redis.js';
import { costOfResponse, costOfSessions, dollarsOf, picoOf } from '../support/spend-oracle.js';
import { connect, textTurn, tryConnect, turnOrError, type VoiceClient } from '../support/voice-client.js';

const SESSIONS = 500;
// About fifty turns of eight seconds of speech each.
const BUDGET = '0.5';
const AT_ONCE = 25;

let postgres: TestPostgres;
let redis: TestRedis;
let simulator: Simulator;
let dirs: string[];
let installation: Product;
let gateway: Product<GatewayReady>;

beforeAll(async () => {
  [postgres, redis] = await Promise.all([startTestPostgres(), startTestRedis()]);
  dirs = await Promise.all([makeDataDir(), makeDataDir()]);
  const [installationDir = '', gatewayDir = ''] = dirs;
  simulator = await startSimulator({ apiKeys: ['sk-upstream'], config: { reply: { audioMs: 8_000 } } });
  const stores = ['--database-url', postgres.url, '--redis-url', redis.url, '--drain-soft', '0s'];
  const flags = [...stores, '--upstream-url', `${simulator.httpUrl}/v1`, '--upstream-key', 'sk-upstream'];
  installation = await startProduct({ dataDir: installationDir, flags: [...flags, '--seed-caps', `${SESSIONS + 1}`] });
  const pepper = (await readFile(join(installationDir, 'secrets/pepper'), 'utf8')).trim();
  gateway = await startGateway({ dataDir: gatewayDir, flags: [...flags, '--key-pepper', pepper] });
}, 180_000);
afterAll(async () => {
  await gateway.stop();
  await installation.stop();
  await simulator.close();
  await Promise.all(dirs.map(removeDataDir));
  await redis.stop();
  await postgres.stop();
}, 90_000);

const cli = async (...args: string[]): Promise<Record<string, string>[]> => {
  const where = ['--data-dir', installation.dataDir, '--database-url', postgres.url];
  const { code, stdout, stderr } = await runProgram('cli', [...args, '--json', ...where]);
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as Record<string, string>[];
};

async function openAll(): Promise<VoiceClient[]> {
  const urls = [installation.ready.httpUrl, gateway.ready.httpUrl];
  const clients: VoiceClient[] = [];
  while (clients.length < SESSIONS) {
    const batch = Array.from({ length: AT_ONCE }, (_, i) =>
      connect(urls[i % urls.length] ?? '', { apiKey: installation.ready.apiKey }),
    );
    clients.push(...(await Promise.all(batch)));
  }
  return clients;
}

/** One turn of everybody whose session is open, all at once. */
async function everybodyTalks(clients: readonly VoiceClient[]): Promise<void> {
  const open = clients.filter(({ socket }) => socket.readyState === socket.OPEN);
  await Promise.all(open.map((client) => Promise.race([turnOrError(client, 'Tell me more.'), client.closed])));
}

const charged = async () => (await cli('costs')).reduce((sum, row) => sum + picoOf(row['charge_usd'] ?? '0'), 0n);
const spent = () => costOfSessions(simulator.books.list());
const turns = () => simulator.books.list().flatMap(({ responses }) => responses);

describe('500 turns that race for one budget over two processes', () => {
  it('spend no more than the budget and one turn of each session, and every session is ended', async () => {
    await cli('tenant', 'limits', 'default', '--spend-month', BUDGET, '--over-budget', 'finish_turn');
    const clients = await openAll();
    const [first] = clients;
    if (!first) throw new Error('no session');
    // From here on the store knows what a turn of this tenant costs.
    await textTurn(first, 'Hello?');
    const startedMs = performance.now();
    const rounds: string[] = [];
    while (clients.some(({ socket }) => socket.readyState === socket.OPEN)) {
      const before = { turns: turns().length, spent: spent() };
      await everybodyTalks(clients);
      rounds.push(`${turns().length - before.turns} turns ${dollarsOf(spent() - before.spent)} USD`);
    }
    const closed = await Promise.all(clients.map((client) => client.closed));
    expect(new Set(closed.map(({ code }) => code))).toEqual(new Set([4503]));

    const overrun = spent() - picoOf(BUDGET);
    const completed = turns().filter(({ status }) => status === 'completed');
    const dearest = completed.map(costOfResponse).reduce((most, cost) => (cost > most ? cost : most), 0n);
    const cancelled = turns().filter(({ status }) => status === 'cancelled');
    const lost = cancelled.map(costOfResponse).reduce((sum, cost) => sum + cost, 0n);
    process.stdout.write(
      `budget ${BUDGET}, spent ${dollarsOf(spent())} (${dollarsOf(lost)} of it on ${cancelled.length} cancelled turns), ` +
        `${completed.length} turns completed, dearest ${dollarsOf(dearest)}, ${Math.round(performance.now() - startedMs)} ms; ` +
        `rounds: ${rounds.join('; ')}\n`,
    );
    expect(overrun).toBeLessThan(dearest * BigInt(SESSIONS));
    // Reservations hold all turns together to the one that crosses, but for what the estimates were wrong by.
    expect(overrun - lost).toBeLessThan(2n * dearest);
    await eventually(
      'the ledger agrees with the upstream',
      async () => ((await charged()) === spent() ? true : null),
      30_000,
    );
  }, 240_000);
});

describe('while Redis does not answer', () => {
  it('turns of a tenant with a budget go on, and are charged', async () => {
    await cli('tenant', 'limits', 'default', '--spend-month', '1000');
    const { apiKey, httpUrl } = installation.ready;
    const client = await eventually('the raised limit is in force', async () => {
      const outcome = await tryConnect(httpUrl, { apiKey });
      return 'status' in outcome ? null : outcome;
    });
    redis.stall();
    try {
      for (const text of ['Hello?', 'Still there?'])
        expect(await textTurn(client, text)).toMatchObject({ response: { status: 'completed' } });
    } finally {
      redis.resume();
    }
    await client.close();
    await eventually('the ledger has charged it', async () => ((await charged()) === spent() ? true : null), 30_000);
  }, 60_000);
});
