// The company of the made-up quarter in a real database: its tenants and what was agreed with them, prices, how reports and
// estimates reach the books while workers are killed, what is booked by hand, and how months are closed.
import { randomBytes } from 'node:crypto';
import { mintId, parseAmount, systemClock, type Result, type TenantId } from '@trunkline/kernel';
import type { Period } from '@trunkline/ledger';
import {
  bookByHand,
  closePeriod,
  listPeriods,
  postBatch,
  recordPeriodCheck,
  waiveCheck,
  reverseTransaction,
  softClosePeriod,
  updateCompany,
  type PostingPrices,
} from '@trunkline/ledger/adapters/prisma';
import { estimatedUsage, isMeter, owedUsage, usageEvent, type JournalRecord } from '@trunkline/metering';
import { PrismaJournalStore } from '@trunkline/metering/adapters/prisma';
import type { Database } from '@trunkline/platform/database';
import { parsePriceContent, parsePriceSheets } from '@trunkline/rating';
import {
  approvePrices,
  draftPrices,
  importPrices,
  loadPriceBook,
  storeDerivedPrices,
} from '@trunkline/rating/adapters/prisma';
import { keyHasher } from '@trunkline/tenancy';
import { createKey, createTenant } from '@trunkline/tenancy/adapters/prisma';
import type { Chance } from '../admission/chance.js';
import type { ByHand } from './by-hand.js';
import { dollarsOf } from './oracle.js';
import { MARKUP, OWN_PRICE } from './price-list.js';
import { termsOf, type Counts, type Customer, type Report } from './traffic.js';

const BATCH = 50;
const KILLED_PART = 0.1;
const REPLICA = mintId('rep', 1, randomBytes);

/** Makes the company and its tenants, each with two keys. */
export async function foundCompany(db: Database, tenants: number): Promise<readonly Customer[]> {
  done(
    await updateCompany(db, { name: 'Acme', billingAccountId: 'org-acme', timeZone: 'Europe/Berlin', graceDays: 5 }),
  );
  const customers: Customer[] = [];
  for (let i = 0; i < tenants; i++) customers.push(await foundCustomer(db, i));
  // They were there before the quarter began.
  await db.$executeRaw`UPDATE tenant SET created_at = '2026-06-01'`;
  return customers;
}

/** Makes the n-th tenant, which is there from now on. */
export async function foundCustomer(db: Database, n: number): Promise<Customer> {
  const context = { db, clock: systemClock, randomBytes, hashKey: keyHasher('pepper of a test, not short') };
  const { id: tenantId } = done(await createTenant(context, { slug: `t${n}`, name: `Tenant ${n}` }));
  const keys = [];
  for (const name of ['one', 'two']) keys.push(done(await createKey(context, tenantId, { name })).key.id);
  return { tenantId, keys, terms: termsOf(n) };
}

/**
 * Markups and prices of their own, written by one person and approved by another before the quarter begins.
 * @returns what to post by from then on.
 */
export async function agreeTerms(db: Database, customers: readonly Customer[]): Promise<PostingPrices> {
  const content = parsePriceContent({
    versions: customers
      .filter(({ terms }) => terms.hasOwnPrice)
      .map(({ tenantId }) => ({ ...OWN_PRICE, book: `tenant:${tenantId}` })),
    plans: customers
      .filter(({ terms }) => terms.hasMarkup)
      .map(({ tenantId }) => ({ tenantId, effectiveFrom: MARKUP.from, markupBps: MARKUP.bps })),
  });
  if (!content.ok) throw new Error(content.error.join('; '));
  const context = { db, clock: { nowMs: () => Date.parse('2025-12-01T00:00:00Z') }, randomBytes };
  const draft = { content: content.value, author: 'ann', reason: 'contracts', correction: false };
  const drafted = await draftPrices(context, draft);
  if (!drafted.ok) throw new Error(drafted.error.join('; '));
  const approval = { actor: 'ben', reason: null, singlePerson: false };
  const approved = await approvePrices(context, drafted.value.change.id, approval);
  if (!approved.ok) throw new Error(approved.error.join('; '));
  return pricesOf(db);
}

async function pricesOf(db: Database): Promise<PostingPrices> {
  return { books: (await loadPriceBook(db)).books, storeDerived: storeDerivedPrices };
}

/** Gives everything that has a name another one. */
export async function renameAll(db: Database, suffix: string): Promise<void> {
  done(await updateCompany(db, { name: `Acme ${suffix}`, billingAccountId: `org-${suffix}` }));
  await db.$executeRaw`UPDATE tenant SET name = name || ' ' || ${suffix}, slug = slug || '-' || ${suffix}`;
  await db.$executeRaw`UPDATE api_key SET name = name || ' ' || ${suffix}`;
}

