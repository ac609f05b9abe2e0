// The company of the made-up quarter in a real database: its tenants and prices, how reports reach the books while workers
// are killed, and how months are closed.
import { randomBytes } from 'node:crypto';
import { mintId, systemClock, type Result } from '@trunkline/kernel';
import type { Period } from '@trunkline/ledger';
import {
  closePeriod,
  listPeriods,
  postBatch,
  recordPeriodCheck,
  softClosePeriod,
  updateCompany,
  type PostingPrices,
} from '@trunkline/ledger/adapters/prisma';
import { isMeter, usageEvent, type JournalRecord } from '@trunkline/metering';
import { PrismaJournalStore } from '@trunkline/metering/adapters/prisma';
import type { Database } from '@trunkline/platform/database';
import { parsePriceSheets } from '@trunkline/rating';
import { importPrices, loadPriceBook, storeDerivedPrices } from '@trunkline/rating/adapters/prisma';
import { keyHasher } from '@trunkline/tenancy';
import { createKey, createTenant } from '@trunkline/tenancy/adapters/prisma';
import type { Chance } from '../admission/chance.js';
import type { Customer, Report } from './traffic.js';

const BATCH = 50;
const KILLED_PART = 0.1;
const REPLICA = mintId('rep', 1, randomBytes);

/** Makes the company and its tenants, each with two keys. */
export async function foundCompany(db: Database, tenants: number): Promise<readonly Customer[]> {
  done(
    await updateCompany(db, { name: 'Acme', billingAccountId: 'org-acme', timeZone: 'Europe/Berlin', graceDays: 5 }),
  );
  const context = { db, clock: systemClock, randomBytes, hashKey: keyHasher('pepper of a test, not short') };
  const customers: Customer[] = [];
  for (let i = 0; i < tenants; i++) {
    const { id: tenantId } = done(await createTenant(context, { slug: `t${i}`, name: `Tenant ${i}` }));
    const keys = [];
    for (const name of ['one', 'two']) keys.push(done(await createKey(context, tenantId, { name })).key.id);
    customers.push({ tenantId, keys });
  }
  return customers;
}

/** Imports sheets. @returns what to post by from then on. */
export async function importSheets(db: Database, sheets: readonly unknown[]): Promise<PostingPrices> {
  const list = parsePriceSheets(sheets);
  if (!list.ok) throw new Error(list.error.join('; '));
  const imported = await importPrices(db, list.value);
  if (!imported.ok) throw new Error(imported.error.join('; '));
  return { books: (await loadPriceBook(db)).books, storeDerived: storeDerivedPrices };
}

/** Journals reports as a drain would, some twice, dated as if the database had been there when they arrived. */
export async function journal(db: Database, reports: readonly Report[]): Promise<void> {
  const store = new PrismaJournalStore(db);
  let sequence = 0;
  for (let at = 0; at < reports.length; at += BATCH) {
    const batch = reports.slice(at, at + BATCH);
    const records = batch.flatMap((report) => Array.from({ length: report.deliveries }, () => recordOf(report)));
    const fromSequence = sequence + 1;
    sequence += records.length;
    const spoolId = `spl_quarter_${batch[0]?.vendorObjectId ?? ''}`;
    const delivery = { spoolId, epoch: 1, segment: 1, fromSequence, toSequence: sequence, records };
    await store.commit(delivery);
    if (at % (7 * BATCH) === 0) await store.commit(delivery);
  }
  await db.$executeRaw`UPDATE usage_event SET journalled_at = occurred_at WHERE rating_state = 'pending'`;
}

/** Two workers post what waits; now and then one is killed in the middle and another takes its place. @returns kills. */
export async function postAll(db: Database, prices: PostingPrices, chance: Chance): Promise<number> {
  let kills = 0;
  const worker = async (): Promise<void> => {
    for (;;) {
      const posting = postBatch(db, prices).catch(() => null);
      if (chance.happens(KILLED_PART)) kills += await killOne(db);
      const posted = await posting;
      if (posted?.claimed === 0) return;
    }
  };
  await Promise.all([worker(), worker()]);
  return kills;
}

/** Closes a month of all tenants, as two persons would. */
export async function closeMonth(db: Database, period: Period, customers: readonly Customer[]): Promise<void> {
  for (const { tenantId } of customers) {
    done(await softClosePeriod(db, { tenantId, period, actor: 'ann' }));
    const finding = { tenantId, period, check: 'reconciled', state: 'ok', actor: 'job', reason: 'equal' } as const;
    await recordPeriodCheck(db, finding);
    done(await closePeriod(db, { tenantId, period, actor: 'ann', step: 'ask' }));
    // Two approvers at once: it is closed once.
    const approve = () => closePeriod(db, { tenantId, period, actor: 'ben', step: 'approve' });
    (await Promise.all([approve(), approve()])).map(done);
  }
  const closed = await listPeriods(db, { period });
  if (closed.length !== customers.length || closed.some(({ status }) => status !== 'closed'))
    throw new Error(`${period} is not closed for everybody`);
}

function recordOf(report: Report): JournalRecord {
  const { kind, vendorObjectId, model, counts, occurredAtMs } = report;
  const quantities = Object.entries(counts).flatMap(([meter, count]) =>
    isMeter(meter) ? [{ meter, quantityMicro: BigInt(count) * 1_000_000n }] : [],
  );
  const vendor = { vendorUsage: null, problem: null, status: 'completed' };
  const { sessionId, tenantId, keyId, poolId } = report;
  const context = { sessionId, tenantId, keyId, poolId, replicaId: REPLICA, occurredAtMs };
  return { kind: 'usage', event: usageEvent({ kind, vendorObjectId, model, quantities, ...vendor }, context) };
}

/** Cuts a connection that is posting, as a kill would. */
async function killOne(db: Database): Promise<number> {
  const rows = await db.$queryRaw<{ killed: boolean }[]>`
    SELECT pg_terminate_backend(pid) AS killed FROM pg_stat_activity
     WHERE pid <> pg_backend_pid() AND datname = current_database() AND state = 'idle in transaction' LIMIT 1`;
  return rows.length;
}

function done<T>(outcome: Result<T, { readonly message: string }>): T {
  if (outcome.ok) return outcome.value;
  throw new Error(outcome.error.message);
}
