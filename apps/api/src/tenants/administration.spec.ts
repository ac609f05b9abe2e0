// Tenants and keys over the API: what is sent twice is made once, who edits what somebody else has changed hears it, nothing can be
// slipped into a body, and lists are read along an index however long they are.
import { randomBytes } from 'node:crypto';
import { jest } from '@jest/globals';
import { trustedId } from '@trunkline/kernel';
import type { Prisma } from '@trunkline/platform/database';
import { openLog } from '@trunkline/platform/logging';
import { secretSeal } from '@trunkline/platform/secrets';
import { Shutdown } from '@trunkline/platform/shutdown';
import { keyHasher } from '@trunkline/tenancy';
import { pageOfKeys, pageOfTenants } from '@trunkline/tenancy/adapters/prisma';
import { z } from 'zod';
import { startTestPostgres, type TestPostgres } from '../../../../test/support/postgres.js';
import { startApi, type RunningApi } from '../index.js';

const TOKEN = 'the-token-of-the-operator';
const PEPPER = 'pepper-of-the-administration-spec-01';
const DAY_MS = 86_400_000;

jest.setTimeout(60_000);

let postgres: TestPostgres;
let api: RunningApi;
let nowMs = Date.parse('2026-11-21T12:00:00Z');
const shutdown = new Shutdown(() => undefined);

beforeAll(async () => {
  postgres = await startTestPostgres();
  const clock = { nowMs: () => nowMs, monotonicMs: () => nowMs };
  const tenancy = { db: postgres.db, randomBytes, hashKey: keyHasher(PEPPER), clock };
  const listener = { host: '127.0.0.1', port: 0, log: openLog('silent', process.stderr), shutdown };
  const parts = { db: postgres.db, tenancy, seal: secretSeal(PEPPER), upstream: 'vendor' as const, lines: null };
  api = await startApi({ ...parts, operatorToken: TOKEN, ...listener });
}, 60_000);
afterAll(async () => {
  await shutdown.run();
  await postgres.stop();
});

const Answer = z.looseObject({
  ...{ id: z.string().optional(), slug: z.string().optional(), secret: z.string().optional() },
  ...{ code: z.string().optional(), detail: z.string().optional(), name: z.string().optional() },
});
type Headers = Readonly<Record<string, string>>;
const send = async (method: string, path: string, body?: unknown, headers: Headers = {}) => {
  const response = await fetch(`${api.apiUrl}/${path}`, {
    method,
    headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json', ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const tag = response.headers.get('etag') ?? '';
  return { status: response.status, tag, body: Answer.parse(await response.json()) };
};
const create = (slug: string) => send('POST', 'tenants', { slug, name: slug });

describe('what is sent twice with an Idempotency-Key', () => {
  const once = (key: string, body: unknown) => send('POST', 'tenants', body, { 'idempotency-key': key });

  it('is made once and answered alike, five times at once too', async () => {
    const body = { slug: 'twice', name: 'Twice' };
    const answers = await Promise.all(Array.from({ length: 5 }, () => once('k-1', body)));
    expect(new Set(answers.map((answer) => JSON.stringify(answer.body))).size).toBe(1);
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 5 }, () => 201));
    expect(await postgres.db.tenant.count({ where: { slug: 'twice' } })).toBe(1);
  });

  it('shows a secret again, which is stored sealed', async () => {
    await create('sealed');
    const key = () => send('POST', 'tenants/sealed/keys', { name: 'app' }, { 'idempotency-key': 'k-2' });
    const [first, second] = [await key(), await key()];
    expect(first.body.secret).toMatch(/^tl_/);
    expect(second.body).toEqual(first.body);
    expect(await postgres.db.apiKey.count({ where: { name: 'app' } })).toBe(1);
    const stored = JSON.stringify(await postgres.db.idempotentRequest.findMany());
    expect(stored).not.toContain(first.body.secret);
  });

  it('is refused for another request, until a day has passed', async () => {
    expect((await once('k-3', { slug: 'third', name: 'Third' })).status).toBe(201);
    const other = await once('k-3', { slug: 'fourth', name: 'Fourth' });
    expect({ status: other.status, code: other.body.code }).toEqual({ status: 422, code: 'idempotency_key_reused' });
    nowMs += DAY_MS;
    expect((await once('k-3', { slug: 'fourth', name: 'Fourth' })).status).toBe(201);
  });

  it('leaves nothing when it is refused, and can be sent again', async () => {
    expect((await once('k-4', { slug: 'third', name: 'Taken' })).body.code).toBe('name_taken');
    expect(await postgres.db.idempotentRequest.count({ where: { answerSealed: null } })).toBe(0);
    expect((await once('k-4', { slug: 'fifth', name: 'Fifth' })).status).toBe(201);
  });
});

