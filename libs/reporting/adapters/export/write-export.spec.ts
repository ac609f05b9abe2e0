// Exports out of a real ledger: the same bytes twice, totals that are the books, and nothing that a spreadsheet runs.
import { jest } from '@jest/globals';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mintId, parseAmount, ZERO, type TenantId } from '@trunkline/kernel';
import { Prisma, withSnapshot } from '@trunkline/platform/database';
import { parquetMetadata } from 'hyparquet';
import { eventually } from '../../../../test/support/poll.js';
import { startTestPostgres, type TestPostgres } from '../../../../test/support/postgres.js';
import { assignCostCentre, reconciliationLines, saveCostCentre } from '../prisma/index.js';
import { statementPage } from '../html/index.js';
import { ExportOptions, statementCsv, statementJson } from '../../index.js';
import {
  bookByHand,
  closePeriod,
  csvCells,
  KEY,
  loadPriceBook,
  nameTenant,
  OTHER_TENANT,
  postUsage,
  PRICES,
  rerate,
  storeDerivedPrices,
  TENANT,
  updateCompany,
  usageAt,
} from '../../test/books.js';
import { EXPORT_FORMATS, formatNamed, writeExport, writeStatement } from './index.js';

// A real server on a machine that may be busy with other tests.
jest.setTimeout(120_000);

let postgres: TestPostgres;
let root: string;
beforeAll(async () => {
  postgres = await startTestPostgres();
  root = await mkdtemp(join(tmpdir(), 'trunkline-export-'));
  const { db } = postgres;
  await nameTenant(db, TENANT, 'acme', 'Acme "West", GmbH');
  await nameTenant(db, OTHER_TENANT, 'beta', 'Beta');
  await db.apiKey.create({
    data: {
      id: KEY,
      tenantId: TENANT,
      name: 'prod',
      hmac: 'a'.repeat(64),
      prefix: 'tl_',
      last4: 'abcd',
      models: [],
      origins: [],
    },
  });
  await saveCostCentre(db, { code: 'CC-1', name: 'Voice', owner: 'Ada', glAccount: '6400' });
  await saveCostCentre(db, { code: 'CC-2', name: 'Sales', owner: 'Bob', glAccount: '6500' });
  await saveCostCentre(db, { code: 'CC-3', name: 'Of nobody', owner: 'Eve', glAccount: '6600' });
  await assignCostCentre(db, { tenantId: TENANT, keyId: null }, { code: 'CC-1', effectiveFrom: '2026-10-01' }, 'ada');
  await assignCostCentre(db, { tenantId: TENANT, keyId: null }, { code: 'CC-2', effectiveFrom: '2026-10-16' }, 'ada');
  await postUsage(db, [
    usageAt('2026-10-10T10:00:00Z', { input_text: 1_234_567n, output_audio: 100n }),
    { ...usageAt('2026-10-20T10:00:00Z', { input_text: 1n, transcription_seconds: 7n }), causedBy: 'policy' },
    usageAt('2026-10-31T23:59:59Z', { output_audio: 5n }, OTHER_TENANT),
    usageAt('2026-11-05T00:00:00Z', { output_audio: 1n }),
  ]);
  await comparedWith('2026-10-31', new Date('2026-11-08'));
  await closePeriod(db, TENANT, '2026-10');
  await closePeriod(db, OTHER_TENANT, '2026-10');
});
afterAll(async () => {
  await postgres.stop();
  await rm(root, { recursive: true, force: true });
});

const comparedWith = async (day: string, ranAt: Date): Promise<void> => {
  const id = `rec_${day}_${ranAt.getTime()}`;
  await postgres.db.reconciliationRun.create({
    data: {
      ...{ id, poolId: 'pool_1', day: new Date(day), stage: 'final', trigger: 'manual', actor: 'ada', ranAt },
      ...{ compared: 1, equal: 0, unbooked: 0, oursCost: 1, unexplained: 1, alarming: true },
    },
  });
  const difference = { class: 'lost_usage', ours: 1, estimated: 0, theirs: 2, difference: 1 };
  await postgres.db.reconciliationDifference.create({ data: { runId: id, line: 1, ...difference } });
};

