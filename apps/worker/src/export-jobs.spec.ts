import { jest } from '@jest/globals';
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '../../../test/support/poll.js';
import { startTestPostgres, type TestPostgres } from '../../../test/support/postgres.js';
import { mintId, parseAmount, ZERO, type TenantId } from '@trunkline/kernel';
import { bookByHand, closePeriod, softClosePeriod, waiveCheck } from '@trunkline/ledger/adapters/prisma';
import { openDatabase, type Database } from '@trunkline/platform/database';
import { Jobs } from '@trunkline/platform/jobs';
import { openLog } from '@trunkline/platform/logging';
import { Shutdown } from '@trunkline/platform/shutdown';
import { Metrics } from '@trunkline/telemetry/adapters/prom';
import {
  EXPORT_FORMATS,
  folderOf,
  performRun,
  purgeRuns,
  type ExportPlace,
} from '@trunkline/reporting/adapters/export';
import {
  createSchedule,
  exportTrouble,
  findExport,
  finishRun,
  listExports,
  noteProgress,
  requestDueRuns,
  requestRun,
  startRun,
} from '@trunkline/reporting/adapters/prisma';
import { startExportJobs } from './export-jobs.js';

// A real server on a machine that may be busy with other tests.
jest.setTimeout(60_000);

const FORMATS = EXPORT_FORMATS.map(({ id }) => id);
const NOON = Date.parse('2026-11-21T12:00:00Z');

let postgres: TestPostgres;
let place: ExportPlace;
let delivered: string;
const metrics = new Metrics();
const shutdown = new Shutdown(() => undefined);

beforeAll(async () => {
  postgres = await startTestPostgres();
  const { db, url: databaseUrl } = postgres;
  const dir = await mkdtemp(join(tmpdir(), 'trunkline-exports-'));
  delivered = await mkdtemp(join(tmpdir(), 'trunkline-delivered-'));
  place = { db, databaseUrl, dir, s3: null };
  const log = openLog('silent', process.stderr);
  const jobs = new Jobs({ databaseUrl, redisUrl: null }, log, shutdown);
  await startExportJobs({ jobs, place, keepDays: 1, log, metrics, nowMs: () => NOON, lookMs: 100 });
});
afterAll(async () => {
  await shutdown.run();
  await postgres.stop();
  await rm(place.dir, { recursive: true, force: true });
  await rm(delivered, { recursive: true, force: true });
});

const ask = async (format = 'csv', period = '2026-10', { formats = FORMATS, byWorker = true } = {}) => {
  const request = { format, period, tenantId: null, options: {}, requestedBy: 'ada', byWorker };
  const asked = await requestRun(place.db, request, formats);
  if (!asked.ok) throw new Error(asked.error.message);
  return asked.value.id;
};
const doneRun = (id: string) =>
  eventually(
    'the export is done',
    async () => {
      const run = await findExport(place.db, id);
      return run?.status === 'done' ? run : null;
    },
    20_000,
  );