describe('an edit', () => {
  it('names the version that was read', async () => {
    await create('edited');
    expect(await send('PATCH', 'tenants/edited', { name: 'x' })).toMatchObject({ status: 428 });
    for (const odd of ['*', 'W/"1"', '1', '"x"'])
      expect((await send('PATCH', 'tenants/edited', { name: 'x' }, { 'if-match': odd })).status).toBe(400);
  });

  it('of two at once changes what one of them said, and shows it to the other', async () => {
    await create('raced');
    const { tag } = await send('GET', 'tenants/raced');
    const edit = (name: string) => send('PATCH', 'tenants/raced', { name }, { 'if-match': tag });
    const answers = await Promise.all([edit('Ann'), edit('Ben'), edit('Cleo')]);
    const [won, ...more] = answers.filter(({ status }) => status === 200);
    const lost = answers.filter(({ status }) => status === 412);
    expect([more.length, lost.length]).toEqual([0, 2]);
    for (const { body, tag: current } of lost) {
      expect(body).toMatchObject({ code: 'changed_meanwhile', current: { slug: 'raced', name: won?.body.name } });
      expect(current).toBe(won?.tag);
    }
  });

  it('that changes limits and budgets says what is wrong with them', async () => {
    await create('limited');
    const { tag } = await send('GET', 'tenants/limited');
    const edit = (limits: unknown) => send('PATCH', 'tenants/limited', { limits }, { 'if-match': tag });
    expect((await edit({ spendDayMax: 5 })).body.detail).toContain('as a decimal such as "5"');
    expect((await edit({ spendDayMax: '50.25', overBudget: 'cut' })).body).toMatchObject({
      limits: { spendDayMax: '50.25', overBudget: 'cut', spendMonthMax: null },
    });
  });

  it.each(['id', 'createdAt', 'archivedAt', 'archivedSpend', 'version', 'tenantId', 'hmac'])(
    'with a field that is not for it, %s, is refused as a whole',
    async (field) => {
      const bodies = [
        ['POST', 'tenants', { slug: 'massive', name: 'x' }],
        ['PATCH', 'tenants/limited', { name: 'x' }],
        ['POST', 'tenants/limited/keys', { name: 'x' }],
      ] as const;
      for (const [method, path, body] of bodies)
        expect((await send(method, path, { ...body, [field]: 'x' }, { 'if-match': '"1"' })).status).toBe(400);
    },
  );
});

describe('a key', () => {
  const make = async (slug: string) => {
    await create(slug);
    const { body } = await send('POST', `tenants/${slug}/keys`, { name: 'app', expiresAt: '2100-12-31T00:00:00Z' });
    return { path: `tenants/${slug}/keys/${body.id ?? ''}`, id: body.id ?? '' };
  };

  it('is shown once', async () => {
    const { path } = await make('shown');
    for (const read of [path, 'tenants/shown/keys']) {
      const { status, body } = await send('GET', read);
      expect(status).toBe(200);
      expect(JSON.stringify(body)).not.toMatch(/"secret"|"hmac"|tl_\w{8}/);
    }
  });

  it('is rotated with an overlap, in which both work', async () => {
    const { path, id } = await make('rotated');
    const next = await send('POST', `${path}/rotate`, { overlapMs: DAY_MS });
    expect(next.body).toMatchObject({ name: 'app', replaces: id, oldEndsAt: new Date(nowMs + DAY_MS).toISOString() });
    expect((await send('GET', path)).body).toMatchObject({
      status: 'active',
      expiresAt: new Date(nowMs + DAY_MS).toISOString(),
    });
    expect((await send('POST', `${path}/rotate`, { overlapMs: -1 })).status).toBe(400);
  });

  it('is revoked, then archived with what it was charged, and found in the archive only', async () => {
    const { path } = await make('archived-key');
    expect((await send('POST', `${path}/archive`)).body.code).toBe('does_not_hold');
    expect((await send('POST', `${path}/revoke`)).body).toMatchObject({ status: 'revoked' });
    expect((await send('POST', `${path}/archive`)).body).toMatchObject({ status: 'archived', archivedSpend: '0' });
    expect((await send('GET', 'tenants/archived-key/keys')).body).toMatchObject({ keys: [] });
    const archive = await send('GET', 'tenants/archived-key/keys?state=archived');
    expect(archive.body).toMatchObject({ keys: [{ status: 'archived' }] });
  });

  it('of another tenant is not found', async () => {
    const { id } = await make('owner-of-key');
    await create('stranger');
    for (const verb of ['', '/revoke', '/archive', '/rotate']) {
      const [method, body] = verb === '' ? (['GET', undefined] as const) : (['POST', { overlapMs: 0 }] as const);
      expect((await send(method, `tenants/stranger/keys/${id}${verb}`, body)).body.code).toBe('key_not_found');
    }
  });
});

