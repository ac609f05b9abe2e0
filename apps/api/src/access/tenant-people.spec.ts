// What people and programs of one tenant do, with PostgreSQL confining them to its rows: all of it works, and none of it goes
// around the confinement.
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock, trustedId, type TenantId } from '@trunkline/kernel';
import { reviewItemOf } from '@trunkline/metering';
import { endUserHasher } from '@trunkline/moderation';
import { openLog } from '@trunkline/platform/logging';
import { secretSeal } from '@trunkline/platform/secrets';
import { Shutdown } from '@trunkline/platform/shutdown';
import { DownloadLinks } from '@trunkline/reporting';
import { keyHasher } from '@trunkline/tenancy';
import { createKey, createTenant, createToken, verifyAudit } from '@trunkline/tenancy/adapters/prisma';
import { z } from 'zod';
import { apiRoutes } from '../../../../test/support/api-routes.js';
import { aFinding, storeFindings } from '../../../../test/support/findings.js';
import { startTestPostgres, type TestPostgres } from '../../../../test/support/postgres.js';
import { startApi, type RunningApi } from '../index.js';

const PEPPER = 'pepper-of-the-tenant-people-spec-0123';
const ROLES = ['tenant_admin', 'reviewer'] as const;

let postgres: TestPostgres;
let api: RunningApi;
let dir = '';
let ours: TenantId;
let usageKey = '';
let tokens: Readonly<Partial<Record<(typeof ROLES)[number], string>>> = {};
const shutdown = new Shutdown(() => undefined);
const context = () => ({ db: postgres.db, clock: systemClock, randomBytes, hashKey: keyHasher(PEPPER) });

beforeAll(async () => {
  postgres = await startTestPostgres();
  dir = await mkdtemp(join(tmpdir(), 'trunkline-tenant-people-'));
  const { db, url: databaseUrl } = postgres;
  const exports = { place: { db, databaseUrl, dir, s3: null }, links: new DownloadLinks(PEPPER) };
  const listener = { host: '127.0.0.1', port: 0, log: openLog('silent', process.stderr), shutdown };
  const parts = { db, tenancy: context(), upstream: 'vendor', lines: null, operatorToken: null, exports } as const;
  const seal = secretSeal(PEPPER);
  api = await startApi({ ...parts, seal, contentSeal: seal, hashEndUser: endUserHasher(PEPPER), ...listener });
  for (const slug of ['theirs', 'ours']) {
    const tenant = await createTenant(context(), { slug, name: slug });
    if (!tenant.ok) throw new Error(tenant.error.message);
    const key = await createKey(context(), tenant.value.id, {
      name: `key of ${slug}`,
      scopes: ['sessions', 'usage:read'],
    });
    if (!key.ok) throw new Error(key.error.message);
    ours = tenant.value.id;
    usageKey = key.value.secret;
  }
  for (const role of ROLES) {
    const grants = [{ role, tenantId: ours }];
    const token = await createToken(context(), { principal: null, name: 'spec' }, { name: role, days: 1, grants });
    if (token.ok) tokens = { ...tokens, [role]: token.value.secret };
  }
}, 60_000);
afterAll(async () => {
  await shutdown.run();
  await postgres.stop();
  await rm(dir, { recursive: true, force: true });
});

interface Asking {
  readonly method?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}
const ask = async (role: (typeof ROLES)[number], path: string, { method = 'GET', body, headers = {} }: Asking = {}) => {
  const response = await fetch(`${api.origin}${path.startsWith('/') ? path : `/admin/api/v1/tenants/ours/${path}`}`, {
    method,
    headers: { authorization: `Bearer ${tokens[role] ?? ''}`, 'content-type': 'application/json', ...headers },
    ...(method === 'GET' ? {} : { body: JSON.stringify(body ?? {}) }),
  });
  const text = await response.text();
  const answer = text.startsWith('{') ? z.looseObject({}).parse(JSON.parse(text)) : { text };
  return { status: response.status, etag: response.headers.get('etag') ?? '', answer };
};
const post = (path: string, body?: unknown, headers?: Asking['headers']) =>
  ask('tenant_admin', path, { method: 'POST', body, ...(headers === undefined ? {} : { headers }) });
const idOf = ({ answer }: { readonly answer: object }) => z.looseObject({ id: z.string() }).parse(answer).id;

const asksForOne = ({ path }: { readonly path: string }) =>
  path.replace(':tenant', 'ours').replaceAll(/:\w+/g, '2026-08');
