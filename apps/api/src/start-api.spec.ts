import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { request } from 'node:http';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '../../../test/support/poll.js';
import { startTestPostgres, type TestPostgres } from '../../../test/support/postgres.js';
import { poolLines } from '@trunkline/admission';
import { mintId, systemClock } from '@trunkline/kernel';
import { postBatch } from '@trunkline/ledger/adapters/prisma';
import { usageEventId } from '@trunkline/metering';
import { openLog } from '@trunkline/platform/logging';
import { Shutdown, type CloseReport } from '@trunkline/platform/shutdown';
import { parsePriceRows } from '@trunkline/rating';
import { importPrices, loadPriceBook, storeDerivedPrices } from '@trunkline/rating/adapters/prisma';
import { keyHasher } from '@trunkline/tenancy';
import { createKey, createTenant } from '@trunkline/tenancy/adapters/prisma';
import { startApi, type RunningApi } from './index.js';

const OPERATOR_TOKEN = 'the-token-of-the-operator';
const HOSTILE = '"><img src=x onerror=alert(1)>';
// A day of its own: nothing that the clock does during the test moves usage out of "today".
const NOON = Date.parse('2026-11-21T12:00:00Z');
const clock = { nowMs: () => NOON, monotonicMs: () => systemClock.monotonicMs() };

let postgres: TestPostgres;
let api: RunningApi;
let cookie = '';
let tenantId = '';
let keySecret = '';
let keyHash = '';
const logged: string[] = [];
const closes: CloseReport[] = [];
const shutdown = new Shutdown((report) => void closes.push(report));

beforeAll(async () => {
  postgres = await startTestPostgres();
  const { db } = postgres;
  const hashKey = keyHasher('pepper-of-the-admin-spec-0123456789');
  const tenancy = { db, clock, randomBytes, hashKey };
  const log = openLog('debug', { write: (line: string) => void logged.push(line) });
  const lines = {
    view: async () => ({ held: poolLines([]), waiting: [], pausedForMs: 0, pausedFamilies: {}, recoveringMs: 0 }),
    page: async () => ({ lines: [], next: null }),
  };
  const listener = { host: '127.0.0.1', port: 0, log, shutdown, dashboardDir: await builtDashboard() };
  const publicUrl = 'https://admin.example';
  api = await startApi({
    db,
    tenancy,
    upstream: 'simulator',
    lines,
    operatorToken: OPERATOR_TOKEN,
    publicUrl,
    ...listener,
  });
  const tenant = await createTenant(tenancy, { slug: 'acme', name: HOSTILE });
  if (!tenant.ok) throw new Error(tenant.error.message);
  const key = await createKey(tenancy, tenant.value.id, { name: 'first' });
  if (!key.ok) throw new Error(key.error.message);
  tenantId = tenant.value.id;
  keySecret = key.value.secret;
  keyHash = hashKey(keySecret);
  await useVoice(key.value.key.id);
  ({ cookie } = await openLink(api.oneTimeLink()));
}, 60_000);
afterAll(async () => {
  await shutdown.run();
  await postgres.stop();
});

/** What a build leaves, in small. */
const builtDashboard = async (): Promise<string> => {
  const dir = await mkdtemp(join(tmpdir(), 'trunkline-dashboard-'));
  shutdown.register('dashboard files', 1_000, () => rm(dir, { recursive: true }));
  await mkdir(join(dir, 'assets'));
  await writeFile(join(dir, 'index.html'), '<p>dashboard</p>');
  await writeFile(join(dir, 'assets/a.js'), '');
  return dir;
};

