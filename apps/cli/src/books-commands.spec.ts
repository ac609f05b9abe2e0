// The commands of finance against a real database: a month from usage to its close, its statement, its exports and the sums
// of dashboards. What the services do is for their own specs; here is what a person types and sees.
import { jest } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { mintId, parseId, systemClock, type TenantId } from '@trunkline/kernel';
import { postBatch } from '@trunkline/ledger/adapters/prisma';
import { usageEvent } from '@trunkline/metering';
import { PrismaJournalStore } from '@trunkline/metering/adapters/prisma';
import { secretSeal } from '@trunkline/platform/secrets';
import { parsePriceRows } from '@trunkline/rating';
import { importPrices, loadPriceBook, storeDerivedPrices } from '@trunkline/rating/adapters/prisma';
import { keyHasher } from '@trunkline/tenancy';
import type { PoolContext } from '@trunkline/tenancy/adapters/prisma';
import { startTestPostgres, type TestPostgres } from '../../../test/support/postgres.js';
import { addCostCentreCommands } from './cost-centre/cost-centre-commands.js';
import { addExportCommands } from './export/export-commands.js';
import { addBookingCommands } from './ledger/booking-commands.js';
import { addLedgerCommand } from './ledger/reading-commands.js';
import { addMoneyCommands } from './money-commands.js';
import type { Row } from './output.js';
import { addPeriodCommands } from './period/period-commands.js';
import { addRollupCommands } from './rollup/rollup-commands.js';
import type { RunCommand, RunOnBooks } from './run-command.js';
import { addStatementCommand } from './statement/statement-command.js';
import { addTenantCommands } from './tenant-commands.js';

// A real server on a machine that may be busy with other tests.
jest.setTimeout(60_000);

const PRICE = { model: 'voice', meter: 'input_text', unit: 'tokens', price: '4', effectiveFrom: '2026-01-01' };
const BECAUSE = '--reason agreed --actor ann';
const FROM_SEPTEMBER = '--from 2026-09-01 --to 2026-11-01';
// The days around all that was used: each is computed anew, again and again.
const DAYS_OF_USE = '--from 2026-09-10 --to 2026-10-11';
const KEY = mintId('key', 1, randomBytes);

let postgres: TestPostgres;
let context: PoolContext;
let root: string;
beforeAll(async () => {
  postgres = await startTestPostgres();
  root = await mkdtemp(join(tmpdir(), 'trunkline-cli-'));
  const pepper = 'a pepper only for tests';
  const { seal: sealUpstreamKey } = secretSeal(pepper);
  context = { db: postgres.db, clock: systemClock, randomBytes, hashKey: keyHasher(pepper), sealUpstreamKey };
  const acme = await tenantSince('acme', '2026-09-01');
  for (const slug of ['beta', 'gamma']) await tenantSince(slug, '2026-07-01');
  // A million text tokens cost 4 dollars.
  await use(acme, { '2026-09-10T12:00:00Z': 1_000_000n, '2026-10-10T12:00:00Z': 500_000n });
  await cli(`ledger prepay acme --amount 100 --for 2026-09 --reference invoice-1 ${BECAUSE}`);
  await cli('period soft-close 2026-09 --tenant acme');
  await cli(`period waive 2026-09 --tenant acme --check reconciled ${BECAUSE}`);
  await cli('period close 2026-09 --tenant acme --single-person --actor ann');
});
afterAll(async () => {
  await postgres.stop();
  await rm(root, { recursive: true, force: true });
});

/** Runs a command line as `main.ts` does. */
async function answer(line: string): Promise<readonly Row[] | string> {
  let printed: readonly Row[] | string = [];
  const program = new Command().exitOverride().configureOutput({ writeErr: () => undefined });
  const run: RunCommand = async (_, work) => void (printed = await work(context));
  const exports = { db: postgres.db, databaseUrl: postgres.url, dir: join(root, 'exports'), s3: null };
  const runOnBooks: RunOnBooks = async (_, work) => void (printed = await work({ tenancy: context, exports }));
  addTenantCommands(program, run);
  addMoneyCommands(program, run, systemClock.nowMs());
  addBookingCommands(addLedgerCommand(program, run), run);
  addPeriodCommands(program, run);
  addCostCentreCommands(program, run);
  addStatementCommand(program, runOnBooks);
  addExportCommands(program, runOnBooks);
  addRollupCommands(program, run, systemClock.nowMs());
  await program.parseAsync(line.split(' '), { from: 'user' });
  return printed;
}
const cli = async (line: string): Promise<readonly Row[]> => {
  const rows = await answer(line);
  return typeof rows === 'string' ? [] : rows;
};
const text = async (line: string): Promise<string> => {
  const written = await answer(line);
  return typeof written === 'string' ? written : JSON.stringify(written);
};
const table = (csv: string): Row[] => {
  const [header = [], ...rows] = csv
    .trim()
    .split('\r\n')
    .map((line) => line.split(','));
  return rows.map((row) => Object.fromEntries(header.map((name, i) => [name, row[i] ?? ''])));
};