/** Imports sheets. @returns what to post by from then on. */
export async function importSheets(db: Database, sheets: readonly unknown[]): Promise<PostingPrices> {
  const list = parsePriceSheets(sheets);
  if (!list.ok) throw new Error(list.error.join('; '));
  const imported = await importPrices(db, list.value);
  if (!imported.ok) throw new Error(imported.error.join('; '));
  return pricesOf(db);
}

/** A span of time, Unix milliseconds, the end exclusive. */
export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

/**
 * Journals what arrives in a span as a drain would, some of it twice, dated as if the database had been there when it
 * arrived.
 */
export async function journal(db: Database, reports: readonly Report[], { fromMs, toMs }: Span): Promise<void> {
  const arrives = (atMs: number): boolean => atMs >= fromMs && atMs < toMs;
  const reported = reports
    .filter(({ arrivesAtMs }) => arrives(arrivesAtMs))
    .flatMap((report) => Array.from({ length: report.deliveries }, () => recordOf(report)));
  const estimated = reports.flatMap((report) =>
    report.estimate !== null && arrives(report.estimate.arrivesAtMs)
      ? [estimateOf(report, report.estimate.counts)]
      : [],
  );
  const arriving = [...estimated, ...reported];
  const store = new PrismaJournalStore(db);
  let sequence = 0;
  for (let at = 0; at < arriving.length; at += BATCH) {
    const records = arriving.slice(at, at + BATCH);
    const fromSequence = sequence + 1;
    sequence += records.length;
    const spoolId = `spl_quarter_${fromMs}_${at}`;
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
    // Nobody compared the pools of this company: somebody answers for it.
    const because = { actor: 'ann', reason: 'the oracle compares them' };
    await waiveCheck(db, { tenantId, period, check: 'reconciled', because });
    done(await closePeriod(db, { tenantId, period, actor: 'ann', step: 'ask' }));
    // Two approvers at once: it is closed once.
    const approve = () => closePeriod(db, { tenantId, period, actor: 'ben', step: 'approve' });
    (await Promise.all([approve(), approve()])).map(done);
  }
  const closed = await listPeriods(db, { period });
  if (closed.length !== customers.length || closed.some(({ status }) => status !== 'closed'))
    throw new Error(`${period} is not closed for everybody`);
}

/** Books by hand. Each reference is a name for good: `takesBack` finds by it what was booked. */
export class Clerk {
  readonly #booked = new Map<string, string>();

  constructor(private readonly db: Database) {}

  async book({ kind, tenantId, pico, about, reference, takesBack }: ByHand): Promise<void> {
    const because = { actor: 'ann', reason: `agreed as ${reference}` };
    if (takesBack !== null) {
      done(await reverseTransaction(this.db, this.#idOf(tenantId, takesBack), because));
      return;
    }
    const amount = parseAmount(dollarsOf(pico));
    if (amount === null) throw new Error(`${pico} is no amount`);
    const side = kind === 'cost' ? 'provider_cost' : 'tenant_charge';
    const isAdjustment = kind === 'charge' || kind === 'cost';
    const what = isAdjustment ? ({ kind: 'adjustment', side } as const) : { kind };
    const { row } = done(
      await bookByHand(this.db, { ...what, tenantId, amount, because, usagePeriod: about, reference }),
    );
    this.#booked.set(`${tenantId} ${reference}`, row.id);
  }

  #idOf(tenantId: TenantId, reference: string): string {
    const id = this.#booked.get(`${tenantId} ${reference}`);
    if (id === undefined) throw new Error(`nothing was booked as ${reference}`);
    return id;
  }
}

function quantitiesOf(counts: Counts) {
  return Object.entries(counts).flatMap(([meter, count]) =>
    isMeter(meter) ? [{ meter, quantityMicro: BigInt(count) * 1_000_000n }] : [],
  );
}

// What a gateway that lost its session, or the worker in its place, leaves behind.
function estimateOf(report: Report, counts: Counts): JournalRecord {
  const {
    kind,
    vendorObjectId,
    model,
    occurredAtMs: seenAtMs,
    sessionId,
    tenantId,
    keyId,
    poolId,
    paysEstimates,
  } = report;
  const quantities = quantitiesOf(counts);
  const seen = { quantities, method: 'seen_output_and_seen_context', doubts: [], facts: {} } as const;
  const billing = paysEstimates ? 'bill' : 'do_not_bill';
  const who = { sessionId, tenantId, keyId, poolId, replicaId: REPLICA, vendor: 'openai', seenAtMs, billing } as const;
  return { kind: 'usage', event: estimatedUsage(owedUsage({ kind, vendorObjectId, model, seen }, who)) };
}

function recordOf(report: Report): JournalRecord {
  const { kind, vendorObjectId, model, counts, occurredAtMs } = report;
  const quantities = quantitiesOf(counts);
  const vendor = { vendorUsage: null, problem: null, status: 'completed' };
  const { sessionId, tenantId, keyId, poolId } = report;
  const context = { sessionId, tenantId, keyId, poolId, replicaId: REPLICA, vendor: 'openai', occurredAtMs } as const;
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