/** One session that is open, one that ended, and a thousand tokens at 4 dollars per million in the ledger. */
const useVoice = async (keyId: string): Promise<void> => {
  const { db } = postgres;
  const row = { model: 'voice-model', meter: 'input_text', unit: 'tokens', price: '4' };
  const rows = parsePriceRows([{ ...row, effectiveFrom: '2026-01-01', source: 'test' }]);
  if (!rows.ok || !(await importPrices(db, { versions: rows.value, aliases: [] })).ok) throw new Error('not imported');
  const opened = { tenantId, keyId, model: 'voice-model', transport: 'websocket', openedAt: new Date(NOON - 90_000) };
  const sessionId = mintId('ses', NOON, randomBytes);
  await db.session.create({ data: { id: sessionId, ...opened } });
  const ended = { endCause: 'client_closed', closedAt: new Date(NOON) };
  await db.session.create({ data: { id: mintId('ses', 1, randomBytes), ...opened, ...ended } });
  for (const model of ['voice-model', 'model-without-price']) {
    const event = { sessionId, vendorObjectId: `resp of ${model}`, kind: 'response' } as const;
    await db.usageEvent.create({
      data: {
        ...{ ...event, id: usageEventId(event), version: 1, tenantId, keyId, poolId: 'pool_p', replicaId: 'rep_r' },
        ...{ vendor: 'openai', model, status: 'completed', evidence: 'reported', ratingState: 'pending' },
        occurredAt: new Date(NOON),
        quantities: [{ meter: 'input_text', quantityMicro: '1000000000' }],
      },
    });
  }
  const { books } = await loadPriceBook(db);
  await postBatch(db, { books, storeDerived: storeDerivedPrices });
};

/** An answer, read to its end. */
interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: string;
}

/** One request with any headers, `Host` too (which fetch does not let one set); `path` goes out as it is. */
function ask(
  port: number,
  path: string,
  { method = 'GET', headers = {} }: { readonly method?: string; readonly headers?: Record<string, string> } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, path, method, headers, agent: false }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => (body += text));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
    });
    sent.on('error', reject).end();
  });
}

/** Opens a one-time link; the answer's cookie as a browser would send it back. */
async function openLink(link: string): Promise<{ readonly answer: Answer; readonly cookie: string }> {
  const url = new URL(link);
  const answer = await ask(Number(url.port), `${url.pathname}${url.search}`);
  const set = answer.headers['set-cookie'];
  return { answer, cookie: (Array.isArray(set) ? String(set[0]) : '').split(';')[0] ?? '' };
}

const get = (path: string, headers: Record<string, string> = {}) =>
  ask(api.port, path, { headers: { cookie, ...headers } });
const json = async (path: string): Promise<unknown> => {
  const { status, headers, body } = await get(path);
  expect({ path, status, type: headers['content-type'] }).toEqual({
    path,
    status: 200,
    type: 'application/json; charset=utf-8',
  });
  return JSON.parse(body);
};
const STATEMENT = '/admin/statements/2026-11/tenants/acme';
const JSON_ROUTES = ['overview', 'me', 'tenants', 'sessions', 'usage', 'costs', 'pools', 'pools/default'].map(
  (name) => `/admin/api/v1/${name}`,
);

describe('signing in', () => {
  it('sets a cookie that scripts cannot read and other sites cannot send, and leads to the overview', async () => {
    const { answer } = await openLink(api.oneTimeLink());
    expect(answer).toMatchObject({ status: 303, headers: { location: '/admin', 'cache-control': 'no-store' } });
    expect(String(answer.headers['set-cookie'])).toMatch(
      new RegExp(`^trunkline_admin_${api.port}=[\\w-]{43}; Max-Age=43200; Path=/admin; .*HttpOnly; SameSite=Strict$`),
    );
  });

  it('sets one for TLS alone where browsers come by TLS, and takes no other there', async () => {
    const { pathname, search } = new URL(api.oneTimeLink());
    const host = 'Admin.example';
    const signedIn = await ask(api.port, `${pathname}${search}`, { headers: { host } });
    const set = String(signedIn.headers['set-cookie']);
    expect(set).toMatch(
      /^__Host-trunkline_admin=[\w-]{43}; Max-Age=43200; Path=\/; .*HttpOnly; Secure; SameSite=Strict$/,
    );
    const own = set.split(';')[0] ?? '';
    const me = async (headers: Record<string, string>) => (await ask(api.port, '/admin/api/v1/me', { headers })).status;
    const plain = own.replace('__Host-trunkline_admin', `trunkline_admin_${api.port}`);
    expect([await me({ host, cookie: own }), await me({ host, cookie: plain }), await me({ cookie: own })]).toEqual([
      ...[200, 401, 401],
    ]);
  });

  it('works once with a link; after that people read what to do', async () => {
    const link = new URL(api.oneTimeLink());
    const path = `${link.pathname}${link.search}`;
    expect((await ask(api.port, path)).status).toBe(303);
    const page = await ask(api.port, path, { headers: { accept: 'text/html' } });
    expect(page).toMatchObject({ status: 403, headers: { 'content-type': 'text/html; charset=utf-8' } });
    expect(page.body).toContain('Restart Trunkline to get a new link');
    expect(page.headers['set-cookie']).toBeUndefined();
    const problem = await ask(api.port, path);
    expect(problem.headers['content-type']).toBe('application/problem+json; charset=utf-8');
    expect(JSON.parse(problem.body)).toMatchObject({
      status: 403,
      code: 'link_not_valid',
      type: 'urn:trunkline:problem:link_not_valid',
    });
  });

  it('is not used up by who only looks: HEAD, a prefetch, a wrong or doubled token', async () => {
    const link = new URL(api.oneTimeLink());
    const path = `${link.pathname}${link.search}`;
    expect((await ask(api.port, path, { method: 'HEAD' })).status).toBe(405);
    expect((await ask(api.port, path, { headers: { 'sec-purpose': 'prefetch;prerender' } })).status).toBe(405);
    for (const wrong of ['/admin/start', '/admin/start?token=', '/admin/start?token=x', `${path}&token=x`])
      expect((await ask(api.port, wrong)).status).toBe(403);
    expect((await ask(api.port, path)).status).toBe(303);
  });

  it('leaves no token and no cookie in the log', async () => {
    const link = api.oneTimeLink();
    const opened = await openLink(link);
    const written = logged.join('');
    expect(written).toContain('admin_signed_in');
    for (const secret of [new URL(link).searchParams.get('token'), opened.cookie.split('=')[1]])
      expect(written).not.toContain(String(secret));
  });
});