async function tenantSince(slug: string, day: string): Promise<TenantId> {
  const [made] = await cli(`tenant create --name ${slug} --slug ${slug}`);
  const id = parseId('tnt', String(made?.['id']));
  if (id === null) throw new Error('no tenant was made');
  await postgres.db.tenant.update({ where: { id }, data: { createdAt: new Date(day) } });
  return id;
}

/** Journals text tokens at instants, and posts them. */
async function use(tenantId: TenantId, tokens: Readonly<Record<string, bigint>>): Promise<void> {
  const { db } = postgres;
  const versions = parsePriceRows([{ ...PRICE, source: 'test' }]);
  if (!versions.ok) throw new Error(versions.error.join());
  await importPrices(db, { versions: versions.value, aliases: [] });
  const ids = {
    keyId: KEY,
    poolId: mintId('pool', 1, randomBytes),
    replicaId: mintId('rep', 1, randomBytes),
    vendor: 'openai' as const,
  };
  const report = { kind: 'response' as const, model: 'voice', status: 'completed', vendorUsage: {}, problem: null };
  const events = Object.entries(tokens).map(([at, count]) =>
    usageEvent(
      { ...report, vendorObjectId: at, quantities: [{ meter: 'input_text', quantityMicro: count * 1_000_000n }] },
      {
        ...ids,
        sessionId: mintId('ses', 1, randomBytes),
        tenantId,
        occurredAtMs: Date.parse(at),
        evidence: 'reported',
      },
    ),
  );
  const records = events.map((event) => ({ kind: 'usage' as const, event }));
  const place = { spoolId: randomBytes(8).toString('hex'), epoch: 1, segment: 1, fromSequence: 1 };
  await new PrismaJournalStore(db).commit({ ...place, toSequence: events.length, records });
  await db.$executeRaw`UPDATE usage_event SET journalled_at = occurred_at WHERE rating_state = 'pending'`;
  const { books } = await loadPriceBook(db);
  await postBatch(db, { books, storeDerived: storeDerivedPrices });
}

