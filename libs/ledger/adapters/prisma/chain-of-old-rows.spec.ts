// The books that were there before they had chains: the migration gives them one, and it verifies.
import { cp, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { jest } from '@jest/globals';
import { migrate, openDatabase, Prisma } from '@trunkline/platform/database';
import { startTestPostgres } from '../../../../test/support/postgres.js';
import { verifyChains, type VerifiedChain } from './index.js';

// A real server on a machine that may be busy with other tests.
jest.setTimeout(60_000);

const MIGRATIONS = fileURLToPath(new URL('../../../../prisma/migrations', import.meta.url));
const CHAINS = '20261128010001_ledger_periods';

const oldRow = (id: string, tenant: string, total: string): string => `
  INSERT INTO ledger_account SELECT a || '${tenant}', '${tenant}', a, 'USD' FROM unnest(ARRAY['receivable', 'revenue']) a
      ON CONFLICT DO NOTHING;
  INSERT INTO ledger_transaction VALUES ('${id}', '${tenant}', 'use_${id}', 'tenant_charge', 's', 'k', 'p', 'modèl',
    'reported', '2026-10-31T23:59:59.999Z', '2026-10', 'USD', ${total}, '2026-11-01T00:00:00.123Z');
  INSERT INTO ledger_entry VALUES ('${id}', 'receivable${tenant}', ${total}), ('${id}', 'revenue${tenant}', -${total});
  INSERT INTO charge_line VALUES ('${id}', 'output_audio', 1.5, 'pv', ${total} - 0.5), ('${id}', 'input_text', 2, 'pv', 0.5)`;

test('rows that were booked before there were chains have one that verifies', async () => {
  const postgres = await startTestPostgres();
  const dir = await mkdtemp(join(tmpdir(), 'trunkline-migrations-'));
  const url = await postgres.createDatabase({ empty: true });
  const db = openDatabase(url, { poolMax: 2 });
  try {
    const before = (await readdir(MIGRATIONS)).filter((name) => name < CHAINS);
    for (const name of before) await cp(join(MIGRATIONS, name), join(dir, name), { recursive: true });
    await migrate(url, dir);
    const price = `INSERT INTO price_version VALUES ('pv', 'openai', 'm', 'x', 'tokens', 1, 1, now(), NULL, 'USD', 'd', 's', 'high')`;
    const rows = [oldRow('b', 't1', '10.400'), oldRow('a', 't1', '1.000000000001'), oldRow('c', 't2', '7')];
    await db.$transaction(async (tx) => {
      for (const sql of [price, ...rows].join(';').split(';')) await tx.$executeRaw`${Prisma.raw(sql)}`;
    });
    await migrate(url, MIGRATIONS);
    const chains: VerifiedChain[] = [];
    for await (const chain of verifyChains(db)) chains.push(chain);
    expect(chains).toMatchObject([
      { tenantId: 't1', period: '2026-10', head: { sequence: 2n }, broken: null },
      { tenantId: 't2', period: '2026-10', head: { sequence: 1n }, broken: null },
    ]);
    expect(await db.accountingPeriod.count()).toBe(2);
  } finally {
    await db.$disconnect();
    await rm(dir, { recursive: true });
    await postgres.stop();
  }
});
