import { randomBytes } from 'node:crypto';
import { systemClock, trustedId, type TenantId } from '@trunkline/kernel';
import { reviewItemOf } from '@trunkline/metering';
import { endUserHasher } from '@trunkline/moderation';
import { openLog } from '@trunkline/platform/logging';
import { secretSeal } from '@trunkline/platform/secrets';
import { Shutdown } from '@trunkline/platform/shutdown';
import { keyHasher } from '@trunkline/tenancy';
import { createTenant } from '@trunkline/tenancy/adapters/prisma';
import { z } from 'zod';
import { aFinding, storeFindings } from '../../../../test/support/findings.js';
import { eventually } from '../../../../test/support/poll.js';
import { startTestPostgres, type TestPostgres } from '../../../../test/support/postgres.js';
import { startApi, type RunningApi } from '../index.js';
import { READ_MS_MAX } from '../reads/read-within.js';

const TOKEN = 'the-token-of-the-operator';
const PEPPER = 'pepper-of-the-reviews-spec-01234567';
const HOSTILE = '<script>alert(1)</script>\u001b[2J=1+1';

let postgres: TestPostgres;
let api: RunningApi;
let acme: TenantId;
const shutdown = new Shutdown(() => undefined);
beforeAll(async () => {
  postgres = await startTestPostgres();
  const { db } = postgres;
  const tenancy = { db, clock: systemClock, randomBytes, hashKey: keyHasher(PEPPER) };
  const secrets = { seal: secretSeal(PEPPER), contentSeal: secretSeal(PEPPER), hashEndUser: endUserHasher(PEPPER) };
  const listener = { host: '127.0.0.1', port: 0, log: openLog('silent', process.stderr), shutdown };
  api = await startApi({ db, tenancy, upstream: 'vendor', lines: null, operatorToken: TOKEN, ...secrets, ...listener });
  for (const slug of ['acme', 'other']) {
    const made = await createTenant(tenancy, { slug, name: slug });
    if (!made.ok) throw new Error(made.error.message);
    if (slug === 'acme') acme = made.value.id;
  }
}, 60_000);
afterAll(async () => {
  await shutdown.run();
  await postgres.stop();
});