describe('a tenant that is archived', () => {
  it('keeps its books and name, loses its keys, and comes back for nobody', async () => {
    await create('gone');
    const { body: key } = await send('POST', 'tenants/gone/keys', { name: 'app' });
    const { tag } = await send('GET', 'tenants/gone');
    const archived = await send('POST', 'tenants/gone/archive', undefined, { 'if-match': tag });
    expect(archived.body).toMatchObject({ status: 'archived', archivedSpend: '0' });
    expect((await send('GET', `tenants/gone/keys/${key.id ?? ''}`)).body).toMatchObject({ status: 'revoked' });
    const back = await send('PATCH', 'tenants/gone', { status: 'active' }, { 'if-match': archived.tag });
    expect(back.body.code).toBe('does_not_hold');
    expect((await send('POST', 'tenants/gone/keys', { name: 'late' })).body.code).toBe('does_not_hold');
    expect(JSON.stringify((await send('GET', 'tenants?q=gone')).body)).not.toContain('"gone"');
    expect(JSON.stringify((await send('GET', 'tenants?state=archived')).body)).toContain('"gone"');
  });
});

describe('a pool', () => {
  it('is changed by the first of two administrators, and keeps its key to itself', async () => {
    expect((await send('POST', 'pools', { slug: 'main', sessionsMax: 100 })).status).toBe(201);
    const { tag } = await send('GET', 'pools/main/settings');
    const key = { upstreamKey: 'sk-the-key-of-the-account' };
    const sealed = await send('PUT', 'pools/main/upstream-key', key, { 'if-match': tag });
    expect(sealed.body).toMatchObject({ slug: 'main', hasUpstreamKey: true });
    const late = await send('PATCH', 'pools/main/settings', { sessionsMax: 50 }, { 'if-match': tag });
    expect(late).toMatchObject({ status: 412, tag: sealed.tag, body: { current: { sessionsMax: 100 } } });
    const drained = await send('PATCH', 'pools/main/settings', { status: 'draining' }, { 'if-match': sealed.tag });
    expect(drained.body).toMatchObject({ status: 'draining', sessionsMax: 100 });
    const record = await postgres.db.auditEntry.findMany({ where: { objectKind: 'pool' }, select: { after: true } });
    for (const text of [JSON.stringify(drained.body), JSON.stringify(record)])
      expect(text).not.toContain(key.upstreamKey);
    expect((await send('PATCH', 'pools/main/settings', key, { 'if-match': drained.tag })).status).toBe(400);
  });

  it('is shared by floor, ceiling and weight, from the default on', async () => {
    await create('sharing');
    const path = 'tenants/sharing/shares/main';
    const share = await send('GET', path);
    expect(share).toMatchObject({ tag: '"0"', body: { floor: 0, ceiling: null, weight: 1 } });
    const set = (body: unknown, tag: string) => send('PUT', path, body, { 'if-match': tag });
    const first = await set({ floor: 10 }, share.tag);
    expect(first.body).toMatchObject({ pool: 'main', tenant: 'sharing', floor: 10 });
    expect((await set({ floor: 20 }, share.tag)).status).toBe(412);
    expect((await set({ floor: 101 }, first.tag)).body.code).toBe('does_not_hold');
    expect((await send('DELETE', path, undefined, { 'if-match': first.tag })).status).toBe(200);
    expect((await set({ floor: 5 }, first.tag)).status).toBe(412);
    expect((await send('GET', path)).tag).toBe('"0"');
  });
});

describe('an issuer', () => {
  it('is made once, listed, and revoked', async () => {
    const body = {
      ...{ name: 'corp', issuer: 'https://login.corp.example', audiences: ['trunkline'], tenantClaim: 'org' },
      jwksUrl: 'https://login.corp.example/jwks.json',
    };
    const make = () => send('POST', 'issuers', body, { 'idempotency-key': 'k-5' });
    const [first, second] = [await make(), await make()];
    expect(first).toMatchObject({ status: 201, body: { name: 'corp', tenantClaim: 'org', revokedAt: null } });
    expect(second.body).toEqual(first.body);
    expect((await send('POST', 'issuers', body)).body.code).toBe('name_taken');
    expect((await send('GET', 'issuers')).body).toMatchObject({ issuers: [{ id: first.body.id }] });
    expect((await send('POST', 'issuers/corp/revoke')).body).toMatchObject({
      id: first.body.id,
      revokedAt: expect.any(String),
    });
    expect((await send('POST', 'issuers/nobody/revoke')).body.code).toBe('issuer_not_found');
  });
});

