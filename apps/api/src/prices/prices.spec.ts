import { randomBytes } from 'node:crypto';
import { mintId, systemClock } from '@trunkline/kernel';
import { openLog } from '@trunkline/platform/logging';
import { secretSeal } from '@trunkline/platform/secrets';
import { Shutdown } from '@trunkline/platform/shutdown';
import { keyHasher } from '@trunkline/tenancy';
import { createTenant } from '@trunkline/tenancy/adapters/prisma';
import { z } from 'zod';
import { startTestPostgres, type TestPostgres } from '../../../../test/support/postgres.js';
import { startApi, type RunningApi } from '../index.js';

const TOKEN = 'the-token-of-the-operator';
const VERSION = { model: 'voice-model', meter: 'input_text', unit: 'tokens', price: '4', source: 'test' };

let postgres: TestPostgres;
let api: RunningApi;
const shutdown = new Shutdown(() => undefined);
beforeAll(async () => {
  postgres = await startTestPostgres();
  const { db } = postgres;
  const tenancy = { db, clock: systemClock, randomBytes, hashKey: keyHasher('pepper-of-the-prices-spec-012345678') };
  const listener = { host: '127.0.0.1', port: 0, log: openLog('silent', process.stderr), shutdown };
  const seal = secretSeal('pepper-of-the-prices-spec-012345678');
  api = await startApi({ db, tenancy, seal, upstream: 'vendor', lines: null, operatorToken: TOKEN, ...listener });
}, 60_000);
afterAll(async () => {
  await shutdown.run();
  await postgres.stop();
});