describe('exports in the background', () => {
  it('are made when somebody asked for one', async () => {
    const run = await doneRun(await ask());
    expect(run.manifest?.files.map(({ name }) => name)).toEqual(await readFiles(run.id));
    expect(run.sha256).toMatch(/^[0-9a-f]{64}$/);
  });

  it('never change once they are done', async () => {
    const { id } = await doneRun(await ask());
    const update = place.db.$executeRaw`UPDATE export_run SET requested_by = 'eve' WHERE id = ${id}`;
    await expect(update).rejects.toThrow(/stays as it is/);
    await expect(place.db.exportRun.delete({ where: { id } })).rejects.toThrow();
  });

  it('are made once for each occasion of a schedule, and delivered', async () => {
    const target = { kind: 'folder', path: delivered };
    const request = { format: 'gl', tenantId: null, options: {}, cadence: 'daily', target, createdBy: 'ada' };
    const schedule = await createSchedule(place.db, request, FORMATS);
    if (!schedule.ok) throw new Error(schedule.error.message);
    await eventually(
      'the delivery',
      async () => ((await readdir(delivered)).some((name) => !name.endsWith('.partial')) ? true : null),
      20_000,
    );
    const occasions = await place.db.exportOccasion.findMany({ where: { scheduleId: schedule.value.id } });
    expect(occasions.map(({ occasion }) => occasion)).toEqual(['2026-11-21']);
    const runs = (await listExports(place.db, 50)).filter(({ scheduleId }) => scheduleId === schedule.value.id);
    expect(runs.map(({ period }) => period)).toEqual(['2026-11']);
    expect(await readdir(delivered)).toEqual([`2026-11-gl-${runs[0]?.id}`]);
  });

  it('come after the close once, and final: a tenant without usage whose month is open is waited for', async () => {
    const databaseUrl = await postgres.createDatabase();
    const db = openDatabase(databaseUrl, { poolMax: 2 });
    const books = { ...place, db, databaseUrl };
    try {
      const [busy, idle] = await Promise.all(['busy', 'idle'].map((slug) => tenantOf(db, slug)));
      if (busy === undefined || idle === undefined) throw new Error('no tenants');
      const because = { actor: 'ann', reason: 'test' };
      const credit = { kind: 'credit', tenantId: busy, amount: parseAmount('5') ?? ZERO, reference: 'one' } as const;
      expect((await bookByHand(db, { ...credit, because, usagePeriod: '2026-10' })).ok).toBe(true);
      const of = { format: 'gl', tenantId: null, options: {}, target: null, createdBy: 'ada' };
      for (const tenantId of [null, busy, idle])
        expect((await createSchedule(db, { ...of, tenantId, cadence: 'after_close' }, FORMATS)).ok).toBe(true);
      const close = async (tenantId: TenantId) => {
        const step = { tenantId, period: '2026-10', actor: 'ann' } as const;
        expect(await softClosePeriod(db, step)).toMatchObject({ ok: true });
        for (const check of ['grace', 'reconciled'] as const) await waiveCheck(db, { ...step, check, because });
        expect(await closePeriod(db, { ...step, step: 'single_person' })).toMatchObject({ ok: true });
      };
      await close(busy);
      expect(await requestDueRuns(db, NOON, FORMATS)).toEqual({ asked: 1, refused: [] });
      await close(idle);
      expect(await requestDueRuns(db, NOON, FORMATS)).toEqual({ asked: 1, refused: [] });
      expect(await requestDueRuns(db, NOON, FORMATS)).toEqual({ asked: 0, refused: [] });
      // Of the idle tenant there is nothing to deliver.
      const runs = await listExports(db, 5);
      expect(runs.map(({ tenantId }) => tenantId)).toEqual([null, busy]);
      for (const { id } of runs)
        expect((await performRun(books, id))?.manifest).toMatchObject({ period: '2026-10', status: 'FINAL' });
    } finally {
      await db.$disconnect();
    }
  });

  it('are taken up again when they failed, later each time, and say so meanwhile', async () => {
    const id = await ask('of tomorrow', '2026-10', { formats: ['of tomorrow'] });
    const failed = await eventually('the first try', async () => {
      const run = await findExport(place.db, id);
      return run?.status === 'failed' ? run : null;
    });
    expect(failed).toMatchObject({ attempts: 1, problem: 'this release knows no format of tomorrow' });
    expect(failed.nextTryAtMs).toBeGreaterThan(failed.finishedAtMs ?? Infinity);
    expect((await exportTrouble(place.db)).runs).toEqual({ retrying: 1, failed: 0 });
    await place.db
      .$executeRaw`UPDATE export_run SET format = 'csv', finished_at = now() - interval '1 hour' WHERE id = ${id}`;
    expect(await doneRun(id)).toMatchObject({ attempts: 2, nextTryAtMs: null, problem: null });
    expect(await metrics.scrape()).toContain('trunkline_export_tries_total{what="run",result="failed"} 1');
  });

  it('are given up after enough tries, for a person to see', async () => {
    const id = await ask('csv', '2026-10', { byWorker: false });
    await place.db
      .$executeRaw`UPDATE export_run SET status = 'failed', by_worker = true, attempts = 30, finished_at = now() WHERE id = ${id}`;
    expect(await findExport(place.db, id)).toMatchObject({ status: 'failed', nextTryAtMs: null });
    expect((await exportTrouble(place.db)).runs).toEqual({ retrying: 0, failed: 1 });
    await place.db.$executeRaw`UPDATE export_run SET finished_at = now() - interval '8 days' WHERE id = ${id}`;
    expect((await exportTrouble(place.db)).runs).toEqual({ retrying: 0, failed: 0 });
  });

  it('are made by another when their process is gone, and the one that was taken for dead changes nothing', async () => {
    const id = await ask('csv', '2026-10', { byWorker: false });
    const lost = await startRun(place.db, id);
    if (lost === null) throw new Error('not started');
    expect(await startRun(place.db, id)).toBeNull();
    await mkdir(`${folderOf(place, id)}.1.partial`);
    await place.db
      .$executeRaw`UPDATE export_run SET alive_at = now() - interval '1 minute', by_worker = true WHERE id = ${id}`;
    const { manifest, sha256 } = await doneRun(id);
    if (manifest === null || sha256 === null) throw new Error('not done');
    expect(await noteProgress(place.db, lost, 7)).toBe(false);
    const other = { manifest: { ...manifest, rows: 7 }, sha256: sha256.replaceAll('a', 'b') };
    expect(await place.db.$transaction((tx) => finishRun(tx, lost, other))).toBe(false);
    expect(await findExport(place.db, id)).toMatchObject({ attempts: 2, sha256 });
    expect((await readdir(place.dir)).filter((name) => name.startsWith(id))).toEqual([id]);
  });

  it('that somebody made at a terminal which is gone have failed, and no worker makes them', async () => {
    const id = await ask('csv', '2026-10', { byWorker: false });
    await startRun(place.db, id);
    await place.db.$executeRaw`UPDATE export_run SET alive_at = now() - interval '1 minute' WHERE id = ${id}`;
    const failed = await eventually('it is said', async () => {
      const run = await findExport(place.db, id);
      return run?.status === 'failed' ? run : null;
    });
    expect(failed).toMatchObject({ attempts: 1, nextTryAtMs: null, problem: expect.stringContaining('ended') });
  });

  it('are delivered after an outage, as they were made, and no try of it is lost', async () => {
    const target = { kind: 'folder', path: join(delivered, 'away') };
    await writeFile(target.path, 'not a folder');
    const request = { format: 'csv', tenantId: null, options: {}, cadence: 'daily', target, createdBy: 'ada' };
    const schedule = await createSchedule(place.db, request, FORMATS);
    if (!schedule.ok) throw new Error(schedule.error.message);
    const ofSchedule = async () =>
      (await listExports(place.db, 50)).find(({ scheduleId }) => scheduleId === schedule.value.id) ?? null;
    const inState = (state: string) =>
      eventually(
        state,
        async () => {
          const run = await ofSchedule();
          return run?.delivery?.state === state ? run : null;
        },
        30_000,
      );
    const failed = await inState('retrying');
    expect(failed.delivery).toMatchObject({ failures: 1, nextTryAtMs: expect.any(Number) });
    expect((await exportTrouble(place.db)).deliveries).toEqual({ retrying: 1, failed: 0 });
    await rm(target.path);
    const { id, sha256, delivery } = await inState('delivered');
    expect(delivery).toMatchObject({ failures: 1, detail: join(target.path, `2026-11-csv-${id}`) });
    const manifest = await readFile(join(target.path, `2026-11-csv-${id}`, 'manifest.json'));
    expect(createHash('sha256').update(manifest).digest('hex')).toBe(sha256);
    expect((await exportTrouble(place.db)).deliveries).toEqual({ retrying: 0, failed: 0 });
  });

  it('of a schedule that cannot be are said, and keep no other from being asked for', async () => {
    const databaseUrl = await postgres.createDatabase();
    const db = openDatabase(databaseUrl, { poolMax: 2 });
    try {
      const of = { tenantId: null, options: {}, target: null, createdBy: 'ada', cadence: 'daily' };
      for (const format of ['of old', 'csv']) await createSchedule(db, { ...of, format }, ['of old', 'csv']);
      expect(await requestDueRuns(db, NOON, FORMATS)).toMatchObject({
        ...{ asked: 1, refused: [{ why: expect.stringContaining('format must be') }] },
      });
    } finally {
      await db.$disconnect();
    }
  });

  it('lose their files after the days that they are kept, and nothing else', async () => {
    const { id, sha256 } = await doneRun(await ask());
    await purgeRuns(place, Date.now() + 60_000);
    await expect(readdir(folderOf(place, id))).rejects.toThrow('ENOENT');
    expect(await findExport(place.db, id)).toMatchObject({ sha256, status: 'done', purgedAtMs: expect.any(Number) });
  });

  it.each([
    ['a format that does not exist', 'pdf', '2026-10', /format must be one of/],
    ['a month that is none', 'csv', '2026-13', /period must be a month/],
  ])('are refused for %s', async (_name, format, period, message) => {
    await expect(ask(format, period)).rejects.toThrow(message);
  });
});

async function tenantOf(db: Database, slug: string): Promise<TenantId> {
  const id = mintId('tnt', Date.parse('2026-09-01'), randomBytes);
  await db.tenant.create({ data: { id, slug, name: slug, status: 'active', createdAt: new Date('2026-09-01') } });
  return id;
}

async function readFiles(id: Parameters<typeof folderOf>[1]): Promise<string[]> {
  return (await readdir(folderOf(place, id))).filter((name) => name !== 'manifest.json');
}
