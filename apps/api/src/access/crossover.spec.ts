// Every route against every role, from Nest's metadata: who may use it gets past the guard, nobody else does, and what belongs to
// another tenant looks like what does not exist.
import { randomBytes } from 'node:crypto';
import { mintId, type TenantId } from '@trunkline/kernel';
import { openLog } from '@trunkline/platform/logging';
import { Shutdown } from '@trunkline/platform/shutdown';
import { keyHasher, permissionsOf, ROLE_REACH, ROLES, type Role } from '@trunkline/tenancy';
import {
  ADMIN_SESSION_MS_MAX,
  createTenant,
  createToken,
  grantRole,
  revokeRole,
  STEP_UP_MS,
} from '@trunkline/tenancy/adapters/prisma';
import { z } from 'zod';
import { apiRoutes, type ApiRoute } from '../../../../test/support/api-routes.js';
import { startTestPostgres, type TestPostgres } from '../../../../test/support/postgres.js';
import { startApi, type RunningApi } from '../index.js';

const MAKER = { principal: null, name: 'spec' };
const CANARY = 'canary-of-the-other-tenant';
const OPERATOR = 'the-token-of-the-operator';

let postgres: TestPostgres;
let api: RunningApi;
let ours = '';
let theirs = '';
let nowMs = Date.parse('2026-11-21T12:00:00Z');
let tokens: Readonly<Partial<Record<Role, string>>> = {};
const shutdown = new Shutdown(() => undefined);
const context = () => ({
  ...{ db: postgres.db, randomBytes, hashKey: keyHasher('pepper-of-the-crossover-spec-0123456') },
  clock: { nowMs: () => nowMs, monotonicMs: () => nowMs },
});
const tenantId = async (slug: string) => {
  const made = await createTenant(context(), { slug, name: slug });
  if (made.ok) return made.value.id;
  throw new Error(made.error.message);
};
const tokenFor = async (role: Role, tenant: TenantId | null) => {
  const grants = [{ role, tenantId: tenant }];
  const made = await createToken(context(), MAKER, { name: `${role} token`, days: 30, grants });
  if (made.ok) return made.value.secret;
  throw new Error(made.error.message);
};

beforeAll(async () => {
  postgres = await startTestPostgres();
  const listener = { host: '127.0.0.1', port: 0, log: openLog('silent', process.stderr), shutdown };
  api = await startApi({
    ...{ db: postgres.db, tenancy: context(), upstream: 'vendor', lines: null, operatorToken: OPERATOR, ...listener },
  });
  const own = await tenantId('ours');
  ours = own;
  theirs = await tenantId(CANARY);
  for (const role of ROLES)
    tokens = { ...tokens, [role]: await tokenFor(role, ROLE_REACH[role] === 'company' ? null : own) };
}, 60_000);
afterAll(async () => {
  await shutdown.run();
  await postgres.stop();
});

interface Sent {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}
const send = async (method: string, path: string, { headers = {}, body }: Sent = {}) => {
  const json = method === 'GET' ? {} : { body: JSON.stringify(body ?? {}) };
  const type = { 'content-type': 'application/json' };
  const response = await fetch(`${api.origin}${path}`, {
    method,
    headers: { ...type, ...headers },
    redirect: 'manual',
    ...json,
  });
  const text = await response.text();
  return { status: response.status, text };
};
const as = (role: Role) => ({ authorization: `Bearer ${tokens[role] ?? ''}` });
const detailOf = (text: string) => z.object({ code: z.string(), detail: z.string() }).parse(JSON.parse(text));
const filled = (path: string, tenant: string) => path.replace(':tenant', tenant).replaceAll(/:\w+/g, '2026-08');

const guarded = apiRoutes().filter(({ allowance, forPrograms }) => allowance !== null && forPrograms);
const bound = ROLES.filter((role) => ROLE_REACH[role] !== 'company');
const takesTenant = ({ path, allowance }: ApiRoute) => path.includes(':tenant') || allowance?.of === 'tenant';