const ask = async (path: string, body?: unknown, over: Record<string, string> = {}) => {
  const headers = { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json', ...over };
  const sent = typeof body === 'string' ? body : JSON.stringify(body);
  const response = await fetch(`${api.apiUrl}/prices${path}`, {
    headers,
    ...(body === undefined ? {} : { method: 'POST', body: sent }),
  });
  const answer = z.record(z.string(), z.unknown()).parse(await response.json());
  return { status: response.status, type: response.headers.get('content-type'), answer };
};
const drafted = async (over: Record<string, unknown> = {}): Promise<string> => {
  const versions = [{ ...VERSION, effectiveFrom: '2026-01-01', ...over }];
  const { answer } = await ask('/changes', { actor: 'ann', reason: 'list', correction: true, content: { versions } });
  return String(answer['id']);
};

describe('the prices of the API', () => {
  it('are drafted, compared, approved by somebody else, and in force', async () => {
    const id = await drafted();
    const diff = await ask(`/changes/${id}/diff`);
    expect(diff.answer).toMatchObject({ differences: [{ before: null, after: '4 per 1M tokens' }] });
    const own = await ask(`/changes/${id}/approve`, { actor: 'ann' });
    expect(own).toMatchObject({ status: 422, type: 'application/problem+json; charset=utf-8' });
    expect(own.answer['detail']).toContain('a second person');
    const alone = await ask(`/changes/${id}/approve`, { actor: 'ann', single_person: true });
    expect(alone).toMatchObject({ status: 403, answer: { code: 'not_allowed' } });
    const approved = await ask(`/changes/${id}/approve`, { actor: 'bob' });
    expect(approved).toMatchObject({ status: 200, answer: { state: 'approved', decision: { actor: 'bob' } } });
    expect((await ask('?at=2026-02-01')).answer).toMatchObject({ prices: [{ model: 'voice-model', price: '4' }] });
    expect((await ask('?at=2025-02-01')).answer).toMatchObject({ prices: [] });
  });

  it('are rejected with a reason, and list what became of them', async () => {
    const id = await drafted({ model: 'other', price: '9' });
    expect((await ask(`/changes/${id}/reject`, { actor: 'bob' })).status).toBe(400);
    const rejected = await ask(`/changes/${id}/reject`, { actor: 'bob', reason: 'wrong' });
    expect(rejected.answer).toMatchObject({ state: 'rejected' });
    const { answer } = await ask('/changes');
    expect(answer).toMatchObject({
      changes: expect.arrayContaining([expect.objectContaining({ id, state: 'rejected' })]),
    });
  });

  it('take slugs for ids, and say what a month would have cost', async () => {
    const { db } = postgres;
    const tenancy = { db, clock: systemClock, randomBytes, hashKey: keyHasher('pepper-of-the-prices-spec-012345678') };
    const tenant = await createTenant(tenancy, { slug: 'acme', name: 'Acme' });
    const tenantId = tenant.ok ? tenant.value.id : '';
    const list = { versions: [{ ...VERSION, model: 'dear', price: '4', effectiveFrom: '2026-01-01' }] };
    const stored = await ask('/changes', { actor: 'ann', reason: 'list', correction: true, content: list });
    await ask(`/changes/${String(stored.answer['id'])}/approve`, { actor: 'bob' });
    const who = { tenantId, sessionId: 'ses', keyId: 'key', poolId: mintId('pool', 1, randomBytes), replicaId: 'rep' };
    const what = { version: 1, kind: 'response', vendor: 'openai', vendorObjectId: 'resp', model: 'dear' };
    const quantities = [{ meter: 'input_text', quantityMicro: '1000000000000' }];
    await db.usageEvent.create({
      data: {
        ...{ id: 'evt', ...who, ...what, quantities, status: 'completed', evidence: 'reported', ratingState: 'rated' },
        occurredAt: new Date('2026-10-05T12:00:00Z'),
      },
    });
    const plans = [{ tenantId: 'acme', effectiveFrom: '2100-01-01', markupBps: 1_500 }];
    const { answer } = await ask('/changes', { actor: 'ann', reason: 'contract', content: { plans } });
    expect(answer).toMatchObject({ content: { plans: [{ tenantId }] } });
    const charge = { before: '4', after: '4.6', difference: '0.6' };
    const impact = {
      ...{ month: '2026-10', currency: 'USD' },
      tenants: [{ tenantId, models: [{ model: 'dear', events: 1, charge, cost: { before: '4', after: '4' } }] }],
    };
    const draft = `/changes/${String(answer['id'])}/impact?month=2026-10`;
    expect(await ask(draft)).toMatchObject({ status: 200, answer: impact });
    expect((await ask('/impact?tenant=acme&markup_bps=1500&month=2026-10')).answer).toMatchObject(impact);
  });

  it.each([
    ['/changes/pch_x/impact', 404],
    ['/impact?tenant=acme', 400],
    ['/impact?tenant=nobody&markup_bps=1', 404],
    ['/impact?tenant=nobody&markup_bps=1.5', 400],
    ['/impact?tenant=nobody&markup_bps=1&month=2026-13', 400],
  ])('say why there is no impact: %s', async (path, status) => {
    expect(await ask(path)).toMatchObject({ status, type: 'application/problem+json; charset=utf-8' });
  });

  it('are refused with the row named', async () => {
    const content = { versions: [{ ...VERSION, effectiveFrom: '2026-01-01', price: '-4' }] };
    const { status, answer } = await ask('/changes', { actor: 'ann', reason: 'x', content });
    expect([status, answer['code']]).toEqual([422, 'prices_refused']);
    expect(answer['detail']).toContain('row 1 (voice-model input_text)');
  });

  it('are drafted once under an Idempotency-Key, whatever the answer came to', async () => {
    const draft = (price: string) => {
      const versions = [{ ...VERSION, model: 'once', price, effectiveFrom: '2026-01-01' }];
      const body = { actor: 'ann', reason: 'list', correction: true, content: { versions } };
      return ask('/changes', body, { 'idempotency-key': 'k-1' });
    };
    expect((await draft('-1')).status).toBe(422);
    const first = await draft('1');
    expect(first).toMatchObject({ status: 201, answer: { state: 'draft' } });
    expect((await draft('1')).answer).toEqual(first.answer);
    expect(await draft('2')).toMatchObject({ status: 422, answer: { code: 'idempotency_key_reused' } });
  });

  it.each([
    ['nothing', null, 'it must be {"versions": [...]}'],
    [
      'a markup that is none',
      { plans: [{ tenantId: 'x', effectiveFrom: '2027-01-01', markupBps: 1 }] },
      'plans row 1:',
    ],
    ['a year that nobody can mean', { versions: [{ ...VERSION, effectiveFrom: '0000-01-01' }] }, 'cannot be meant'],
  ])('are refused for a content of %s', async (_name, content, says) => {
    const { status, answer } = await ask('/changes', { actor: 'ann', reason: 'x', correction: true, content });
    expect([status, answer['code']]).toEqual([422, 'prices_refused']);
    expect(answer['detail']).toContain(says);
  });

  it('say which field of a request is missing, or not known', async () => {
    const { answer } = await ask('/changes', { actor: 'ann', contents: {} });
    expect(answer).toMatchObject({
      detail: 'reason is missing; content is missing; contents is not a field of this request.',
      errors: [{ parameter: 'reason' }, { parameter: 'content' }, { parameter: 'contents' }],
    });
  });

  it.each([
    ['no such change', '/changes/pch_x/approve', { actor: 'bob' }, 404],
    ['no JSON', '/changes', '{', 400],
    ['a body without end', '/changes', 'x'.repeat(1_048_577), 400],
    ['a misspelt field', '/changes', { actor: 'ann', reason: 'x', contents: {} }, 400],
    ['nobody who does it', '/changes', { actor: ' ', reason: 'x', content: {} }, 400],
  ])('are refused for %s', async (_name, path, body, status) => {
    const answer = await ask(path, body);
    expect([answer.status, answer.type]).toEqual([status, 'application/problem+json; charset=utf-8']);
  });

  it('are shut to whoever is not signed in, and to forms', async () => {
    const body = { actor: 'ann', reason: 'x', content: {} };
    expect((await ask('/changes', body, { authorization: '' })).status).toBe(401);
    expect((await ask('/changes', body, { 'content-type': 'text/plain' })).status).toBe(400);
  });
});
