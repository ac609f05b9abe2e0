// Exports, statements and cost centres over HTTP: who may, what is refused, and that a download link opens one file for a while.
import { jest } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startTestPostgres, type TestPostgres } from '../../../../test/support/postgres.js';
import { systemClock, trustedId } from '@trunkline/kernel';
import { openLog } from '@trunkline/platform/logging';
import { secretSeal } from '@trunkline/platform/secrets';
import { Shutdown } from '@trunkline/platform/shutdown';
import { DownloadLinks, LINK_MS } from '@trunkline/reporting';
import { performRun, type ExportPlace } from '@trunkline/reporting/adapters/export';
import { failRun, noteProgress, startRun } from '@trunkline/reporting/adapters/prisma';
import { keyHasher } from '@trunkline/tenancy';
import { createTenant } from '@trunkline/tenancy/adapters/prisma';
import { startApi, type RunningApi } from '../index.js';

// A real server on a machine that may be busy with other tests.
jest.setTimeout(60_000);

const TOKEN = 'the-token-of-the-operator';
const HOSTILE = '"><img src=x onerror=alert(1)>';
let nowMs = Date.parse('2026-11-21T12:00:00Z');
const shutdown = new Shutdown(() => undefined);

let postgres: TestPostgres;
let api: RunningApi;
let place: ExportPlace;
beforeAll(async () => {
  postgres = await startTestPostgres();
  const { db, url: databaseUrl } = postgres;
  place = { db, databaseUrl, dir: await mkdtemp(join(tmpdir(), 'trunkline-api-exports-')), s3: null };
  const clock = { nowMs: () => nowMs, monotonicMs: () => systemClock.monotonicMs() };
  const tenancy = { db, clock, randomBytes, hashKey: keyHasher('pepper-of-the-exports-spec-0123456') };
  const log = openLog('silent', process.stderr);
  const exports = { place, links: new DownloadLinks('secret') };
  const listener = { host: '127.0.0.1', port: 0, log, shutdown };
  const seal = secretSeal('pepper-of-the-exports-spec-0123456');
  const parts = { db, tenancy, seal, upstream: 'vendor' as const, lines: null, operatorToken: TOKEN, exports };
  api = await startApi({ ...parts, ...listener });
  await createTenant(tenancy, { slug: 'acme', name: HOSTILE });
});
afterAll(async () => {
  await shutdown.run();
  await postgres.stop();
  await rm(place.dir, { recursive: true, force: true });
});

const call = (path: string, init: RequestInit = {}) =>
  fetch(`${api.apiUrl}${path}`, { ...init, headers: { authorization: `Bearer ${TOKEN}`, ...init.headers } });
const json = async (answer: Response) => (await answer.json()) as Record<string, unknown>;
interface Shown {
  readonly id: string;
  readonly status: string;
  readonly links: readonly { readonly name: string; readonly href: string }[];
}
const doneExport = async (): Promise<Shown> => {
  const asked = await json(await call('/exports?format=csv&period=2026-10', { method: 'POST' }));
  await performRun(place, trustedId('exp', String(asked['id'])));
  return (await (await call(`/exports/${String(asked['id'])}`)).json()) as Shown;
};
/** Without any credentials. */
const fetchLink = (href: string) => fetch(`${api.origin}${href}`);

