// What an operator does about usage that waits, by the command line: a missing price, a damaged journal file.
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { trustedId } from '@trunkline/kernel';
import { usageEvent } from '@trunkline/metering';
import { openSpool } from '@trunkline/metering/adapters/spool';
import { writeSecret } from '@trunkline/platform/secrets';
import { startTestPostgres, type TestPostgres } from '../support/postgres.js';
import { makeDataDir, removeDataDir, runProgram } from '../support/product.js';

const PRICES = join(import.meta.dirname, '../../prisma/seed/prices');
let postgres: TestPostgres;
let dataDir: string;
beforeAll(async () => {
  postgres = await startTestPostgres();
  dataDir = await makeDataDir();
  await writeSecret(join(dataDir, 'secrets/pepper'), 'a-pepper-that-only-this-test-uses');
}, 60_000);
afterAll(async () => {
  await postgres.stop();
  await removeDataDir(dataDir);
});

async function cli(...args: string[]): Promise<Record<string, unknown>[]> {
  const where = ['--json', '--data-dir', dataDir, '--database-url', postgres.url];
  const { code, stdout, stderr } = await runProgram('cli', [...args, ...where]);
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as Record<string, unknown>[];
}

function usage(vendorObjectId: string) {
  const id = '00000000000000000000000001';
  const who = {
    sessionId: trustedId('ses', `ses_${id}`),
    tenantId: trustedId('tnt', `tnt_${id}`),
    keyId: trustedId('key', `key_${id}`),
    poolId: trustedId('pool', `pool_${id}`),
    replicaId: trustedId('rep', `rep_${id}`),
    vendor: 'openai' as const,
  };
  const report = {
    kind: 'response' as const,
    vendorObjectId,
    model: 'gpt-realtime',
    status: 'completed',
    quantities: [{ meter: 'input_text' as const, quantityMicro: 1_000_000n }],
    vendorUsage: {},
    problem: null,
  };
  return usageEvent(report, { ...who, occurredAtMs: 1_795_000_000_000, evidence: 'reported' });
}

it('price sheets are imported once, however often they are', async () => {
  const [first] = await cli('price', 'import', PRICES);
  expect(first?.['versionsAdded']).toBeGreaterThan(10);
  expect(await cli('price', 'import', PRICES)).toMatchObject([
    { versionsAdded: 0, versionsKept: first?.['versionsAdded'] },
  ]);
}, 60_000);

it('a folder without sheets changes nothing and says so', async () => {
  await expect(cli('price', 'import', dataDir)).rejects.toThrow(/nothing was imported.*holds no price sheet/s);
}, 60_000);

it('a damaged journal file gives back every record but the damaged one, once', async () => {
  const folder = join(dataDir, 'old-spool');
  await mkdir(folder);
  const spool = await openSpool({ folder });
  for (const name of ['first', 'damaged', 'last']) await spool.append({ kind: 'usage', event: usage(name) });
  await spool.close();
  const [segment = ''] = (await readdir(folder)).filter((name) => name.endsWith('.seg'));
  const file = join(folder, segment);
  const bytes = await readFile(file);
  bytes.write('D', bytes.indexOf('damaged'));
  await writeFile(file, bytes);
  for (let time = 1; time <= 2; time++) {
    const [stored, lost] = await cli('spool', 'salvage', file);
    expect(stored).toMatchObject({ outcome: 'stored', records: 2 });
    expect(lost).toMatchObject({ outcome: 'unreadable', records: 1, numbers: '2 to 2' });
  }
  await expect(cli('spool', 'salvage', `${file}.quarantined`)).rejects.toThrow(/there is no .*give the path/);
  const found = await postgres.db.usageEvent.findMany({ select: { vendorObjectId: true } });
  expect(found.map(({ vendorObjectId }) => vendorObjectId).sort()).toEqual(['first', 'last']);
}, 60_000);
