// A gateway as a process of its own, beside an installation that owns the database: the shape that a company runs. Its
// upstream is dialled by TLS.
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { PoolStatusShape } from '@trunkline/admission';
import { listen } from '@trunkline/platform/http';
import { localTls } from '@trunkline/platform/tls';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import OpenAI from 'openai';
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

  it('lets one of many in with a client secret of one use, whichever gateway they try', async () => {
    const { apiKey, httpUrl } = installation.ready;
    const openai = new OpenAI({ baseURL: `${httpUrl}/v1`, apiKey });
    const asked = { session: { type: 'realtime' as const }, trunkline: { max_uses: 1 } };
    const { value } = await openai.realtime.clientSecrets.create(asked);
    const tries = await Promise.all(
      Array.from({ length: 12 }, (_, i) =>
        tryConnect(i % 2 === 0 ? httpUrl : gateway.ready.httpUrl, { apiKey: value, query: '' }),
      ),
    );
    const open = tries.flatMap((each) => ('status' in each ? [] : [each]));
    expect(open).toHaveLength(1);
    expect(openSessions(simulator)).toHaveLength(1);
    await Promise.all(open.map((client) => client.close()));
  }, 60_000);

  it('takes a company’s tokens for a service, which is billed on its app until the app is revoked', async () => {
    const where = ['--json', '--data-dir', installation.dataDir, '--database-url', postgres.url];
    const cli = async (...args: string[]) => {
      const { code, stdout, stderr } = await runProgram('cli', [...args, ...where]);
      if (code !== 0) throw new Error(stderr);
      return JSON.parse(stdout) as Record<string, string>[];
    };
    const { publicKey, privateKey } = await generateKeyPair('ES256');
    const jwks = JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: 'k1', alg: 'ES256' }] });
    const login = createServer((_request, response) => response.end(jwks));
    const iss = `http://127.0.0.1:${await listen(login, { host: '127.0.0.1', port: 0, flag: '' })}`;
    try {
      const [tenant] = await cli('tenant', 'list');
      const org = tenant?.['slug'] ?? '';
      const keys = ['--jwks-url', `${iss}/jwks`, '--algorithms', 'ES256', '--tenant-claim', 'org'];
      await cli('issuer', 'create', '--name', 'corp', '--issuer', iss, '--audience', 'trunkline', ...keys);
      const app = ['--jwt-issuer', 'corp', '--jwt-subject', 'billing-bot'];
      const [key] = await cli('key', 'create', '--tenant', org, '--name', 'billing bot', ...app);
      const token = await new SignJWT({ org })
        .setProtectedHeader({ alg: 'ES256', kid: 'k1' })
        .setIssuer(iss)
        .setAudience('trunkline')
        .setSubject('billing-bot')
        .setExpirationTime('10m')
        .sign(privateKey);
      const url = gateway.ready.httpUrl;
      const client = await eventually('the token is taken', async () => {
        const tried = await tryConnect(url, { apiKey: token });
        return 'status' in tried ? null : tried;
      });
      expect(await textTurn(client, 'Hello?')).toMatchObject({ response: { status: 'completed' } });
      const openai = new OpenAI({ baseURL: `${url}/v1`, apiKey: token });
      const { value: clientSecret } = await openai.realtime.clientSecrets.create({});
      expect(clientSecret).toMatch(/^ek_/);
      // What opens sessions does not read what they cost.
      for (const credential of [token, clientSecret, `${token}${'x'.repeat(600)}`]) {
        const headers = { authorization: `Bearer ${credential}` };
        const answer = await fetch(`${installation.ready.httpUrl}/v1/organization/costs?start_time=0`, { headers });
        const error = { code: 'invalid_api_key', type: 'invalid_request_error', param: null };
        expect([answer.status, await answer.json()]).toEqual([401, { error: expect.objectContaining(error) }]);
      }
      const costs = await eventually('the cost is in the books', async () => {
        const rows = await cli('costs', '--by', 'key');
        return rows.find((row) => JSON.stringify(row).includes(key?.['id'] ?? 'none')) ?? null;
      });
      expect(costs).toBeDefined();
      await cli('key', 'revoke', key?.['id'] ?? '', '--tenant', org);
      expect(await client.closed).toMatchObject({ code: 4500 });
      expect(await tryConnect(url, { apiKey: token })).toMatchObject({
        status: 401,
        error: { code: 'invalid_api_key' },
      });
    } finally {
      login.close();
    }
  }, 90_000);

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