describe('exports over HTTP', () => {
  it('are asked for, and shown with links once they are done', async () => {
    const shown = await doneExport();
    expect(shown.status).toBe('done');
    expect(shown.links.map(({ name }) => name)).toEqual(['trunkline-2026-10-PRELIMINARY-charges.csv', 'manifest.json']);
  });

  it('say that the server still sorts until the first row has come, and then how many have', async () => {
    const asked = await json(await call('/exports?format=csv&period=2026-10', { method: 'POST' }));
    const id = trustedId('exp', String(asked['id']));
    const shown = async () => json(await call(`/exports/${id}`));
    expect(await shown()).toMatchObject({ status: 'queued', phase: null });
    const taken = await startRun(place.db, id);
    if (taken === null) throw new Error('not started');
    expect(await shown()).toMatchObject({ status: 'running', phase: 'sorting', progressRows: 0 });
    await noteProgress(place.db, taken, 5_000);
    expect(await shown()).toMatchObject({ status: 'running', phase: 'writing', progressRows: 5_000 });
    await performRun(place, id);
    expect(await shown()).toMatchObject({ status: 'running', attempts: 1 });
    await failRun(place.db, taken, 'no space left on device');
    expect(await shown()).toMatchObject({ status: 'failed', problem: 'no space left on device', phase: null });
    const again = () => call(`/exports/${id}/retry`, { method: 'POST' });
    expect(await json(await again())).toMatchObject({ status: 'queued', attempts: 0, nextTryAt: null });
    // The number of a try is never given twice.
    expect(await startRun(place.db, id)).toEqual({ id, attempt: 2 });
    expect(await noteProgress(place.db, taken, 9)).toBe(false);
    await failRun(place.db, { id, attempt: 2 }, 'again');
    await performRun(place, id);
    expect(await shown()).toMatchObject({ status: 'done', attempts: 2, phase: null, delivery: null });
    expect(await json(await again())).toMatchObject({ status: 409, code: 'export_not_failed' });
  });

  it('are asked for once under an Idempotency-Key, and not of a month that has not begun', async () => {
    const asked = async (period: string) =>
      json(
        await call(`/exports?format=csv&period=${period}`, { method: 'POST', headers: { 'idempotency-key': 'k-1' } }),
      );
    const first = await asked('2026-10');
    expect(await asked('2026-10')).toEqual(first);
    expect(await asked('2026-09')).toMatchObject({ code: 'idempotency_key_reused' });
    expect(await json(await call('/exports?format=csv&period=2999-01', { method: 'POST' }))).toMatchObject({
      ...{ status: 400, detail: 'period 2999-01 has not begun: there is nothing to export.' },
    });
  });

  it('are scheduled, and stopped, and go on', async () => {
    const send = async (path: string, body: object) => {
      const headers = { 'content-type': 'application/json' };
      const answer = await call(`/export-schedules${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
      return { status: answer.status, body: await json(answer) };
    };
    const target = { kind: 'folder', path: '/mnt/finance' };
    const made = await send('', { format: 'xlsx', cadence: 'after_close', tenant: 'acme', target });
    expect(made).toMatchObject({ status: 201, body: { cadence: 'after_close', enabled: true, target } });
    const id = String(made.body['id']);
    expect(await send(`/${id}/stop`, {})).toMatchObject({ status: 200, body: { id, enabled: false } });
    expect(await send(`/${id}/resume`, {})).toMatchObject({ status: 200, body: { id, enabled: true } });
    expect(await json(await call('/export-schedules'))).toMatchObject({ schedules: [{ id, format: 'xlsx' }] });
    expect(await send('/sched_none/stop', {})).toMatchObject({
      status: 404,
      body: { code: 'export_schedule_not_found' },
    });
    const bad = await send('', { format: 'pdf', cadence: 'hourly', target: { kind: 'ftp' } });
    expect(bad).toMatchObject({
      status: 400,
      body: { detail: expect.stringMatching(/format must.*cadence must.*a target is/) },
    });
  });

  it('are fetched by their link alone, as a file to save', async () => {
    const { links } = await doneExport();
    const answer = await fetchLink(links[0]?.href ?? '');
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-disposition')).toBe(
      'attachment; filename="trunkline-2026-10-PRELIMINARY-charges.csv"',
    );
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
    expect(await answer.text()).toMatch(/^status,period/);
  });

  it('are not fetched by a link that expired, was changed, or is of another file or run', async () => {
    const [{ id, links }, other] = [await doneExport(), await doneExport()];
    const href = links[0]?.href ?? '';
    const wrong = [
      href.replace(/expires=\d+/, `expires=${nowMs + 10 * LINK_MS}`),
      href.replace(/signature=./, (text) => (text.endsWith('A') ? 'signature=B' : 'signature=A')),
      href.replace('charges.csv', 'charges.cs'),
      href.replace(id, other.id),
      href.replace('trunkline-2026-10-PRELIMINARY-charges.csv', 'manifest.json'),
      href.replace('trunkline-2026-10-PRELIMINARY-charges.csv', '..%2F..%2Fsecret'),
      href.replace(/\?.*/, ''),
    ];
    for (const each of wrong) expect([each, (await fetchLink(each)).status]).toEqual([each, 403]);
    nowMs += LINK_MS;
    expect((await fetchLink(href)).status).toBe(403);
  });

  it.each([
    ['/exports?format=pdf&period=2026-10', 400],
    ['/exports?format=csv&period=2026-1', 400],
    ['/exports?format=excel-csv&period=2026-10&decimalComma=true', 400],
    ['/exports?format=csv&period=2026-10&tenant=nobody', 404],
  ])('are refused: POST %s', async (path, status) => {
    expect((await call(path, { method: 'POST' })).status).toBe(status);
  });

  it('are not asked for by a page of another site, nor without signing in', async () => {
    const path = '/exports?format=csv&period=2026-10';
    const foreign = await call(path, { method: 'POST', headers: { 'sec-fetch-site': 'cross-site' } });
    expect(foreign.status).toBe(403);
    expect((await fetch(`${api.apiUrl}${path}`, { method: 'POST' })).status).toBe(401);
  });
});

describe('statements over HTTP', () => {
  it('are a page that takes every name as text and brings its own style', async () => {
    const link = await fetch(api.oneTimeLink(), { redirect: 'manual' });
    const cookie = (link.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
    const page = await fetch(`${api.origin}/admin/statements/2026-11/tenants/acme`, { headers: { cookie } });
    const text = await page.text();
    expect(page.status).toBe(200);
    expect(text).toContain('PRELIMINARY');
    expect(text).not.toContain('<img');
    expect(page.headers.get('content-security-policy')).toContain("style-src 'sha256-");
  });

  it.each([
    ['json', /"object": "statement"/],
    ['csv', /^section,/],
  ])('are %s for programs', async (as, shape) => {
    expect(await (await call(`/statements/2026-11/tenants/acme?as=${as}`)).text()).toMatch(shape);
  });

  it.each([
    ['/statements/2026-11/tenants/nobody', 404],
    ['/statements/2026-11/cost-centres/CC-404', 404],
    ['/statements/november/tenants/acme', 400],
    ['/statements/2026-11/cost-centres/UNASSIGNED', 200],
  ])('of %s answer %i', async (path, status) => {
    expect((await call(path)).status).toBe(status);
  });
});

describe('cost centres over HTTP', () => {
  it('are made and assigned', async () => {
    const made = await call('/cost-centres?code=CC-1&name=Voice&owner=Ada&glAccount=6400', { method: 'POST' });
    expect(await json(made)).toEqual({ code: 'CC-1', name: 'Voice', owner: 'Ada', glAccount: '6400' });
    const path = '/cost-centres/assignments?tenant=acme&code=CC-1&from=2026-11-16';
    expect((await call(path, { method: 'POST' })).status).toBe(201);
    const shown = await json(await call('/cost-centres/assignments/acme'));
    expect(shown['assignments']).toEqual([expect.objectContaining({ code: 'CC-1', effectiveFrom: '2026-11-16' })]);
  });

  it.each([
    ['a name that a spreadsheet would run', '/cost-centres?code=CC-2&name=%3D1%2B1&owner=Ada&glAccount=6400', 400],
    ['a code that does not exist', '/cost-centres/assignments?tenant=acme&code=CC-404&from=2026-11-16', 404],
    ['a day that is none', '/cost-centres/assignments?tenant=acme&code=CC-1&from=16.11.2026', 400],
  ])('are refused with %s', async (_name, path, status) => {
    expect((await call(path, { method: 'POST' })).status).toBe(status);
  });
});