describe('who is not signed in', () => {
  it('gets nothing from any route, however its path is spelt', async () => {
    const spelt = ['//admin', '/%61dmin', '/admin/statements/2026-11/tenants/acme', ...JSON_ROUTES];
    const more = JSON_ROUTES.flatMap((route) => [
      `${route}/`,
      route.toUpperCase(),
      `/${route}`,
      `${route};x`,
      `${route}%2f`,
    ]);
    for (const path of [...spelt, ...more])
      for (const method of ['GET', 'HEAD', 'POST', 'OPTIONS', 'DELETE']) {
        const { status, body } = await ask(api.port, path, { method });
        expect({ path, method, refused: status === 401 || status === 404 || status === 400 }).toEqual({
          path,
          method,
          refused: true,
        });
        expect(body).not.toContain('acme');
      }
  }, 60_000);

  it('is told how to sign in, as a page or as a problem', async () => {
    const page = await ask(api.port, STATEMENT, { headers: { accept: 'text/html,*/*' } });
    expect(page).toMatchObject({ status: 401, headers: { 'content-type': 'text/html; charset=utf-8' } });
    expect(page.body).toContain('one-time admin link');
    const problem = await ask(api.port, '/admin/api/v1/costs', { headers: { accept: 'text/html' } });
    expect(problem).toMatchObject({
      status: 401,
      headers: { 'content-type': 'application/problem+json; charset=utf-8' },
    });
    expect(JSON.parse(problem.body)).toMatchObject({
      code: 'sign_in_required',
      instance: expect.stringMatching(/^req_/),
    });
  });

  it('is not let in by a made-up, a truncated or another port’s cookie', async () => {
    const [name, secret] = cookie.split('=');
    const cookies = [
      `${name}=`,
      `${name}=${'A'.repeat(43)}`,
      `${name}=${secret?.slice(1)}`,
      `trunkline_admin_1=${secret}`,
      `x${cookie}`,
    ];
    for (const made of cookies)
      expect((await ask(api.port, '/admin/api/v1/me', { headers: { cookie: made } })).status).toBe(401);
  });
});

describe('a restart', () => {
  it('signs nobody out: a session is a row, found by the hash of its secret', async () => {
    const again = new Shutdown(() => undefined);
    const tenancy = { db: postgres.db, clock, randomBytes, hashKey: keyHasher('pepper-of-the-admin-spec-0123456789') };
    const listener = { host: '127.0.0.1', port: 0, log: openLog('silent', process.stderr), shutdown: again };
    const other = await startApi({
      db: postgres.db,
      tenancy,
      upstream: 'simulator',
      lines: null,
      operatorToken: null,
      ...listener,
    });
    const moved = cookie.replace(String(api.port), String(other.port));
    expect((await ask(other.port, '/admin/api/v1/me', { headers: { cookie: moved } })).status).toBe(200);
    await again.run();
    const rows = JSON.stringify(await postgres.db.adminSession.findMany());
    expect(rows).not.toContain(String(cookie.split('=')[1]));
  });
});