describe('lists of 10,000 tenants and 100,000 keys', () => {
  beforeAll(async () => {
    await postgres.db.$executeRaw`
      INSERT INTO tenant (id, slug, name, status)
      SELECT 'tnt_' || lpad(n::text, 26, '0'), 'many-' || lpad(n::text, 5, '0'), 'Many ' || n, 'active'
        FROM generate_series(1, 10000) n`;
    await postgres.db.$executeRaw`
      INSERT INTO api_key (id, tenant_id, name, hmac, prefix, last4)
      SELECT 'key_' || lpad(n::text, 26, '0'), 'tnt_' || lpad((n % 1000 + 1)::text, 26, '0'), 'key ' || n, md5(n::text) || md5(n::text), 'tl_', 'abcd'
        FROM generate_series(1, 100000) n`;
    await postgres.db.$executeRaw`ANALYZE tenant, api_key`;
  }, 60_000);

  // What PostgreSQL read in the transaction: rows, not time.
  const rowsRead = (table: string, read: (tx: Prisma.TransactionClient) => Promise<unknown>) =>
    postgres.db.$transaction(async (tx) => {
      const count = async () => {
        const rows = await tx.$queryRaw`
          SELECT seq_tup_read::int AS whole, idx_tup_fetch::int AS along FROM pg_stat_xact_user_tables WHERE relname = ${table}`;
        return z.tuple([z.object({ whole: z.int(), along: z.int() })]).parse(rows)[0];
      };
      const before = await count();
      await read(tx);
      const after = await count();
      return { whole: after.whole - before.whole, along: after.along - before.along };
    });

  it('are read a page at a time, along an index', async () => {
    const page = { limit: 90 };
    const tenants = await rowsRead('tenant', (db) => pageOfTenants({ db }, null, { ...page, after: 'many-05000' }));
    const tenantId = trustedId('tnt', `tnt_${'2'.padStart(26, '0')}`);
    const after = `key_${'5001'.padStart(26, '0')}`;
    const ofOne = await rowsRead('api_key', (db) => pageOfKeys({ db }, [tenantId], { ...page, after }));
    const ofAll = await rowsRead('api_key', (db) => pageOfKeys({ db }, null, { ...page, after }));
    for (const { whole, along } of [tenants, ofOne, ofAll]) {
      expect(whole).toBe(0);
      expect(along).toBeGreaterThan(40);
      expect(along).toBeLessThanOrEqual(200);
    }
  });

  it('are walked to the end by `next`, each once', async () => {
    const slugs: string[] = [];
    const Page = z.looseObject({ tenants: z.array(z.object({ slug: z.string() })), next: z.string().nullable() });
    for (let after = ''; ;) {
      const query = after === '' ? '' : `&after=${after}`;
      const { tenants, next } = Page.parse((await send('GET', `tenants?limit=500&q=MANY-0${query}`)).body);
      slugs.push(...tenants.map(({ slug }) => slug));
      if (next === null) break;
      after = next;
    }
    expect(slugs).toHaveLength(9_999);
    expect(slugs).toEqual([...new Set(slugs)].toSorted());
  });

  it.each(['limit=0', 'limit=501', 'limit=x', 'state=gone', 'q=', 'offset=5', 'after='])('refuse %s', async (query) => {
    expect((await send('GET', `tenants?${query}`)).status).toBe(400);
  });
});

describe('budget notices', () => {
  it('are read of the tenant that is named, with the limit as it was then', async () => {
    const noticed = { period: 'day', periodStart: new Date('2026-11-21'), percent: 80, noticedAt: new Date(nowMs) };
    for (const slug of ['noticed', 'unnoticed']) {
      const { body } = await create(slug);
      const limits = { limitAmount: slug === 'noticed' ? '50' : '7', spent: '41.5' };
      const of = { tenantId: body.id ?? '', ...noticed, ...limits };
      await postgres.db.budgetNotice.create({ data: of });
      const session = { period: 'session', sessionId: `ses_of_${slug}`, keyId: 'key_k' };
      await postgres.db.budgetNotice.create({ data: { ...of, ...session } });
    }
    expect((await send('GET', 'tenants/noticed/budget-notices')).body).toEqual({
      notices: [
        {
          ...{ period: 'day', periodStart: '2026-11-21T00:00:00.000Z', percent: 80, limit: '50', spent: '41.5' },
          noticedAt: new Date(nowMs).toISOString(),
        },
      ],
      sessions: [
        {
          ...{ session: 'ses_of_noticed', key: 'key_k', percent: 80, limit: '50', spent: '41.5' },
          noticedAt: new Date(nowMs).toISOString(),
        },
      ],
    });
  });
});
