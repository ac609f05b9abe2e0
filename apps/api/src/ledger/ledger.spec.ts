import { randomBytes } from 'node:crypto';
import { mintId, systemClock } from '@trunkline/kernel';
import { Prisma } from '@trunkline/platform/database';
import { openLog } from '@trunkline/platform/logging';
import { Shutdown } from '@trunkline/platform/shutdown';
import { keyHasher } from '@trunkline/tenancy';
import { createTenant } from '@trunkline/tenancy/adapters/prisma';
import { z } from 'zod';
import { startTestPostgres, type TestPostgres } from '../../../../test/support/postgres.js';
import { startApi, type RunningApi } from '../index.js';

const TOKEN = 'the-token-of-the-operator';
// Whatever else stands in it.
const CHECKLIST: unknown = expect.arrayContaining([expect.objectContaining({ check: 'reconciled', state: 'missing' })]);
const WHO = { tenant: 'acme', actor: 'ann', reason: 'agreed' };

let postgres: TestPostgres;
let api: RunningApi;
const shutdown = new Shutdown(() => undefined);
beforeAll(async () => {
  postgres = await startTestPostgres();
  const { db } = postgres;
  const tenancy = { db, clock: systemClock, randomBytes, hashKey: keyHasher('pepper-of-the-ledger-spec-012345678') };
  const listener = { host: '127.0.0.1', port: 0, log: openLog('silent', process.stderr), shutdown };
  api = await startApi({ db, tenancy, upstream: 'vendor', lines: null, operatorToken: TOKEN, ...listener });
  for (const slug of ['acme', 'beta']) await createTenant(tenancy, { slug, name: slug });
}, 60_000);
afterAll(async () => {
  await shutdown.run();
  await postgres.stop();
});

const ask = async (path: string, body?: unknown, token = TOKEN) => {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const sent = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
  const response = await fetch(`${api.apiUrl}${path}`, { headers, ...sent });
  const answer = z.record(z.string(), z.unknown()).parse(await response.json());
  return { status: response.status, type: response.headers.get('content-type'), answer };
};