describe('every route of the admin API', () => {
  it.each(guarded)('$method $path lets past exactly the company roles that have its permission', async (route) => {
    for (const role of ROLES.filter((each) => ROLE_REACH[each] === 'company')) {
      const { status } = await send(route.method, filled(route.path, 'ours'), { headers: as(role) });
      const may = route.allowance !== null && permissionsOf(role).has(route.allowance.permission);
      expect({ role, refused: status === 403, signedIn: status !== 401 }).toEqual({
        role,
        refused: !may,
        signedIn: true,
      });
    }
  });

  it.each(guarded)('$method $path tells nobody of a tenant that is not theirs', async (route) => {
    for (const role of bound)
      for (const [foreign, unknown] of [
        [CANARY, 'nobody'],
        [theirs, mintId('tnt', 1, randomBytes)],
      ] as const) {
        const ask = (tenant: string) =>
          send(route.method, `${filled(route.path, tenant)}?tenant=${tenant}`, { headers: as(role) });
        const [there, nowhere] = [await ask(foreign), await ask(unknown)];
        const told = { role, status: there.status, ...detailOf(there.text) };
        const same = { role, status: nowhere.status, ...detailOf(nowhere.text) };
        expect({ ...told, detail: told.detail.replaceAll(foreign, 'it') }).toEqual({
          ...same,
          detail: same.detail.replaceAll(unknown, 'it'),
        });
        if (takesTenant(route)) expect(told).toMatchObject({ status: 404, code: 'tenant_not_found' });
        else expect(there.status).toBeGreaterThanOrEqual(400);
      }
  });

  it.each(guarded)('$method $path says nothing of another tenant where none, or their own, is named', async (route) => {
    const plain = filled(route.path, 'ours');
    const asked = takesTenant(route) && !route.path.includes(':tenant') ? [plain, `${plain}?tenant=ours`] : [plain];
    for (const role of bound) {
      for (const path of asked) {
        const { status, text } = await send(route.method, path, { headers: as(role) });
        for (const secret of [CANARY, theirs]) expect(text).not.toContain(secret);
        // What PostgreSQL lets a tenant's people not reach is a fault, not an answer.
        expect({ role, path, failed: status === 500 }).toEqual({ role, path, failed: false });
      }
    }
  });

  it.each(guarded)('$method $path is shut to a token that is made up, revoked or over', async ({ method, path }) => {
    for (const token of ['tlat_', `tlat_${'0'.repeat(39)}`, 'x', ''])
      expect((await send(method, filled(path, 'ours'), { headers: { authorization: `Bearer ${token}` } })).status).toBe(
        401,
      );
  });
});

describe('a tenant’s own people', () => {
  it('read their own', async () => {
    const { status, text } = await send('GET', '/admin/api/v1/tenants', { headers: as('tenant_admin') });
    expect({ status, slugs: [...text.matchAll(/"slug":"([^"]+)"/g)].map((match) => match[1]) }).toEqual({
      status: 200,
      slugs: ['ours'],
    });
    const rollup = await send('GET', '/admin/api/v1/usage/rollup?tenant=ours', { headers: as('viewer') });
    expect(rollup.status).toBe(200);
    const mixed = await send('GET', `/admin/api/v1/usage/rollup?tenant=ours,${CANARY}`, { headers: as('viewer') });
    expect(mixed.status).toBe(404);
  });

  it('make tokens of no more than they have', async () => {
    const make = (grants: unknown) =>
      send('POST', '/admin/api/v1/tokens', { headers: as('tenant_admin'), body: { name: 'x', grants } });
    expect((await make([{ role: 'owner' }])).status).toBe(400);
    expect(await make([{ role: 'viewer', tenant: CANARY }])).toMatchObject({ status: 404 });
    expect((await make([{ role: 'viewer', tenant: null }])).status).toBe(400);
    expect((await make([{ role: 'viewer', tenant: 'ours' }])).status).toBe(201);
  });
});