let runs = 0;
const run = async (id: string, over: { period?: '2026-10' | '2026-11'; options?: object } = {}) => {
  const format = formatNamed(id);
  if (!format) throw new Error(`no format ${id}`);
  const dir = join(root, `run-${++runs}`);
  const request = {
    format,
    period: over.period ?? '2026-10',
    tenantId: null,
    options: ExportOptions.parse(over.options ?? {}),
  };
  const written = await writeExport({ db: postgres.db, databaseUrl: postgres.url }, request, dir);
  const bytes = async (part: string): Promise<Buffer> => {
    const name = (await readdir(dir)).find((each) => each.includes(part));
    if (name === undefined) throw new Error(`no file ${part} in ${dir}`);
    return readFile(join(dir, name));
  };
  return { ...written, dir, bytes, text: async (part: string) => (await bytes(part)).toString('utf8') };
};
const table = (text: string, separator = ','): Record<string, string>[] => {
  const [header = [], ...rows] = csvCells(text, separator);
  return rows.map((row) => Object.fromEntries(header.map((name, i) => [name, row[i] ?? ''])));
};

// A server that is brought up to date with months that closed before: the migrations keep what the closes would have kept.
it('months that closed before a release have what their papers showed', async () => {
  const { db } = postgres;
  const kept = async () => ({
    names: await db.$queryRaw`SELECT tenant_id, period, directory FROM period_directory ORDER BY 1, 2`,
    company: await db.$queryRaw`SELECT period, name, billing_account_id, time_zone FROM period_company ORDER BY 1`,
    runs: await db.$queryRaw`SELECT * FROM period_reconciliation ORDER BY 1, 2`,
    centres: await db.$queryRaw`SELECT * FROM period_cost_centre ORDER BY 1, 2`,
  });
  const tables = ['period_directory', 'period_company', 'period_reconciliation', 'period_cost_centre'];
  const run = (sql: string) => db.$executeRaw(Prisma.raw(sql));
  const before = await kept();
  expect(Object.values(before).map((rows) => Array.isArray(rows) && rows.length)).toEqual([2, 1, 1, 3]);
  for (const table of tables) await run(`ALTER TABLE ${table} DISABLE TRIGGER USER`);
  for (const table of tables) await run(`TRUNCATE ${table}`);
  for (const name of ['20261128094100_freeze_at_close', '20261128104100_runs_of_a_close']) {
    const migration = await readFile(`prisma/migrations/${name}/migration.sql`, 'utf8');
    // Statements at the beginning of a line: what functions do is indented.
    const fills = migration.match(/^(SELECT|INSERT)[^;]+;/gm) ?? [];
    expect(fills.length).toBeGreaterThan(0);
    for (const fill of fills) await run(fill);
  }
  for (const table of tables) await run(`ALTER TABLE ${table} ENABLE TRIGGER USER`);
  expect(await kept()).toEqual(before);
});

describe.each(EXPORT_FORMATS.map(({ id }) => id))('an export as %s', (id) => {
  it('of an open month says PRELIMINARY', async () => {
    const { manifest } = await run(id, { period: '2026-11' });
    expect(manifest.status).toBe('PRELIMINARY');
    expect(manifest.files.every((file) => file.name.includes('PRELIMINARY'))).toBe(true);
  });

  it('has control totals that are the ledger', async () => {
    const { manifest } = await run(id);
    const sums = await postgres.db.ledgerTransaction.groupBy({
      by: ['purpose'],
      where: { period: '2026-10' },
      _sum: { total: true },
    });
    const of = (purpose: string) => sums.find((sum) => sum.purpose === purpose)?._sum.total?.toString();
    expect(manifest.totals).toEqual({ USD: { charge: of('tenant_charge'), providerCost: of('provider_cost') } });
  });
});

describe('cost centres in an export', () => {
  it('follow a move in the middle of the month, and what belongs to none has its line', async () => {
    const { text, manifest } = await run('gl');
    expect(Object.keys(manifest.costCentres)).toEqual(['CC-1', 'CC-2', 'UNASSIGNED']);
    const lines = table(await text('gl.csv')).map((row) => [row['cost_centre'], row['gl_account'], row['amount']]);
    expect(lines).toEqual([
      ['CC-1', '6400', '4.94'],
      ['CC-2', '6500', '0.00'],
      ['UNASSIGNED', 'UNASSIGNED', '0.00'],
      // What the two last ones have beyond the cent, so that the file comes to the month's total.
      ['ROUNDING', 'ROUNDING', '0.01'],
    ]);
  });
});