describe('the commands of finance', () => {
  it.each([
    `usage ${FROM_SEPTEMBER}`,
    `costs ${FROM_SEPTEMBER}`,
    'ledger transactions --kind usage',
    'ledger balance --tenant acme',
    'ledger verify',
    'period list --tenant acme',
    'period show 2026-09',
  ])('name tenants by their slug: %s', async (line) => {
    expect([...new Set((await cli(line)).map((row) => row['tenant']))]).toEqual(['acme']);
  });

  it('show the totals of a month, sealed or as they are now', async () => {
    const [sealed] = await cli('period show 2026-09 --tenant acme');
    expect(sealed?.['what']).toMatch(/^4 bookings, chain head [0-9a-f]{64}$/);
    expect(await cli('period show 2026-10')).toMatchObject([
      { what: '2 bookings so far', amount_usd: null },
      { sum_of: 'bookings', what: 'provider_cost/usage', amount_usd: '2' },
      { sum_of: 'bookings', what: 'tenant_charge/usage', amount_usd: '2' },
      ...Array.from({ length: 4 }, () => ({ sum_of: 'account' })),
    ]);
  });

  it('take a month to its close, each refusal with its tenant', async () => {
    await expect(cli('period close 2999-01 --tenant beta')).rejects.toThrow(/beta: 2999-01 is not over: it ends/);
    await expect(cli('period close 2026-08')).rejects.toThrow(/0 done, 2 not:\nbeta: 2026-08 is open: soft-close/);
    await cli('period soft-close 2026-08');
    await expect(cli(`period waive 2026-08 --check unrated ${BECAUSE}`)).rejects.toThrow(
      /^beta: Nothing to waive.*\ngamma: Nothing to waive/,
    );
    await expect(cli(`period waive 2026-08 --check chain ${BECAUSE}`)).rejects.toThrow(/^"no row .*cannot be waived/);
    expect(await cli(`period waive 2026-08 --check reconciled ${BECAUSE}`)).toMatchObject([
      { tenant: 'beta', check: 'reconciled', covers: 1 },
      { tenant: 'gamma' },
    ]);
    await expect(cli('period approve 2026-08 --tenant beta --actor bob')).rejects.toThrow(/beta: Nobody asked/);
    expect(await cli('period close 2026-08 --single-person --actor ann')).toMatchObject([
      { tenant: 'beta', status: 'closed', approved_by: 'ann (single person)' },
      { tenant: 'gamma', status: 'closed' },
    ]);
  });

  it('write statements that add up, with what was prepaid, used and is left', async () => {
    const september = table(await text('statement --period 2026-09 --tenant acme'));
    expect(september.map((row) => [row['section'], row['amount'], row['prepaid']])).toEqual([
      ['usage', '4.00', ''],
      ['prepayment', '', '100'],
      ['prepayment', '', '-4'],
      ['prepaid_before', '', '0'],
      ['total', '4.00', '96'],
    ]);
    expect(september[0]).toMatchObject({ month_of_usage: '2026-09', booked_on: '' });
    const october = JSON.parse(await text('statement --period 2026-10 --tenant acme --as json')) as object;
    expect(october).toMatchObject({
      status: 'PRELIMINARY',
      total: { amount: '2.00' },
      prepaid: { opening: '96', received: '0', used: '0', closing: '96' },
    });
    const out = join(root, 'statement.html');
    expect(await cli(`statement --period 2026-09 --tenant acme --as html --out ${out}`)).toMatchObject([
      { file: out, status: 'FINAL' },
    ]);
    expect(await readFile(out, 'utf8')).toContain('<dt class="total">Left</dt><dd class="total">96</dd>');
    await expect(text('statement --period 2026-09')).rejects.toThrow(/--tenant or --cost-centre/);
  });

  it('say who pays inside the company, from a day on', async () => {
    const set = 'cost-centre set CC-1 --name Voice --owner Ada --gl-account 6400';
    expect(await cli(set)).toEqual([{ code: 'CC-1', name: 'Voice', owner: 'Ada', gl_account: '6400' }]);
    expect(await cli('cost-centre assign CC-1 --tenant acme --from 2026-10-01 --actor ann')).toEqual([
      { tenant: 'acme', from: '2026-10-01', key: null, cost_centre: 'CC-1', actor: 'ann' },
    ]);
    await expect(cli('cost-centre assign CC-1 --tenant acme --from 2026-09-30')).rejects.toThrow(/2026-09 is closed/);
    expect(await cli('cost-centre assignments acme')).toMatchObject([{ cost_centre: 'CC-1', actor: 'ann' }]);
    const lines = table(await text('statement --period 2026-10 --cost-centre CC-1'));
    expect(lines.at(-1)).toMatchObject({ section: 'total', amount: '2.00', prepaid: '' });
  });

  it('export a month, and never copy a file over another one unasked', async () => {
    const [first] = await cli('export run csv --period 2026-10 --actor ann');
    const [second] = await cli('export run csv --period 2026-10 --tenant acme --actor ann');
    const [one, other] = [String(first?.['run']), String(second?.['run'])];
    expect(await cli('export list')).toMatchObject([
      { id: other, tenant: 'acme', status: 'done', figures: 'PRELIMINARY', by: 'ann' },
      { id: one, tenant: 'all', status: 'done' },
    ]);
    const out = join(root, 'downloads');
    const charges = 'trunkline-2026-10-PRELIMINARY-charges.csv';
    const paths = [charges, 'manifest.json'].map((name) => join(out, name));
    for (let time = 1; time <= 2; time++)
      expect((await cli(`export download ${one} --out ${out}`)).map((row) => row['file'])).toEqual(paths);
    await writeFile(join(out, charges), 'mine');
    await expect(cli(`export download ${other} --out ${out}`)).rejects.toThrow(
      `other files of these names: ${charges}, manifest.json. Nothing was copied`,
    );
    expect(await readFile(join(out, charges), 'utf8')).toBe('mine');
    await cli(`export download ${other} --out ${out} --force`);
    expect(await readFile(join(out, charges), 'utf8')).toMatch(/^status,/);
    await expect(cli(`export download exp_x --out ${out}`)).rejects.toThrow(/there is no export exp_x/);
  });

  it('deliver an export to a folder, or say what is missing', async () => {
    const [made] = await cli('export run gl --period 2026-09 --tenant acme --actor ann');
    const deliver = `export deliver ${String(made?.['run'])}`;
    const [place] = await cli(`${deliver} --folder ${join(root, 'delivered')}`);
    expect((await readdir(String(place?.['delivered']))).sort()).toEqual(['manifest.json', 'trunkline-2026-09-gl.csv']);
    await expect(cli(`${deliver} --bucket finance`)).rejects.toThrow(/TRUNKLINE_EXPORT_S3_ENDPOINT/);
    await expect(cli(`${deliver} --bucket .`)).rejects.toThrow(/^bucket must be a bucket name$/);
    await expect(cli(deliver)).rejects.toThrow(/--folder or --bucket/);
  });

  it('keep schedules of exports', async () => {
    const [made] = await cli(`export schedule add gl --cadence after_close --tenant acme --folder ${root} --actor ann`);
    expect(made).toMatchObject({ format: 'gl', tenant: 'acme', cadence: 'after_close', enabled: 'yes', by: 'ann' });
    const id = String(made?.['id']);
    expect(await cli(`export schedule stop ${id}`)).toMatchObject([{ enabled: 'no' }]);
    expect(await cli('export schedule list')).toMatchObject([{ id, tenant: 'acme', enabled: 'no' }]);
    expect(await cli(`export schedule resume ${id}`)).toMatchObject([{ enabled: 'yes' }]);
  });

  it('verify the sums of dashboards, say which day is wrong, and put it right', async () => {
    const verify = `rollup verify ${DAYS_OF_USE}`;
    const tables = (await cli(verify)).map((row) => [row['table'], row['changed']]);
    expect(tables.length).toBeGreaterThan(1);
    expect(tables.every(([, changed]) => changed === null)).toBe(true);
    await postgres.db
      .$executeRaw`UPDATE usage_rollup_day SET tenant_charge = tenant_charge + 1 WHERE day < '2026-10-01'`;
    await expect(cli(verify)).rejects.toThrow(/2026-09-10.*rollup rebuild/);
    await cli(`rollup rebuild ${DAYS_OF_USE} --tenant acme`);
    expect((await cli(verify)).map((row) => row['changed'])).toEqual(tables.map(() => null));
  });
});

it('lists what waits for a price or a person, however long ago or in the future it is dated', async () => {
  const copies: string[] = ['2024-02-01T00:00:00Z', '2031-01-01T00:00:00Z'];
  const [like] = await postgres.db.usageEvent.findMany({ take: 1, orderBy: { occurredAt: 'asc' } });
  if (like === undefined) throw new Error('nothing was used');
  await postgres.db.$executeRaw`
    INSERT INTO usage_event (id, version, kind, session_id, tenant_id, key_id, pool_id, replica_id, vendor, vendor_object_id,
                             model, status, occurred_at, quantities, evidence, problem, rating_state)
    SELECT 'use_0000000000000000000000000' || n, version, kind, session_id, tenant_id, key_id, pool_id, replica_id, vendor,
           'copy ' || n, model, status, at, quantities, evidence, 'implausible_time', 'parked'
      FROM usage_event, unnest(${copies}::timestamptz[]) WITH ORDINALITY AS copy(at, n) WHERE id = ${like.id}`;
  const listed = async (flags: string) => (await cli(`costs --unrated${flags}`)).map((row) => row['occurred_at']);
  try {
    expect(await listed('')).toEqual(['2031-01-01T00:00:00.000Z', '2024-02-01T00:00:00.000Z']);
    expect(await listed(' --from 2030-01-01 --to 2032-01-01')).toEqual(['2031-01-01T00:00:00.000Z']);
  } finally {
    await postgres.db.$executeRaw`DELETE FROM usage_event WHERE problem = 'implausible_time'`;
  }
});