describe('the operator token', () => {
  const asOperator = (path: string, token = OPERATOR_TOKEN) =>
    ask(api.port, path, { headers: { authorization: `Bearer ${token}` } });

  it('opens the routes for programs, and no page', async () => {
    for (const name of ['tenants', 'sessions', 'usage', 'costs', 'pools'])
      expect({ name, ...(await asOperator(`/admin/api/v1/${name}`)) }).toMatchObject({ name, status: 200 });
    for (const path of [STATEMENT, '/admin/start']) expect((await asOperator(path)).status).not.toBe(200);
  });

  it('is refused when it is another, with where to find it', async () => {
    const { status, body } = await asOperator('/admin/api/v1/pools', `${OPERATOR_TOKEN}x`);
    expect(status).toBe(401);
    expect(JSON.parse(body)).toMatchObject({
      code: 'sign_in_required',
      detail: expect.stringContaining('operator-token'),
    });
    expect(logged.join('')).not.toContain(OPERATOR_TOKEN);
  });
});

describe('every answer', () => {
  it('forbids scripts, frames, sniffing and storing, errors too', async () => {
    for (const path of [STATEMENT, '/admin/api/v1/tenants', '/nowhere', '/admin/start', '/admin/api/%ff']) {
      const { headers } = await get(path);
      expect(headers).toMatchObject({
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
        'x-frame-options': 'DENY',
        'content-security-policy': expect.stringMatching(
          /^default-src 'none'; style-src 'sha256-[^ ]+'; img-src data:; /,
        ),
      });
      expect(headers).not.toHaveProperty('x-powered-by');
    }
  });

  it('is a refusal when the host name is a stranger’s, even with a good cookie', async () => {
    for (const path of ['/admin', '/admin/api/v1/tenants', '/nowhere']) {
      const { status, body } = await get(path, { host: `evil.example:${api.port}` });
      expect({ status, code: (JSON.parse(body) as { code: string }).code }).toEqual({
        status: 421,
        code: 'host_not_allowed',
      });
    }
  });

  it('is a problem that names the ways when there is nothing at the path', async () => {
    const { status, body } = await get('/admin/api/v1/nothing');
    expect(status).toBe(404);
    expect(JSON.parse(body)).toMatchObject({ code: 'not_found', detail: expect.stringContaining('/admin/api/v1/') });
    expect((await get('/admin/api/%ff')).status).toBe(404);
  });
});

describe('the dashboard', () => {
  it('is one page at every address that is no route, for everybody, with a policy of its own', async () => {
    for (const path of ['/admin', '/admin/', '/admin/live?q=x', '/admin/a/b']) {
      const { status, headers, body } = await ask(api.port, path);
      expect({ path, status, body }).toEqual({ path, status: 200, body: '<p>dashboard</p>' });
      expect(headers).toMatchObject({
        'cache-control': 'no-store',
        'content-security-policy': expect.stringContaining("script-src 'self'"),
        'x-content-type-options': 'nosniff',
      });
    }
  });

  it('lets browsers keep its files, whose names change with them, and has no other files', async () => {
    const { status, headers } = await ask(api.port, '/admin/assets/a.js');
    expect({ status, cache: headers['cache-control'] }).toEqual({
      status: 200,
      cache: 'public, max-age=31536000, immutable',
    });
    for (const path of [
      '/admin/assets/b.js',
      '/admin/assets/',
      '/admin/assets/..%2findex.html',
      '/admin/assets/%2e%2e/x',
    ])
      expect({ path, status: (await ask(api.port, path)).status }).toEqual({ path, status: 404 });
    expect((await ask(api.port, '/admin', { method: 'POST' })).status).toBe(404);
  });
});