describe('the charges', () => {
  const charges = async (options: object = {}) => (await run('excel-csv', { options })).text('charges-excel');

  it('for programs are exact and unchanged', async () => {
    const rows = table(await (await run('csv')).text('charges.csv'));
    expect(rows[0]).toMatchObject({ day: '2026-10-10', quantity: '1234567', charge: '4.938268', status: 'FINAL' });
    expect(rows.some((row) => row['tenant']?.startsWith('Acme "West", GmbH'))).toBe(true);
  });

  it('for Excel have a byte order mark, the separator and the decimal sign that were asked for', async () => {
    const text = await charges({ separator: ';', decimalComma: true });
    expect(text.startsWith('\uFEFFstatus;period')).toBe(true);
    const [row] = table(text.slice(1), ';');
    expect(row).toMatchObject({ charge: '4,938268', charge_exact: 'USD 4.938268' });
  });
});

describe('usage events', () => {
  it('are one row each, in CSV and in Parquet', async () => {
    const csv = table(await (await run('usage-csv')).text('usage.csv'));
    expect(csv).toHaveLength(3);
    expect(csv[0]).toMatchObject({ input_text: '1234567', output_audio: '100', charge: '4.944668' });
    expect(csv.map((row) => row['caused_by']).sort()).toEqual(['', '', 'policy']);
    const parquet = await (await run('usage-parquet')).bytes('usage.parquet');
    const buffer = parquet.buffer.slice(parquet.byteOffset, parquet.byteOffset + parquet.byteLength);
    expect(parquetMetadata(buffer as ArrayBuffer).num_rows).toBe(3n);
  });
});

describe('the workbook', () => {
  it('shows what reconciliation had found when the month was closed, and nothing that was stored later', async () => {
    const first = await run('xlsx');
    const shown = await withSnapshot(postgres.url, (snapshot) =>
      reconciliationLines(snapshot, { period: '2026-10', isClosed: true }),
    );
    expect(shown.map(({ day, kind }) => [day, kind])).toEqual([['2026-10-31', 'lost_usage (final)']]);
    await comparedWith('2026-10-10', new Date());
    expect((await run('xlsx')).sha256).toBe(first.sha256);
    // Begun before the close, stored after it.
    await comparedWith('2026-10-11', new Date('2026-10-13'));
    expect((await run('xlsx')).sha256).toBe(first.sha256);
    const open = await run('xlsx', { period: '2026-11' });
    await comparedWith('2026-11-05', new Date());
    expect((await run('xlsx', { period: '2026-11' })).sha256).not.toBe(open.sha256);
  });
});

