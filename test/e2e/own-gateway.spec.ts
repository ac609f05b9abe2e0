// A gateway as a process of its own, beside an installation that owns the database: the shape that a company runs. Its
// upstream is dialled by TLS.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PoolStatusShape } from '@trunkline/admission';
import { localTls } from '@trunkline/platform/tls';
import { z } from 'zod';
import { startSimulator, type Simulator } from '../../apps/simulator/index.js';
import { openSessions } from '../support/oracle.js';
import { eventually } from '../support/poll.js';
import { startTestPostgres, type TestPostgres } from '../support/postgres.js';
import {
  makeDataDir,
  removeDataDir,
  runProgram,
  startAdminApi,
  startGateway,
  startProduct,
  type GatewayReady,
  type Product,
} from '../support/product.js';
import { startTestRedis, type TestRedis } from '../support/redis.js';
import { connect, textTurn, tryConnect } from '../support/voice-client.js';

const CAP = 2;
let postgres: TestPostgres;
let redis: TestRedis;
let simulator: Simulator;
let dirs: string[];
let installation: Product;
let gateway: Product<GatewayReady>;
let flags: string[];
let caFile: string;

beforeAll(async () => {
  [postgres, redis] = await Promise.all([startTestPostgres(), startTestRedis()]);
  dirs = await Promise.all([makeDataDir(), makeDataDir(), makeDataDir(), makeDataDir()]);
  const [tlsDir = '', installationDir = '', gatewayDir = ''] = dirs;
  const tls = await localTls(tlsDir, Date.now());
  caFile = tls.caFile;
  simulator = await startSimulator({ apiKeys: ['sk-upstream'], tls, tlsPort: 0 });
  const stores = ['--database-url', postgres.url, '--redis-url', redis.url, '--drain-soft', '0s'];
  const upstream = ['--upstream-url', `${simulator.httpsUrl}/v1`, '--upstream-key', 'sk-upstream'];
  flags = [...stores, ...upstream];
  installation = await startProduct({
    dataDir: installationDir,
    flags: [...flags, '--upstream-ca-file', caFile, '--seed-caps', String(CAP)],
  });
  flags.push('--key-pepper', (await readFile(join(installationDir, 'secrets/pepper'), 'utf8')).trim());
  gateway = await startGateway({ dataDir: gatewayDir, flags: [...flags, '--upstream-ca-file', caFile] });
}, 180_000);
afterAll(async () => {
  await gateway.stop();
  await installation.stop();
  await simulator.close();
  await Promise.all(dirs.map(removeDataDir));
  await redis.stop();
  await postgres.stop();
}, 90_000);