describe('the overview', () => {
  it('tells what is open, what was used, what it cost and what is stuck', async () => {
    expect(await json('/admin/api/v1/overview')).toMatchObject({
      openSessions: 1,
      chargedToday: '0.004',
      ledger: { pending: 0, stuck: 1 },
      pools: [],
      usage: [{ meter: 'input_text', unit: 'tokens', quantity: '2000', estimated: '0', unbooked: '1000' }],
      costs: [{ tenant: { slug: 'acme', name: HOSTILE }, tenantCharge: '0.004', providerCost: '0.004', events: 1 }],
    });
  });

  it('is told who asks, and what they may do', async () => {
    expect(await json('/admin/api/v1/me')).toMatchObject({
      kind: 'member',
      roles: [{ role: 'owner', tenant: null }],
      permissions: expect.arrayContaining(['sessions:end', 'members:write']),
      tenants: [],
      upstream: 'simulator',
      stepUpUntil: expect.stringMatching(/^2026-/),
    });
  });
});

describe('the JSON routes', () => {
  it('list tenants without secrets', async () => {
    expect(await json('/admin/api/v1/tenants')).toMatchObject({
      tenants: [{ id: tenantId, slug: 'acme', name: HOSTILE, status: 'active', sessionsMax: null, archivedAt: null }],
      next: null,
    });
  });

  it('list open sessions and count them', async () => {
    expect(await json('/admin/api/v1/sessions')).toMatchObject({
      total: 1,
      sessions: [
        { tenantId, model: 'voice-model', transport: 'websocket', openedAt: '2026-11-21T11:58:30.000Z', ageMs: 90_000 },
      ],
    });
  });

  it('give quantities and amounts as decimal strings', async () => {
    expect(await json('/admin/api/v1/usage?from=2026-11-21&to=2026-11-22')).toMatchObject({
      from: '2026-11-21T00:00:00.000Z',
      rows: [
        { tenantId, model: 'model-without-price', meter: 'input_text', quantity: '1000', ratingState: 'unrated' },
        { tenantId, model: 'voice-model', meter: 'input_text', quantity: '1000', ratingState: 'rated' },
      ],
    });
    expect(await json('/admin/api/v1/costs?by=tenant,day')).toMatchObject({
      by: ['tenant', 'day'],
      currency: 'USD',
      rows: [
        {
          tenantId,
          day: '2026-11-21',
          tenantCharge: '0.004',
          providerCost: '0.004',
          estimatedCharge: '0',
          unbilledCost: '0',
          events: 1,
        },
      ],
    });
    expect(await json('/admin/api/v1/costs?from=2026-11-22&to=2026-11-23')).toMatchObject({ rows: [] });
  });

  it('refuse a bad query by parameter', async () => {
    const { status, headers, body } = await get('/admin/api/v1/costs?from=yesterday&by=tenant,colour&x=1');
    expect({ status, type: headers['content-type'] }).toEqual({
      status: 400,
      type: 'application/problem+json; charset=utf-8',
    });
    const { errors } = JSON.parse(body) as { errors: { parameter: string }[] };
    expect(errors.map((error) => error.parameter).sort()).toEqual(['by', 'from', 'x']);
  });

  it('show no key and no hash of one', async () => {
    const bodies = await Promise.all(JSON_ROUTES.map(async (path) => (await get(path)).body));
    for (const secret of [keySecret, keyHash]) expect(bodies.join('')).not.toContain(secret);
  });
});

describe('without its database', () => {
  it('says so within seconds and recovers by itself', async () => {
    await postgres.crash();
    const page = await get(STATEMENT, { accept: 'text/html' });
    expect(page.status).toBe(503);
    expect(page.body).toContain('http-equiv="refresh"');
    expect(JSON.parse((await get('/admin/api/v1/usage')).body)).toMatchObject({ code: 'database_unavailable' });
    await postgres.restart();
    await eventually('the overview', async () => ((await get('/admin/api/v1/overview')).status === 200 ? true : null));
  }, 60_000);
});

describe('stopping', () => {
  it('closes the listener, though a browser holds a connection on which it says nothing', async () => {
    const silent = connect(api.port, '127.0.0.1').on('error', () => undefined);
    await once(silent, 'connect');
    await shutdown.run();
    expect(closes.map(({ name, outcome }) => `${name} ${outcome}`)).toEqual([
      'live board closed',
      'admin closed',
      'admin routes closed',
      'dashboard files closed',
    ]);
    await expect(get('/admin')).rejects.toThrow();
  });
});