describe('the books of the API', () => {
  it('take a booking once for its reference, and take it back', async () => {
    const prepayment = { ...WHO, kind: 'prepayment', amount: '100', reference: 'invoice 7' };
    const first = await ask('/ledger/transactions', prepayment);
    expect(first).toMatchObject({ status: 201, answer: { total: '100', kind: 'prepayment', repeated: false } });
    expect(await ask('/ledger/transactions', prepayment)).toMatchObject({
      ...{ status: 200, answer: { id: first.answer['id'], repeated: true } },
    });
    expect((await ask('/ledger/balance?tenant=acme')).answer).toMatchObject({ prepaid: '100', owed: '0', left: '100' });
    const back = await ask(`/ledger/transactions/${String(first.answer['id'])}/reverse`, {
      actor: 'bob',
      reason: 'refund',
    });
    expect(back).toMatchObject({ status: 201, answer: { total: '-100', correctsId: first.answer['id'] } });
    expect((await ask('/ledger/transactions?tenant=acme&kind=reversal')).answer).toMatchObject({
      transactions: [{ kind: 'reversal', actor: 'bob', total: '-100' }],
    });
  });

  it('close a month by two persons, and say what stands in the way before', async () => {
    const month = '/periods/2026-08';
    const { tenant, actor } = WHO;
    expect(await ask(`${month}/close`, { tenant, actor })).toMatchObject({
      ...{ status: 422, answer: { code: 'booking_refused', detail: expect.stringContaining('soft-close it first') } },
    });
    await ask(`${month}/soft-close`, { tenant, actor });
    const refused = await ask(`${month}/close`, { tenant, actor });
    expect(refused.answer['detail']).toContain('reconciled: it was not reconciled');
    expect(await ask(`${month}/checklist?tenant=${tenant}`)).toMatchObject({
      status: 200,
      answer: { period: '2026-08', checklist: CHECKLIST },
    });
    await ask(`${month}/waivers`, { ...WHO, check: 'reconciled' });
    expect((await ask(`${month}/close`, { tenant, actor })).answer).toMatchObject({ closeRequestedBy: 'ann' });
    expect((await ask(`${month}/approve`, { tenant, actor })).status).toBe(422);
    expect(await ask(`${month}/approve`, { tenant, actor: 'bob' })).toMatchObject({
      ...{ status: 200, answer: { status: 'closed', closedBy: 'ann', approvedBy: 'bob' } },
    });
    expect((await ask('/periods?period=2026-08')).answer).toMatchObject({ periods: [{ status: 'closed' }] });
  });

  it('list usage that waits for a person, and let it be rated', async () => {
    const tenant = await postgres.db.tenant.findUniqueOrThrow({ where: { slug: 'beta' } });
    const what = {
      version: 1,
      kind: 'response',
      vendor: 'openai',
      vendorObjectId: 'resp',
      model: 'm',
      status: 'completed',
    };
    const who = { sessionId: 'ses', keyId: 'key', poolId: mintId('pool', 1, randomBytes), replicaId: 'rep' };
    const parked = { ratingState: 'parked', problem: 'implausible_time', evidence: 'reported', quantities: [] };
    const data = { id: 'evt_1', ...what, ...who, ...parked, tenantId: tenant.id, occurredAt: new Date('2031-01-01') };
    await postgres.db.usageEvent.create({ data: { ...data, sessionId: mintId('ses', 1, randomBytes) } });
    const { answer } = await ask('/ledger/stuck-usage?tenant=beta');
    expect(answer).toMatchObject({
      usage: [{ id: 'evt_1', state: 'parked', why: expect.stringContaining('is dated 2031-01-01') }],
    });
    const release = (id: string, body: object) => ask(`/ledger/stuck-usage/${id}/release`, { actor: 'ann', ...body });
    expect((await release('evt_1', {})).status).toBe(400);
    expect((await release('evt_1', { reason: 'x', occurred_at: 'yesterday' })).status).toBe(400);
    expect(await release('evt_none', { reason: 'x' })).toMatchObject({ status: 422 });
    const said = { reason: 'the clock was wrong', occurred_at: '2026-11-01T12:00:00Z' };
    expect(await release('evt_1', said)).toMatchObject({ status: 200, answer: { id: 'evt_1', state: 'pending' } });
    expect((await ask('/ledger/stuck-usage?tenant=beta')).answer).toEqual({ usage: [] });
  });

  it('say what an open month adds up to now', async () => {
    await ask('/ledger/transactions', { ...WHO, kind: 'credit', amount: '2', reference: 'ticket 1', for: '2026-10' });
    expect((await ask('/periods/2026-10?tenant=acme')).answer).toMatchObject({
      ...{ status: 'open', totals: { transactions: 1, booked: { 'tenant_charge/credit': '-2' } } },
    });
  });

  it('say whether they were changed since they were booked, and where', async () => {
    const booking = { ...WHO, tenant: 'beta', kind: 'credit', amount: '1', reference: 'ticket 7', for: '2026-10' };
    const { answer: row } = await ask('/ledger/transactions', booking);
    const verify = '/ledger/verify?tenant=beta&period=2026-10';
    const head = row['chainHash'];
    const chain = { period: '2026-10', rows: 1, head };
    expect((await ask(verify)).answer).toEqual({
      ...{ complete: true, whole: true, chains: [{ ...chain, tenantId: row['tenantId'], broken: null }] },
    });
    for (const sql of [
      'ALTER TABLE ledger_transaction DISABLE TRIGGER USER',
      `UPDATE ledger_transaction SET reason = 'another' WHERE id = '${String(row['id'])}'`,
      'ALTER TABLE ledger_transaction ENABLE TRIGGER USER',
    ])
      await postgres.db.$executeRaw`${Prisma.raw(sql)}`;
    expect((await ask(verify)).answer).toMatchObject({
      ...{ whole: false, chains: [{ ...chain, broken: { number: 1, id: row['id'] } }] },
    });
  });

  it('rate again what is booked, and book nothing unless told', async () => {
    const range = { ...WHO, from: '2026-09-01', to: '2026-10-01' };
    expect(await ask('/ledger/rerate', range)).toEqual({
      ...{ status: 200, type: 'application/json; charset=utf-8' },
      answer: { complete: true, dry_run: true, currency: 'USD', looked_at: 0, without_price: 0, changes: [] },
    });
    expect((await ask('/ledger/rerate', { ...range, dry_run: false })).answer).toMatchObject({ dry_run: false });
  });

  const credit = { ...WHO, kind: 'credit', amount: '1', reference: 'r' };
  it.each<[string, { path: string; body: unknown; status: number; words: string }]>([
    ['no reason', { path: '/ledger/transactions', body: { ...credit, reason: ' ' }, status: 400, words: 'reason' }],
    [
      'a number as amount',
      { path: '/ledger/transactions', body: { ...credit, amount: 1 }, status: 400, words: 'amount' },
    ],
    [
      'a negative credit',
      { path: '/ledger/transactions', body: { ...credit, amount: '-1' }, status: 422, words: 'positive' },
    ],
    [
      'an unknown tenant',
      { path: '/periods/2026-08/close', body: { tenant: 'no', actor: 'ann' }, status: 404, words: '"no"' },
    ],
    [
      'no month',
      { path: '/periods/2026-13/close', body: { tenant: 'acme', actor: 'ann' }, status: 400, words: '2026-11' },
    ],
    [
      'a range that ends before it begins',
      {
        path: '/ledger/rerate',
        body: { ...WHO, from: '2026-11-02', to: '2026-11-01' },
        status: 400,
        words: 'before to',
      },
    ],
    ['all chains at once', { path: '/ledger/verify', body: undefined, status: 400, words: 'command line' }],
    [
      'a name with a NUL',
      {
        path: '/periods/2026-08/soft-close',
        body: { tenant: 'acme', actor: 'a\0b' },
        status: 400,
        words: 'actor holds',
      },
    ],
    [
      'half a character in a reason',
      { path: '/ledger/transactions', body: { ...credit, reason: 'a\ud800' }, status: 400, words: 'reason holds' },
    ],
    [
      'a NUL in a path',
      {
        path: '/ledger/transactions/txn_%00/reverse',
        body: { actor: 'a', reason: 'r' },
        status: 400,
        words: 'id holds',
      },
    ],
    ['a NUL in a query', { path: '/ledger/balance?tenant=a%00', body: undefined, status: 400, words: 'tenant holds' }],
    [
      'no transaction',
      { path: '/ledger/transactions/txn_x/reverse', body: { actor: 'a', reason: 'r' }, status: 422, words: 'txn_x' },
    ],
  ])('refuse %s with a problem that says what to do', async (_name, { path, body, status, words }) => {
    const refused = await ask(path, body);
    expect(refused).toMatchObject({ status, type: 'application/problem+json; charset=utf-8' });
    expect(refused.answer['detail']).toContain(words);
  });

  it('are shut to whoever is not signed in', async () => {
    for (const [path, body] of [
      ['/ledger/transactions', { ...WHO, kind: 'credit', amount: '1', reference: 'r' }],
      ['/ledger/balance?tenant=acme', undefined],
      ['/ledger/verify?tenant=acme', undefined],
      ['/ledger/rerate', { ...WHO, from: '2026-09-01', to: '2026-10-01' }],
      ['/periods/2026-08/approve', { tenant: 'acme', actor: 'bob' }],
    ] as const)
      expect((await ask(path, body, 'another')).status).toBe(401);
  });
});
