// A database of its own for each test of a file, on one private server, and what specs about months say again and again.
import { startTestPostgres, type TestPostgres } from '../../../test/support/postgres.js';
import { openDatabase, type Database } from '@trunkline/platform/database';
import { parseAmount, ZERO, type AmountPico, type TenantId } from '@trunkline/kernel';
import type { Period } from '@trunkline/ledger';
import {
  closePeriod,
  recordPeriodCheck,
  softClosePeriod,
  verifyChains,
  waiveCheck,
  type VerifiedChain,
} from '@trunkline/ledger/adapters/prisma';
import { TENANT } from './usage.js';

/** The server of a test file and the databases that it opened. */
export interface LedgerBed {
  /** A fresh migrated database; further connections to the one before with `again`. */
  open(how?: 'again'): Promise<Database>;
  stop(): Promise<void>;
}

/** Starts the server. Call it in `beforeAll`. */
export async function startLedgerBed(): Promise<LedgerBed> {
  const postgres: TestPostgres = await startTestPostgres();
  const opened: Database[] = [];
  let url = postgres.url;
  return {
    async open(how) {
      if (how !== 'again') url = await postgres.createDatabase();
      const database = openDatabase(url, { poolMax: 4 });
      opened.push(database);
      return database;
    },
    async stop() {
      await Promise.all(opened.map((each) => each.$disconnect()));
      await postgres.stop();
    },
  };
}

export const amount = (text: string): AmountPico => parseAmount(text) ?? ZERO;
export const ALICE = { actor: 'alice', reason: 'agreed with the customer' };

/** Soft-closes and closes a month as two persons; of reconciliation somebody answers for what nobody compared. */
export async function closeMonth(db: Database, period: Period, tenantId: TenantId = TENANT) {
  await softClosePeriod(db, { tenantId, period, actor: 'alice' });
  await waiveCheck(db, { tenantId, period, check: 'reconciled', because: ALICE });
  await recordPeriodCheck(db, { tenantId, period, check: 'grace', state: 'waived', ...ALICE });
  const asked = await closePeriod(db, { tenantId, period, actor: 'alice', step: 'ask' });
  return asked.ok ? closePeriod(db, { tenantId, period, actor: 'bob', step: 'approve' }) : asked;
}

/** The chains as they verify now. */
export async function verified(db: Database): Promise<readonly VerifiedChain[]> {
  const chains: VerifiedChain[] = [];
  for await (const chain of verifyChains(db)) chains.push(chain);
  return chains;
}