describe('a gateway of its own', () => {
  it('takes calls with the keys of the installation, whose worker bills them', async () => {
    const client = await connect(gateway.ready.httpUrl, { apiKey: installation.ready.apiKey });
    expect(await textTurn(client, 'Hello?')).toMatchObject({ response: { status: 'completed' } });
    await client.close();
    const where = ['--data-dir', installation.dataDir, '--database-url', postgres.url];
    const rows = await eventually('the cost is in the books', async () => {
      const { stdout } = await runProgram('cli', ['costs', '--session', client.sessionId, '--json', ...where]);
      const found = JSON.parse(stdout) as Record<string, string>[];
      return found.length > 0 ? found : null;
    });
    const usage = simulator.books.list().flatMap((session) => session.responses)[0]?.usage;
    const outputs = rows.filter(({ meter }) => meter === 'output_audio');
    expect(outputs).toMatchObject([{ quantity: String(usage?.output_token_details.audio_tokens) }]);
  }, 60_000);

  it('counts its lines together with the others', async () => {
    const { apiKey, httpUrl } = installation.ready;
    const clients = [await connect(httpUrl, { apiKey }), await connect(gateway.ready.httpUrl, { apiKey })];
    expect(openSessions(simulator)).toHaveLength(CAP);
    for (const url of [httpUrl, gateway.ready.httpUrl])
      expect(await tryConnect(url, { apiKey })).toMatchObject({ status: 429, error: { code: 'rate_limit_exceeded' } });
    await Promise.all(clients.map((client) => client.close()));
  }, 60_000);

  it('shows its lines to the command line together with the others', async () => {
    const { apiKey, httpUrl } = installation.ready;
    const clients = [await connect(httpUrl, { apiKey }), await connect(gateway.ready.httpUrl, { apiKey })];
    const where = ['--data-dir', installation.dataDir, '--database-url', postgres.url, '--redis-url', redis.url];
    const { stdout } = await runProgram('cli', ['pool', 'status', '--lines', '--json', ...where]);
    const [pool] = z.tuple([PoolStatusShape]).parse(JSON.parse(stdout));
    expect(pool.totals).toMatchObject({ cap: CAP, open: CAP, free: 0, waiting: 0 });
    expect(pool.lines.map(({ sessionId }) => sessionId)).toEqual(clients.map(({ sessionId }) => sessionId));
    expect(new Set(pool.lines.map(({ replicaId }) => replicaId)).size).toBe(2);
    await Promise.all(clients.map((client) => client.close()));
  }, 60_000);

  it('is looked at by a control plane of its own, which knows the lines from Redis', async () => {
    const pepper = ['--key-pepper', flags.at(-1) ?? ''];
    const stores = ['--database-url', postgres.url, '--redis-url', redis.url];
    const api = await startAdminApi({ dataDir: dirs[3] ?? '', flags: [...stores, ...pepper] });
    try {
      const client = await connect(gateway.ready.httpUrl, { apiKey: installation.ready.apiKey });
      const signedIn = await fetch(api.ready.adminUrl, { redirect: 'manual' });
      const headers = { cookie: signedIn.headers.getSetCookie()[0]?.split(';')[0] ?? '' };
      const answer = await fetch(new URL('/admin/api/v1/pools', api.ready.adminUrl), { headers });
      expect(await answer.json()).toMatchObject({ pools: [{ pool: 'default', totals: { cap: CAP, open: 1 } }] });
      expect(await (await fetch(new URL('/admin', api.ready.adminUrl), { headers })).text()).toContain(`>1 / ${CAP}<`);
      await client.close();
    } finally {
      await api.stop();
    }
  }, 60_000);

  it('refuses calls while it cannot verify the upstream, and says whose job that is', async () => {
    const untrusting = await startGateway({ dataDir: dirs[3] ?? '', flags });
    try {
      expect(await tryConnect(untrusting.ready.httpUrl, { apiKey: installation.ready.apiKey })).toMatchObject({
        status: 502,
        error: { code: 'upstream_tls_invalid', message: expect.stringContaining("gateway's operator") },
      });
      expect(openSessions(simulator)).toHaveLength(0);
    } finally {
      await untrusting.stop();
    }
  }, 60_000);

  it('tells a call that was dialling when the stop came, and opens nothing behind its back', async () => {
    const stopping = await startGateway({ dataDir: dirs[3] ?? '', flags: [...flags, '--upstream-ca-file', caFile] });
    simulator.configure({ latency: { firstEventMs: 1_500 } });
    try {
      const call = tryConnect(stopping.ready.httpUrl, { apiKey: installation.ready.apiKey });
      await eventually('the call dials', () => (openSessions(simulator).length > 0 ? true : null));
      expect(await stopping.stop()).toMatchObject({ code: 0 });
      expect(await call).toMatchObject({ status: 503, error: { code: 'draining' } });
      await eventually('the upstream session is closed', () => (openSessions(simulator).length === 0 ? true : null));
      expect(await postgres.db.session.count({ where: { closedAt: null } })).toBe(0);
    } finally {
      simulator.configure({ latency: { firstEventMs: 0 } });
    }
  }, 60_000);

  it.each([
    ['DATABASE_URL', []],
    ['REDIS_URL', ['--database-url', 'postgresql://nobody@127.0.0.1:1/none']],
    ['OPENAI_API_KEY', ['--database-url', 'postgresql://nobody@127.0.0.1:1/none', '--redis-url', 'redis://127.0.0.1']],
  ])('does not start without %s, and names it', async (name, given) => {
    const dataDir = join(dirs[0] ?? '', 'nowhere');
    const { code, stderr } = await runProgram('gateway', ['--json', '--data-dir', dataDir, ...given]);
    expect(code).toBe(1);
    expect(stderr).toContain(`gateway cannot start: ${name} is not set`);
  });
});