const ask = async (path: string, body?: object, over: Record<string, string> = {}) => {
  const headers = { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json', ...over };
  const response = await fetch(`${api.apiUrl}/moderation/${path}`, {
    headers,
    ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
  });
  const answer = z.record(z.string(), z.unknown()).parse(await response.json());
  return { status: response.status, type: response.headers.get('content-type'), answer };
};
const itemOf = async (itemId: string): Promise<string> => {
  const finding = aFinding({ tenantId: acme, itemId, sessionId: trustedId('ses', 'ses_api') });
  await storeFindings(postgres.db, [finding]);
  return reviewItemOf(finding) ?? '';
};

describe('the review queue of the API', () => {
  it('is listed, assigned, noted, decided, and counted', async () => {
    const id = await itemOf('item_1');
    expect((await ask('acme/items?limit=10')).answer).toMatchObject({ items: [{ id, state: 'open' }] });
    await ask(`acme/items/${id}/assign`, { actor: 'ana', assignee: 'bea' });
    await ask(`acme/items/${id}/notes`, { actor: 'bea', note: 'a quotation' });
    const decided = await ask(`acme/items/${id}/decide`, { actor: 'bea', decision: 'dismiss' });
    expect(decided).toMatchObject({ status: 200, answer: { state: 'decided', decision: 'dismiss', assignee: 'bea' } });
    const shown = (await ask(`acme/items/${id}`)).answer;
    expect(shown).toMatchObject({ events: [{ kind: 'assign' }, { note: 'a quotation' }, { actor: 'bea' }] });
    const again = await ask(`acme/items/${id}/decide`, { actor: 'ana', decision: 'uphold' });
    expect(again).toMatchObject({ status: 409, answer: { code: 'does_not_hold' } });
    const range = 'from=2026-11-01&to=2026-12-01';
    expect((await ask(`acme/statistics?${range}`)).answer).toMatchObject({
      rows: [{ dismissed: 1, dismissal_rate: 1 }],
    });
  });

  it('shows an item to its own tenant only, and what is no id like what is not there', async () => {
    const id = await itemOf('item_2');
    for (const path of [`other/items/${id}`, 'acme/items/mri_x', 'acme/items/%27%3B--'])
      expect(await ask(path)).toMatchObject({ status: 404, answer: { code: 'review_item_not_found' } });
    expect(await ask('nobody/items')).toMatchObject({ status: 404, answer: { code: 'tenant_not_found' } });
  });

  it('gives out hostile text as JSON and as nothing else', async () => {
    const id = await itemOf(HOSTILE);
    const { type, answer } = await ask(`acme/items/${id}`);
    expect(type).toBe('application/json; charset=utf-8');
    expect(answer['item_id']).toBe(HOSTILE);
  });

  it('refuses who is not signed in, other sites, and what it cannot read', async () => {
    const id = await itemOf('item_3');
    const decide = { actor: 'ana', decision: 'uphold' };
    expect((await ask('acme/items', undefined, { authorization: '' })).status).toBe(401);
    expect((await ask(`acme/items/${id}/decide`, decide, { 'sec-fetch-site': 'cross-site' })).status).toBe(403);
    expect((await ask(`acme/items/${id}/decide`, { ...decide, decision: 'maybe' })).status).toBe(400);
    expect((await ask('acme/items?limit=0')).status).toBe(400);
  });
});

describe('the policy of a tenant over the API', () => {
  const SECRET = `whsec_${Buffer.from('a secret of thirty-two bytes....').toString('base64')}`;
  const TERMS = { type: 'terms', name: 'words', onFailure: 'closed', terms: [{ text: 'forbidden' }] };
  const HOOK = { type: 'webhook', name: 'ours', onFailure: 'open', url: 'https://hooks.example.com/', secret: SECRET };
  const change = async (method: 'PUT' | 'DELETE', ifMatch: string | null, body?: object) => {
    const response = await fetch(`${api.apiUrl}/moderation/acme/policy`, {
      method,
      headers: {
        ...{ authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
        ...(ifMatch === null ? {} : { 'if-match': ifMatch }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const answer = z.record(z.string(), z.unknown()).parse(await response.json());
    return { status: response.status, etag: response.headers.get('etag'), answer };
  };

  it('is set by whoever names the version that is there, with its secrets sealed, and is on the record', async () => {
    expect((await ask('acme/policy')).answer).toEqual({ version: 0, policy: null, actor: null, since: null });
    const policy = { version: 1, hooks: [TERMS, HOOK] };
    expect(await change('PUT', null, policy)).toMatchObject({ status: 428 });
    const set = await change('PUT', '"0"', policy);
    expect(set).toMatchObject({ status: 200, etag: '"1"', answer: { version: 1, actor: 'administrator' } });
    expect(JSON.stringify([set, await ask('acme/policy/versions')])).not.toContain(SECRET);
    expect(await change('PUT', '"0"', policy)).toMatchObject({
      ...{ status: 412, etag: '"1"' },
      answer: { code: 'changed_meanwhile', current: { version: 1 } },
    });
    // What was read can be set again: its secrets open for the same tenant.
    const shown = z.looseObject({ policy: z.looseObject({}) }).parse(set.answer).policy;
    expect(await change('PUT', '"1"', shown)).toMatchObject({ status: 200, etag: '"2"' });
    expect(await change('DELETE', '"2"')).toMatchObject({ answer: { version: 3, policy: { hooks: [] } } });
    const entries = await postgres.db.auditEntry.findMany({ where: { objectKind: 'moderation_policy' } });
    expect(entries).toHaveLength(3);
    expect(
      JSON.stringify(entries, (_, value: unknown) => (typeof value === 'bigint' ? `${value}` : value)),
    ).not.toContain(SECRET);
  });

  it('is refused with all that is wrong with it, by name', async () => {
    const { etag } = await fetch(`${api.apiUrl}/moderation/acme/policy`, {
      headers: { authorization: `Bearer ${TOKEN}` },
    }).then(({ headers }) => ({ etag: headers.get('etag') }));
    const refused = await change('PUT', etag, { version: 1, hooks: [{ ...TERMS, onFailure: 'maybe' }], blocksMax: 0 });
    expect(refused).toMatchObject({ status: 400, answer: { code: 'invalid_request' } });
    const { errors } = z
      .looseObject({ errors: z.array(z.looseObject({ parameter: z.string() })) })
      .parse(refused.answer);
    expect(errors.map(({ parameter }) => parameter)).toEqual(['hooks.0.onFailure', 'blocksMax']);
    expect(await change('PUT', etag, { version: 1, hooks: [{ ...HOOK, secret: 'short' }] })).toMatchObject({
      status: 400,
    });
  });

  it('says what its service was not told', async () => {
    const notify = aFinding({ tenantId: acme, itemId: 'item_told', then: ['notify'] });
    await storeFindings(postgres.db, [notify]);
    expect((await ask('acme/notices')).answer).toMatchObject({ waiting: 1, givenUp: [] });
  });
});

describe('what is known of a person', () => {
  it('is exported and erased by their name, with the reason, and neither answer nor record has the name', async () => {
    const name = 'ana@example.com';
    const endUser = endUserHasher(PEPPER)(acme, name);
    await storeFindings(postgres.db, [aFinding({ tenantId: acme, itemId: 'item_ana', endUser })]);
    expect(await ask('acme/people/export', { endUser: name, actor: 'bea' })).toMatchObject({ status: 400 });
    const exported = await ask('acme/people/export', { endUser: name, reason: 'she asked', actor: 'bea' });
    expect(exported).toMatchObject({
      status: 200,
      answer: { endUser, findings: [{ itemId: 'item_ana' }], content: [] },
    });
    const erased = await ask('acme/content/erasures', { endUser: name, reason: 'she asked', actor: 'bea' });
    expect(erased).toMatchObject({
      status: 200,
      answer: { subject: endUser, actor: 'bea', pieces: 0, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) as unknown },
    });
    const both = { endUser: name, session: 'ses_1', reason: 'x', actor: 'bea' };
    expect(await ask('acme/content/erasures', both)).toMatchObject({ status: 400 });
    const entries = await postgres.db.auditEntry.findMany({ where: { objectKind: 'kept_content' } });
    expect(entries.map(({ action }) => action)).toEqual(['content:read', 'content:erase']);
    const record = JSON.stringify([exported, erased, entries], (_, value: unknown) =>
      typeof value === 'bigint' ? `${value}` : value,
    );
    expect(record).not.toContain(name);
  });

  it.each(['people/export', 'content/erasures'])(
    '%s is waited for as long as it may take, not as a page',
    async (what) => {
      const beganMs = performance.now();
      const [answer] = await postgres.db.$transaction(
        async (tx) => {
          await tx.$executeRaw`LOCK TABLE moderation_content IN ACCESS EXCLUSIVE MODE`;
          const asked = ask(`acme/${what}`, { endUser: 'ana@example.com', reason: 'she asked', actor: 'bea' });
          const isLate = () => (performance.now() - beganMs > READ_MS_MAX + 500 ? true : null);
          await eventually('a page would have given up', isLate);
          return [asked];
        },
        { timeout: 30_000 },
      );
      expect(await answer).toMatchObject({ status: 200 });
    },
    30_000,
  );
});