const reads = () =>
  apiRoutes()
    .filter(({ method, allowance, path }) => method === 'GET' && allowance !== null && !path.includes('/tokens'))
    .flatMap((route) => [asksForOne(route), `${asksForOne(route)}?tenant=ours`]);

describe('people of a tenant', () => {
  it('make, change, rotate, stop and put away its keys, each on the record', async () => {
    const once = { 'idempotency-key': 'one-key' };
    const [made, again] = [await post('keys', { name: 'app' }, once), await post('keys', { name: 'app' }, once)];
    expect([made.status, again.status, idOf(again)]).toEqual([201, 201, idOf(made)]);
    const path = `keys/${idOf(made)}`;
    const { etag } = await ask('tenant_admin', path);
    const change = { method: 'PATCH', body: { name: 'app 2', sessionsMax: 3 }, headers: { 'if-match': etag } };
    expect(await ask('tenant_admin', path, change)).toMatchObject({ status: 200, answer: { name: 'app 2' } });
    expect((await ask('tenant_admin', path, change)).status).toBe(412);
    const rotated = await post(`${path}/rotate`, { overlapMs: 0 });
    expect(rotated.status).toBe(201);
    const next = `keys/${idOf(rotated)}`;
    for (const verb of ['suspend', 'resume', 'revoke', 'archive'])
      expect({ verb, status: (await post(`${next}/${verb}`)).status }).toEqual({ verb, status: 200 });
    const entries = await postgres.db.auditEntry.findMany({ where: { objectKind: 'key', actorKind: 'token' } });
    expect(entries.map(({ tenantId }) => tenantId)).toEqual(Array.from({ length: 7 }, () => ours));
    expect(await verifyAudit(postgres.db)).toMatchObject({ ok: true });
  });

  it('talk in the playground, end its secrets and its sessions', async () => {
    const key = idOf(await post('keys', { name: 'playground' }));
    expect((await post('playground-secrets', { key })).status).toBe(201);
    const { answer } = await ask('tenant_admin', 'secrets');
    const [secret] = z.object({ secrets: z.array(z.looseObject({ id: z.string() })) }).parse(answer).secrets;
    expect((await ask('tenant_admin', `secrets/${secret?.id ?? ''}`, { method: 'DELETE' })).status).toBe(200);
    expect((await post('session-ends', { key })).status).toBe(202);
    expect(await postgres.db.sessionEnd.count({ where: { tenantId: ours, keyId: key } })).toBe(1);
  });

  it('make tokens for what they have, and see and end their own', async () => {
    const made = await post('/admin/api/v1/tokens', { name: 'x', grants: [{ role: 'viewer', tenant: 'ours' }] });
    expect(made.status).toBe(201);
    const { answer } = await ask('tenant_admin', '/admin/api/v1/tokens');
    expect(z.object({ tokens: z.array(z.unknown()) }).parse(answer).tokens).toHaveLength(2);
    expect((await post(`/admin/api/v1/tokens/${idOf(made)}/revoke`)).status).toBe(200);
  });

  it('see to its alerts: whom to tell, what to look for, and what nobody took', async () => {
    const api = (path: string) => `/admin/api/v1/alerts/${path}`;
    const url = 'https://ops.example/hook?token=canary-of-a-channel';
    const made = await post(api('channels?tenant=ours'), { name: 'ops', kind: 'webhook', url });
    const { secret } = z.looseObject({ secret: z.string() }).parse(made.answer);
    expect([
      made.status,
      (await post(api('channels?tenant=ours'), { name: 'ops', kind: 'webhook', url })).status,
    ]).toEqual([201, 409]);
    const rule = { name: 'spent', kind: 'budget', threshold: 80, channels: ['ops'] };
    expect((await post(api('rules?tenant=ours'), rule)).status).toBe(201);
    expect((await post(api('rules?tenant=ours'), { ...rule, name: 'lag', kind: 'ledger_lag' })).status).toBe(400);
    for (const path of ['rules', 'channels', 'deliveries']) {
      expect({ path, status: (await ask('tenant_admin', api(path))).status }).toEqual({ path, status: 403 });
      expect({ path, status: (await ask('tenant_admin', api(`${path}?tenant=theirs`))).status }).toEqual({
        path,
        status: 404,
      });
    }
    const read = await ask('tenant_admin', api('rules/spent?tenant=ours'));
    const change = { method: 'PATCH', body: { threshold: 100 }, headers: { 'if-match': read.etag } };
    expect(await ask('tenant_admin', api('rules/spent?tenant=ours'), change)).toMatchObject({
      answer: { threshold: 100 },
    });
    expect((await ask('tenant_admin', api('rules/spent?tenant=ours'), change)).status).toBe(412);
    const channel = await ask('tenant_admin', api('channels/ops?tenant=ours'));
    const remove = { method: 'DELETE', headers: { 'if-match': channel.etag } };
    expect((await ask('tenant_admin', api('channels/ops?tenant=ours'), remove)).status).toBe(409);
    const tried = await post(api('channels/ops/test?tenant=ours'));
    expect(tried).toMatchObject({ status: 202, answer: { event: 'test', state: 'waiting', channel: 'ops' } });
    await postgres.db.alertDelivery.updateMany({ data: { state: 'dead', doneAt: new Date() } });
    const again = await post(api(`deliveries/${idOf(tried)}/resend?tenant=ours`));
    expect(again).toMatchObject({ status: 200, answer: { id: idOf(tried), state: 'waiting' } });
    expect(await ask('tenant_admin', api('deliveries?tenant=ours'))).toMatchObject({
      answer: { deliveries: [{ id: idOf(tried), subject: 'channel ops' }], next: null },
    });
    const entries = await postgres.db.auditEntry.findMany({
      where: { objectKind: { startsWith: 'alert' } },
      orderBy: { sequence: 'asc' },
    });
    expect(entries.map(({ objectKind }) => objectKind)).toEqual([
      ...['alert_channel', 'alert_rule', 'alert_rule', 'alert_channel', 'alert_delivery'],
    ]);
    const record = JSON.stringify(entries.map(({ before, after }) => [before, after]));
    for (const hidden of ['canary-of-a-channel', secret]) {
      expect(record).not.toContain(hidden);
      expect(JSON.stringify(channel.answer)).not.toContain(hidden);
    }
  });

  it('review what was found in its sessions, and read what was kept of it', async () => {
    const finding = aFinding({ tenantId: ours, sessionId: trustedId('ses', 'ses_people') });
    await storeFindings(postgres.db, [finding]);
    const item = `/admin/api/v1/moderation/ours/items/${reviewItemOf(finding) ?? ''}`;
    const step = (verb: string, body: object) => ask('reviewer', `${item}/${verb}`, { method: 'POST', body });
    const taken = [
      await step('assign', { assignee: 'bea' }),
      await step('notes', { note: 'a quotation' }),
      await step('content', {}),
      await step('decide', { decision: 'dismiss' }),
      await ask('reviewer', item),
    ];
    expect(taken.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
  });

  it('take away what is kept of a person, with the proof', async () => {
    const erased = await post('/admin/api/v1/moderation/ours/content/erasures', {
      endUser: 'ana',
      reason: 'she asked',
    });
    expect(erased).toMatchObject({ status: 200, answer: { pieces: 0 } });
    expect(await postgres.db.moderationErasure.count({ where: { tenantId: ours } })).toBe(1);
    const notTheirs = await post('/admin/api/v1/moderation/ours/people/export', { endUser: 'ana', reason: 'curious' });
    expect(notTheirs.status).toBe(403);
  });

  // Taking the rights of the role away shows who works as it: an answer that is still good was not read as the role.
  it('read everything as the role of tenants, and nothing beside it', async () => {
    const [good, still]: [string[], string[]] = [[], []];
    for (const path of reads()) if ((await ask('tenant_admin', path)).status === 200) good.push(path);
    expect(good.length).toBeGreaterThan(12);
    const usage = () =>
      fetch(`${api.origin}/v1/organization/costs?start_time=1785542400`, {
        headers: { authorization: `Bearer ${usageKey}` },
      });
    expect((await usage()).status).toBe(200);
    await postgres.db.$executeRaw`REVOKE ALL ON ALL TABLES IN SCHEMA public FROM trunkline_tenant`;
    try {
      for (const path of good) if ((await ask('tenant_admin', path)).status !== 500) still.push(path);
      expect(still).toEqual([]);
      expect((await usage()).status).toBe(500);
    } finally {
      await postgres.db.$executeRaw`SELECT protect_tenant_rows()`;
    }
    for (const path of good)
      expect({ path, ...(await ask('tenant_admin', path)) }).toMatchObject({ path, status: 200 });
  }, 60_000);
});
