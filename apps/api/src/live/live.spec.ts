// The live board and ending sessions, over the listener: who is told what, and who is not.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mintId, systemClock, trustedId, type TenantId } from '@trunkline/kernel';
import { openLog } from '@trunkline/platform/logging';
import { Shutdown } from '@trunkline/platform/shutdown';
import { keyHasher } from '@trunkline/tenancy';
import { createTenant, createToken, PrismaPolicySource } from '@trunkline/tenancy/adapters/prisma';
import { WebSocket } from 'ws';
import { z } from 'zod';
import { startTestPostgres, type TestPostgres } from '../../../../test/support/postgres.js';
import { startApi, type RunningApi } from '../index.js';

const OPERATOR = 'the-token-of-the-operator';
let postgres: TestPostgres;
let api: RunningApi;
const shutdown = new Shutdown(() => undefined);
const context = () => ({
  ...{ db: postgres.db, randomBytes, hashKey: keyHasher('pepper-of-the-live-spec-0123456789') },
  clock: systemClock,
});
let tenants: Readonly<Record<string, TenantId>> = {};
const idOf = (slug: string): TenantId => tenants[slug] ?? trustedId('tnt', 'none');
const open = async (slug: string) => {
  const id = mintId('ses', systemClock.nowMs(), randomBytes);
  const opened = { keyId: `key_${slug}`, model: 'gpt-realtime', transport: 'websocket' };
  await postgres.db.session.create({
    data: { id, tenantId: idOf(slug), ...opened, openedAt: new Date(systemClock.nowMs() - 60_000) },
  });
  return id;
};

beforeAll(async () => {
  postgres = await startTestPostgres();
  const listener = { host: '127.0.0.1', port: 0, log: openLog('silent', process.stderr), shutdown };
  api = await startApi({
    ...{ db: postgres.db, tenancy: context(), upstream: 'vendor', lines: null, operatorToken: OPERATOR, ...listener },
  });
  for (const slug of ['ours', 'theirs']) {
    const made = await createTenant(context(), { slug, name: slug });
    if (made.ok) tenants = { ...tenants, [slug]: made.value.id };
  }
}, 60_000);
afterAll(async () => {
  await shutdown.run();
  await postgres.stop();
});

const tokenOf = async (role: 'tenant_admin' | 'finance') => {
  const grants = [{ role, tenantId: role === 'finance' ? null : idOf('ours') }];
  const made = await createToken(context(), { principal: null, name: 'spec' }, { name: role, days: 1, grants });
  if (made.ok) return made.value.secret;
  throw new Error(made.error.message);
};
const Message = z.object({ type: z.string(), sessions: z.array(z.looseObject({ id: z.string(), state: z.string() })) });
const feed = (headers: Readonly<Record<string, string>>) =>
  new WebSocket(`${api.origin.replace('http', 'ws')}/admin/api/v1/live`, { headers });
const firstOf = async (headers: Readonly<Record<string, string>>) => {
  const socket = feed(headers);
  const [data] = (await once(socket, 'message')) as [Buffer];
  socket.close();
  return Message.parse(JSON.parse(data.toString()));
};
const closeOf = async (headers: Readonly<Record<string, string>>) => {
  const [code] = (await once(feed(headers), 'close')) as [number];
  return code;
};
const end = async (token: string, slug: string, body: unknown) => {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const path = `${api.apiUrl}/tenants/${slug}/session-ends`;
  const response = await fetch(path, { method: 'POST', headers, body: JSON.stringify(body) });
  return { status: response.status, body: (await response.json()) as Readonly<Record<string, unknown>> };
};

describe('the feed of the live board', () => {
  it('begins with all that is open, for who may see all, and with their own for a tenant', async () => {
    const [ours, theirs] = [await open('ours'), await open('theirs')];
    const all = await firstOf({ authorization: `Bearer ${OPERATOR}` });
    expect(all.sessions.map(({ id }) => id).sort()).toEqual([ours, theirs].sort());
    const own = await firstOf({ authorization: `Bearer ${await tokenOf('tenant_admin')}` });
    expect(own.sessions.map(({ id }) => id)).toEqual([ours]);
  });

  it('closes on who is not signed in, and on pages of other sites', async () => {
    const authorization = `Bearer ${OPERATOR}`;
    expect(await closeOf({})).toBe(4401);
    expect(await closeOf({ authorization: 'Bearer tlat_none' })).toBe(4401);
    expect(await closeOf({ authorization, origin: 'https://evil.example' })).toBe(4403);
    expect(await closeOf({ authorization, host: 'evil.example' })).toBe(4403);
  });
});

describe('ending sessions', () => {
  it('reaches gateways with the policy: one session, or all that are open of the tenant', async () => {
    const [one, other] = [await open('ours'), await open('ours')];
    const source = new PrismaPolicySource(postgres.db, systemClock);
    const asked = async (id: typeof one) =>
      (await source.load()).isEndAsked({
        ...{
          id,
          tenantId: idOf('ours'),
          keyId: trustedId('key', 'key_ours'),
          openedAtMs: systemClock.nowMs() - 60_000,
        },
      });
    const before = await source.version();
    expect(await end(OPERATOR, 'ours', { session: one })).toMatchObject({ status: 202, body: { open: 1 } });
    expect(await source.version()).toBeGreaterThan(before);
    expect([await asked(one), await asked(other)]).toEqual([true, false]);
    expect((await end(OPERATOR, 'ours', {})).status).toBe(202);
    expect(await asked(other)).toBe(true);
    const [entry] = await postgres.db.auditEntry.findMany({ orderBy: { sequence: 'desc' }, take: 1 });
    expect(entry).toMatchObject({ action: 'sessions:end', objectId: idOf('ours'), tenantId: idOf('ours') });
    const board = await firstOf({ authorization: `Bearer ${OPERATOR}` });
    expect(board.sessions.find(({ id }) => id === one)).toMatchObject({ state: 'ending' });
  });

  it('is for who may, in their tenants: another’s session is not there', async () => {
    const theirs = await open('theirs');
    const admin = await tokenOf('tenant_admin');
    expect((await end(admin, 'theirs', {})).body).toMatchObject({ code: 'tenant_not_found' });
    expect((await end(admin, 'ours', { session: theirs })).body).toMatchObject({ code: 'session_not_found' });
    expect((await end(await tokenOf('finance'), 'ours', {})).status).toBe(403);
    expect((await end(admin, 'ours', { session: 'a', key: 'b' })).status).toBe(400);
    expect((await end(admin, 'ours', { tenant: 'theirs' })).status).toBe(400);
  });
});