describe('a closed month', () => {
  const NEWCOMER = mintId('tnt', 1, (n) => new Uint8Array(n).fill(3));
  const LATE = mintId('tnt', 1, (n) => new Uint8Array(n).fill(4));
  const CENT = parseAmount('0.01') ?? ZERO;
  const AGREED = { actor: 'ada', reason: 'agreed' };
  const books = () => ({ db: postgres.db, databaseUrl: postgres.url });
  const papers = async (): Promise<Record<string, string>> => {
    const found: Record<string, string> = {};
    for (const { id } of EXPORT_FORMATS) {
      const { sha256, manifest } = await run(id);
      expect([id, manifest.status]).toEqual([id, 'FINAL']);
      found[id] = sha256;
    }
    for (const whose of [
      { tenantId: TENANT },
      { tenantId: OTHER_TENANT },
      { costCentre: 'CC-1' },
      { costCentre: 'CC-3' },
    ]) {
      const statement = await writeStatement(books(), { period: '2026-10', ...whose });
      if (statement === null) throw new Error('no statement');
      found[JSON.stringify(whose)] = statementJson(statement) + statementCsv(statement) + statementPage(statement);
    }
    return found;
  };

  it('of which a tenant has nothing, since it came later, is final for it too', async () => {
    const { db } = postgres;
    const data = { id: LATE, slug: 'late', name: 'Late', status: 'active', createdAt: new Date('2026-11-20') };
    await db.tenant.create({ data });
    const status = async (tenantId: TenantId): Promise<unknown> =>
      (await writeStatement(books(), { period: '2026-10', tenantId }))?.directory.tenants.get(tenantId)?.standing
        .status;
    expect([await status(LATE), await status(TENANT)]).toEqual(['closed', 'closed']);
    await db.tenant.delete({ where: { id: LATE } });
  });

  const credit = (tenantId: TenantId) => ({
    ...({ kind: 'credit', tenantId, amount: CENT, usagePeriod: '2026-10', reference: 'late' } as const),
    because: AGREED,
  });

  it('has the same bytes for ever, whatever was renamed, booked, priced or founded since', async () => {
    const { db } = postgres;
    const before = await papers();
    expect(
      await updateCompany(db, { name: 'Another GmbH', billingAccountId: 'org-2', timeZone: 'Etc/UTC' }),
    ).toMatchObject({ ok: true });
    await nameTenant(db, TENANT, 'acme-2', 'Renamed');
    await db.apiKey.update({ where: { id: KEY }, data: { name: 'renamed' } });
    for (const code of ['CC-1', 'CC-3', 'CC-4'])
      await saveCostCentre(db, { code, name: 'Renamed', owner: 'Eve', glAccount: '1' });
    await nameTenant(db, NEWCOMER, 'new', 'New');
    for (const tenantId of [TENANT, NEWCOMER])
      expect(await bookByHand(db, credit(tenantId))).toMatchObject({ ok: true });
    const late = [TENANT, NEWCOMER].map((tenantId) => usageAt('2026-10-15T00:00:00Z', { input_text: 9n }, tenantId));
    const cheaper = PRICES.slice(0, 1).map((row) => ({ ...row, price: '2', effectiveFrom: '2026-10-02' }));
    await postUsage(db, late, cheaper);
    const prices = { books: (await loadPriceBook(db)).books, storeDerived: storeDerivedPrices };
    const again = rerate(db, { fromMs: 0, toMs: Date.parse('2026-11-01'), prices, because: AGREED, dryRun: false });
    if (!again.ok) throw new Error(again.error.message);
    for await (const page of again.value) expect(page.unpriced).toEqual([]);
    await postgres.crash();
    await postgres.restart();
    expect(await papers()).toEqual(before);
    // Nor is there a paper of what came after the close.
    expect(await writeStatement(books(), { period: '2026-10', costCentre: 'CC-4' })).toBeNull();
    const inNovember = table(await (await run('csv', { period: '2026-11' })).text('charges'));
    const ofOctober = inNovember.filter((row) => row['usage_period'] === '2026-10');
    const shown = new Set(ofOctober.map((row) => `${row['tenant']} ${row['kind']}`));
    expect([...shown].sort()).toEqual(['New correction', 'New credit', 'Renamed correction', 'Renamed credit']);
  });

  it('keeps what things were called when it closed, before anybody exported it', async () => {
    const { db } = postgres;
    // Somebody assigns while it closes: that waits, and is told.
    const late = { code: 'CC-1', effectiveFrom: '2026-11-20' };
    const assigning: ReturnType<typeof assignCostCentre>[] = [];
    await db.$transaction(async (tx) => {
      await closePeriod(tx, TENANT, '2026-11');
      assigning.push(db.$transaction((own) => assignCostCentre(own, { tenantId: TENANT, keyId: null }, late, 'ada')));
      await eventually('an assignment that waits', async () => {
        const waiting: unknown[] = await db.$queryRaw`SELECT FROM pg_locks WHERE NOT granted`;
        return waiting.length > 0 ? true : null;
      });
    });
    expect(await Promise.all(assigning)).toMatchObject([{ ok: false, error: { code: 'does_not_hold' } }]);
    await nameTenant(db, TENANT, 'acme-3', 'Too late');
    await updateCompany(db, { name: 'Too late' });
    const { directory } = (await writeStatement(books(), { period: '2026-11', tenantId: TENANT })) ?? {};
    expect([directory?.company.name, directory?.tenants.get(TENANT)?.name]).toEqual(['Another GmbH', 'Renamed']);
    expect(directory?.tenants.get(TENANT)?.assignments.map(({ code }) => code)).toEqual(['CC-1', 'CC-2']);
  });
});

describe('what fails', () => {
  it('leaves nothing behind', async () => {
    const dir = join(root, 'aborted');
    const format = formatNamed('csv');
    if (!format) throw new Error('no csv');
    const request = { format, period: '2026-10', tenantId: null, options: ExportOptions.parse({}) } as const;
    const books = { db: postgres.db, databaseUrl: postgres.url };
    await expect(writeExport(books, request, dir, { signal: AbortSignal.abort(new Error('stop')) })).rejects.toThrow(
      'stop',
    );
    expect((await readdir(root)).filter((name) => name.startsWith('aborted'))).toEqual([]);
  });
});