describe('bodies', () => {
  it.each(['role', 'tenantId', 'memberId', 'spend', 'grants', '__proto__', 'createdBy'])(
    'with a field of somebody else’s, %s, are refused as a whole',
    async (field) => {
      const extra = (body: object) => JSON.parse(`{"${field}":"owner",${JSON.stringify(body).slice(1)}`) as unknown;
      const headers = { authorization: `Bearer ${OPERATOR}` };
      const booking = { tenant: 'ours', kind: 'prepayment', amount: '1', reference: 'r', actor: 'ann', reason: 'x' };
      const answer = await send('POST', '/admin/api/v1/ledger/transactions', { headers, body: extra(booking) });
      expect(field === '__proto__' ? answer.status !== 500 : answer.status === 400).toBe(true);
    },
  );
});

describe('a member in a browser', () => {
  // As `member link` does: the operator token makes the link, nobody else.
  const signIn = async () => {
    const made = await send('POST', '/admin/api/v1/one-time-link', {
      headers: { authorization: `Bearer ${OPERATOR}` },
    });
    const { path } = z.object({ path: z.string() }).parse(JSON.parse(made.text));
    const response = await fetch(`${api.origin}${path}`, { redirect: 'manual' });
    const cookie = (response.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
    return { cookie };
  };
  const owner = async () => {
    const found = await postgres.db.member.findFirstOrThrow();
    return { memberId: found.id, grant: { role: 'owner', tenantId: null } as const };
  };

  it('loses what they were in the middle of when the role is taken away', async () => {
    const headers = await signIn();
    expect((await send('GET', '/admin/api/v1/prices', { headers })).status).toBe(200);
    await revokeRole(context(), MAKER, await owner());
    const approval = await send('POST', '/admin/api/v1/prices/changes/pch_x/approve', { headers });
    expect({ status: approval.status, ...detailOf(approval.text) }).toMatchObject({ status: 403, code: 'no_role' });
    const page = await send('GET', '/admin/statements/2026-11/tenants/ours', {
      headers: { ...headers, accept: 'text/html' },
    });
    expect(page.text).toContain('no role here yet');
    await grantRole(context(), MAKER, await owner());
    expect((await send('GET', '/admin/api/v1/prices', { headers })).status).toBe(200);
  });

  it('is nobody once they are disabled, nor are their tokens, and begins anew when they are let in again', async () => {
    const headers = await signIn();
    const body = { name: 'theirs', grants: [{ role: 'viewer' }] };
    const made = await send('POST', '/admin/api/v1/tokens', { headers, body });
    const { secret } = z.object({ secret: z.string() }).parse(JSON.parse(made.text));
    const token = { authorization: `Bearer ${secret}` };
    const { memberId } = await owner();
    const act = (verb: string, by: Sent['headers']) =>
      send('POST', `/admin/api/v1/members/${memberId}/${verb}`, by === undefined ? {} : { headers: by });
    const prices = async (by: Sent) => (await send('GET', '/admin/api/v1/prices', by)).status;
    expect(detailOf((await act('disable', headers)).text).detail).toContain('Nobody disables themselves');
    expect((await act('disable', as('admin'))).status).toBe(409);
    expect([await prices({ headers }), await prices({ headers: token })]).toEqual([200, 200]);
    const operator = { authorization: `Bearer ${OPERATOR}` };
    expect((await act('disable', operator)).text).toContain(`"disabledAt":"${new Date(nowMs).toISOString()}"`);
    expect([await prices({ headers }), await prices({ headers: token })]).toEqual([401, 401]);
    expect((await act('enable', operator)).text).toContain('"disabledAt":null');
    expect([await prices({ headers }), await prices({ headers: token })]).toEqual([401, 401]);
    expect(await prices({ headers: await signIn() })).toBe(200);
    const [entry] = await postgres.db.auditEntry.findMany({
      where: { objectId: memberId },
      orderBy: { sequence: 'desc' },
      skip: 1,
    });
    expect(entry).toMatchObject({ action: 'members:write', after: { asked: 'enable' } });
  });

  it('changes nothing from a page of another site, on any route', async () => {
    const headers = await signIn();
    const changing = apiRoutes().filter(({ method, path }) => method !== 'GET' && !path.startsWith('/v1/'));
    expect(changing.length).toBeGreaterThan(30);
    for (const { method, path } of changing)
      for (const from of [{ 'sec-fetch-site': 'cross-site' }, { origin: 'https://evil.example' }, { origin: 'null' }]) {
        const { status, text } = await send(method, filled(path, 'ours'), { headers: { ...headers, ...from } });
        expect({ path, from, status, code: detailOf(text).code }).toEqual({
          ...{ path, from, status: 403, code: 'foreign_site' },
        });
      }
    const own = { ...headers, origin: api.origin };
    expect((await send('POST', '/admin/sign-out', { headers: own })).status).toBe(204);
  });

  it('signs in again for an approval, and for everything when the day is over', async () => {
    const headers = await signIn();
    const approve = () => send('POST', '/admin/api/v1/prices/changes/pch_x/approve', { headers });
    expect((await approve()).status).toBe(404);
    nowMs += STEP_UP_MS;
    expect(detailOf((await approve()).text).code).toBe('step_up_required');
    expect((await send('GET', '/admin/api/v1/prices', { headers })).status).toBe(200);
    nowMs += ADMIN_SESSION_MS_MAX;
    expect((await send('GET', '/admin/api/v1/prices', { headers })).status).toBe(401);
  });

  it('acts as who they are, and is signed out for good', async () => {
    const headers = await signIn();
    const body = { tenant: 'ours', kind: 'prepayment', amount: '1', reference: 'by a member', reason: 'agreed' };
    const path = '/admin/api/v1/ledger/transactions';
    expect((await send('POST', path, { headers, body: { ...body, actor: 'ann' } })).status).toBe(400);
    expect((await send('POST', path, { headers, body })).status).toBe(201);
    const { memberId } = await owner();
    const [entry] = await postgres.db.auditEntry.findMany({ where: { objectKind: 'booking' } });
    expect(entry).toMatchObject({ actorKind: 'member', actorId: memberId, tenantId: ours, action: 'ledger:write' });
    expect(
      (await send('POST', '/admin/sign-out', { headers: { ...headers, 'sec-fetch-site': 'cross-site' } })).status,
    ).toBe(403);
    expect((await send('POST', '/admin/sign-out', { headers })).status).toBe(204);
    expect((await send('GET', path, { headers })).status).toBe(401);
  });
});

describe('a one-time link', () => {
  it('is made by the operator token only, never by an owner’s', async () => {
    const { status, text } = await send('POST', '/admin/api/v1/one-time-link', { headers: as('owner') });
    expect({ status, leaks: text.includes('token=') }).toEqual({ status: 409, leaks: false });
  });
});

describe('a token', () => {
  const make = async (token: string, body: object) => {
    const headers = { authorization: `Bearer ${token}` };
    const { status, text } = await send('POST', '/admin/api/v1/tokens', { headers, body });
    return {
      status,
      ...z.looseObject({ id: z.string().optional(), secret: z.string().optional() }).parse(JSON.parse(text)),
    };
  };

  it('is shown once, works at once, and is over when it is revoked', async () => {
    const { id = '', secret = '' } = await make(OPERATOR, { name: 'ci', grants: [{ role: 'viewer' }] });
    const headers = { authorization: `Bearer ${secret}` };
    expect((await send('GET', '/admin/api/v1/pools', { headers })).status).not.toBe(401);
    const list = await send('GET', '/admin/api/v1/tokens', { headers: { authorization: `Bearer ${OPERATOR}` } });
    expect(list.text).toContain(id);
    const record = JSON.stringify(await postgres.db.auditEntry.findMany(), (_, value: unknown) =>
      typeof value === 'bigint' ? value.toString() : value,
    );
    for (const text of [list.text, record]) expect(text).not.toContain(secret);
    const revoke = { headers: { authorization: `Bearer ${OPERATOR}` } };
    expect((await send('POST', `/admin/api/v1/tokens/${id}/revoke`, revoke)).status).toBe(200);
    expect((await send('GET', '/admin/api/v1/pools', { headers })).status).toBe(401);
  });

  it('of a terminal is one person with all that it makes, which end with it', async () => {
    const first = await createToken(context(), MAKER, {
      name: 'x',
      days: 2,
      grants: [{ role: 'finance', tenantId: null }],
    });
    if (!first.ok) throw new Error(first.error.message);
    const made = await make(first.value.secret, { name: 'y', days: 30, grants: [{ role: 'finance' }] });
    const child = await make(made.secret ?? '', { name: 'z', days: 1, grants: [{ role: 'finance' }] });
    expect(made).toMatchObject({
      status: 201,
      person: 'spec',
      expiresAt: new Date(nowMs + 2 * 86_400_000).toISOString(),
    });
    const by = (token: string | undefined) => ({ headers: { authorization: `Bearer ${token ?? ''}` } });
    const versions = [
      { model: 'm', meter: 'input_text', unit: 'tokens', price: '4', source: 'spec', effectiveFrom: '2100-01-01' },
    ];
    const body = { reason: 'list', content: { versions } };
    const draft = await send('POST', '/admin/api/v1/prices/changes', { ...by(first.value.secret), body });
    const { id } = z.object({ id: z.string() }).parse(JSON.parse(draft.text));
    const approve = `/admin/api/v1/prices/changes/${id}/approve`;
    for (const token of [made.secret, child.secret]) {
      const { status, text } = await send('POST', approve, by(token));
      expect({ status, ...detailOf(text) }).toMatchObject({
        status: 422,
        detail: expect.stringContaining('second person'),
      });
    }
    await send('POST', `/admin/api/v1/tokens/${first.value.id}/revoke`, by(OPERATOR));
    for (const token of [made.secret, child.secret]) expect((await send('POST', approve, by(token))).status).toBe(401);
  });

  it('makes no line without end', async () => {
    const statuses: number[] = [];
    let secret = tokens.owner ?? '';
    for (let i = 0; i < 6; i++) {
      const made = await make(secret, { name: `line ${i}`, grants: [{ role: 'viewer' }, { role: 'owner' }] });
      statuses.push(made.status);
      secret = made.secret ?? secret;
    }
    expect(statuses).toEqual([201, 201, 201, 201, 409, 409]);
  });
});

describe('the record, over the API', () => {
  it('is listed, whole, and taken away as JSONL and CSV', async () => {
    const headers = { authorization: `Bearer ${OPERATOR}` };
    expect((await send('GET', '/admin/api/v1/audit?kind=api_token&limit=1', { headers })).text).toContain(
      '"tokens:write"',
    );
    expect(JSON.parse((await send('GET', '/admin/api/v1/audit/verify', { headers })).text)).toMatchObject({
      whole: true,
    });
    const [jsonl, csv] = [
      await send('GET', '/admin/api/v1/audit/export', { headers }),
      await send('GET', '/admin/api/v1/audit/export?as=csv', { headers }),
    ];
    const lines = jsonl.text.trim().split('\n');
    expect(
      lines.map((line) => Number(z.looseObject({ sequence: z.string() }).parse(JSON.parse(line)).sequence)),
    ).toEqual(lines.map((_, i) => i + 1));
    expect(csv.text.split('\r\n')[0]).toContain('"actor_name"');
  });
});
