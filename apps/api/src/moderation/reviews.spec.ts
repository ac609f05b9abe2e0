import { randomBytes } from 'node:crypto';
import { systemClock, trustedId, type TenantId } from '@trunkline/kernel';
import { reviewItemOf } from '@trunkline/metering';
import { openLog } from '@trunkline/platform/logging';
import { Shutdown } from '@trunkline/platform/shutdown';
import { keyHasher } from '@trunkline/tenancy';
import { createTenant } from '@trunkline/tenancy/adapters/prisma';
import { z } from 'zod';
import { aFinding, storeFindings } from '../../../../test/support/findings.js';
import { startTestPostgres, type TestPostgres } from '../../../../test/support/postgres.js';
import { startApi, type RunningApi } from '../index.js';

const TOKEN = 'the-token-of-the-operator';
const HOSTILE = '<script>alert(1)</script>\u001b[2J=1+1';

let postgres: TestPostgres;
let api: RunningApi;
let acme: TenantId;
const shutdown = new Shutdown(() => undefined);
beforeAll(async () => {
  postgres = await startTestPostgres();
  const { db } = postgres;
  const tenancy = { db, clock: systemClock, randomBytes, hashKey: keyHasher('pepper-of-the-reviews-spec-01234567') };
  const listener = { host: '127.0.0.1', port: 0, log: openLog('silent', process.stderr), shutdown };
  api = await startApi({ db, tenancy, upstream: 'vendor', lines: null, operatorToken: TOKEN, ...listener });
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
