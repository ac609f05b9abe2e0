// Rates booked usage again, after a price with a date in the past arrived. Where the amounts differ, what stands is taken
// back and booked anew: in the month of the usage, or the next that is open. What does not differ is not touched, so running
// it twice, or again after it was killed, corrects nothing twice. In pages, each a database transaction of its own.
import { err, ok, VENDORS, type AmountPico, type Result, type TenantId } from '@trunkline/kernel';
import {
  becauseProblem,
  reversalOf,
  transactionFor,
  type Because,
  type ChargePurpose,
  type Transaction,
} from '@trunkline/ledger';
import { isMeter } from '@trunkline/metering';
import {
  againWhenLost,
  instantText,
  Prisma,
  tenantIdText,
  type Database,
  type Queryable,
} from '@trunkline/platform/database';
import { rate, type Rated } from '@trunkline/rating';
import { z } from 'zod';
import { bookedRowsWhere } from './booked-rows.js';
import { holdCompany } from './company.js';
import { insertTransactions } from './insert-transactions.js';
import type { PendingUsage } from './pending-usage.js';
import type { PostingPrices } from './post-batch.js';
import { inScope, type TimeRange } from './report-scope.js';
import { holdCorrections, isStanding } from './reverse.js';
import { transactionOf } from './stored-transaction.js';

/** What to rate again, by which prices, and whether to book it. */
export interface RerateRequest extends TimeRange {
  readonly tenantId?: TenantId;
  readonly model?: string;
  readonly prices: PostingPrices;
  readonly because: Because;
  /** Computes the differences and books nothing. */
  readonly dryRun: boolean;
}

/** What one transaction becomes. */
export interface RatedAgain {
  readonly transactionId: string;
  readonly tenantId: TenantId;
  readonly model: string;
  readonly purpose: ChargePurpose;
  readonly before: AmountPico;
  readonly after: AmountPico;
}

/** What a page of it found. */
export interface RerateReport {
  /** Transactions looked at. */
  readonly looked: number;
  readonly changed: readonly RatedAgain[];
  /** Transactions that have no price any more, or whose usage is not in the journal any more; they stay as they are. */
  readonly unpriced: readonly string[];
}

const PAGE_ROWS = 500;
const TRANSACTION_TIMEOUT_MS = 60_000;

/** Rates again, page by page, tenant by tenant, oldest usage first. @returns each page's report as it is done, or why nothing was. */
export function rerate(
  db: Database,
  request: RerateRequest,
): Result<AsyncGenerator<RerateReport>, { readonly message: string }> {
  const problem = becauseProblem(request.because);
  return problem === null ? ok(pages(db, request)) : err({ message: problem });
}

async function* pages(db: Database, request: RerateRequest): AsyncGenerator<RerateReport> {
  // Tenant by tenant, for that is how usage is found by its time.
  for (const tenantId of request.tenantId === undefined ? await tenantsInBooks(db) : [request.tenantId]) {
    let after: Cursor | null = { tenantId, atMs: request.fromMs, id: '' };
    while (after !== null) {
      const from: Cursor = after;
      const limits = { timeout: TRANSACTION_TIMEOUT_MS };
      const page = await againWhenLost(() => db.$transaction((tx) => ratePage(tx, request, from), limits));
      if (page.report.looked > 0) yield page.report;
      after = page.next;
    }
  }
}

async function tenantsInBooks(db: Database): Promise<readonly TenantId[]> {
  const rows = await db.$queryRaw`SELECT DISTINCT tenant_id AS id FROM ledger_chain ORDER BY 1`;
  return z
    .array(z.object({ id: tenantIdText }))
    .parse(rows)
    .map(({ id }) => id);
}

interface Cursor {
  readonly tenantId: TenantId;
  readonly atMs: number;
  readonly id: string;
}

async function ratePage(
  tx: Queryable,
  request: RerateRequest,
  after: Cursor,
): Promise<{ readonly report: RerateReport; readonly next: Cursor | null }> {
  const context = await holdCompany(tx);
  if (!request.dryRun) await holdCorrections(tx);
  const standing = await standingAfter(tx, request, after);
  const journalled = await journalledOf(tx, standing);
  const corrections = standing.map((booked) => ratedAgain(booked, request, journalled));
  const changed = corrections.flatMap((each) => (each.kind === 'changed' ? [each] : []));
  if (!request.dryRun) {
    const derived = changed.flatMap((each) => each.rated.derived);
    await request.prices.storeDerived(tx, derived);
    const anew = changed.flatMap((each) => [reversalOf(each.booked, request.because, context.nowMs), each.anew]);
    await insertTransactions(tx, context, anew);
  }
  const last = standing.at(-1);
  const report = {
    looked: standing.length,
    changed: changed.map(({ change }) => change),
    unpriced: corrections.flatMap((each) => (each.kind === 'unpriced' ? [each.id] : [])),
  };
  return {
    report,
    next: last === undefined ? null : { tenantId: after.tenantId, atMs: last.occurredAtMs, id: last.id },
  };
}

// Corrections of a page have new ids at the same instants: those that sort after the cursor come round once more, and are
// then what they should be.
async function standingAfter(tx: Queryable, request: RerateRequest, after: Cursor): Promise<readonly Transaction[]> {
  const model = request.model === undefined ? Prisma.empty : Prisma.sql`AND t.model = ${request.model}`;
  const found = await bookedRowsWhere(
    tx,
    Prisma.sql`${inScope(after.tenantId, { fromMs: after.atMs, toMs: request.toMs })} AND ${isStanding()} ${model}
               AND (occurred_at, id) > (${instantText(after.atMs)}::timestamptz, ${after.id})
             ORDER BY occurred_at, id LIMIT ${PAGE_ROWS}`,
  );
  return found.map(({ row }) => transactionOf(row));
}

/** What the journal knows of usage and the books do not keep. */
type Journalled = ReadonlyMap<string, Pick<PendingUsage, 'vendor' | 'serviceTier'>>;

const journalledRow = z.object({ id: z.string(), vendor: z.enum(VENDORS), serviceTier: z.string().nullable() });

async function journalledOf(tx: Queryable, standing: readonly Transaction[]): Promise<Journalled> {
  const ids = standing.flatMap(({ usage }) => (usage === null ? [] : [usage.id]));
  const rows = await tx.$queryRaw`
    SELECT id, vendor, service_tier AS "serviceTier" FROM usage_event WHERE id = ANY(${ids}::text[])`;
  return new Map(
    z
      .array(journalledRow)
      .parse(rows)
      .map(({ id, ...known }) => [id, known]),
  );
}

type Again =
  | { readonly kind: 'same' }
  | { readonly kind: 'unpriced'; readonly id: string }
  | {
      readonly kind: 'changed';
      readonly booked: Transaction;
      readonly anew: Transaction;
      readonly rated: Rated;
      readonly change: RatedAgain;
    };

function ratedAgain(booked: Transaction, { prices, because }: RerateRequest, journalled: Journalled): Again {
  const { usage, purpose } = booked;
  if (usage === null || purpose === 'prepayment') return { kind: 'same' };
  const quantities = booked.lines.flatMap(({ meter, quantityMicro }) =>
    isMeter(meter) ? [{ meter, quantityMicro }] : [],
  );
  const known = journalled.get(usage.id);
  if (known === undefined) return { kind: 'unpriced', id: booked.id };
  const event: PendingUsage = { ...usage, quantities, ...known };
  const rated = rate(event, prices.books.booksFor(event)[purpose]);
  if (rated.outcome === 'unrated' || quantities.length < booked.lines.length)
    return { kind: 'unpriced', id: booked.id };
  if (saysTheSame(rated, booked)) return { kind: 'same' };
  const correction = { revision: booked.revision + 1, because };
  const anew = transactionFor(event, rated, { purpose, usagePeriod: booked.usagePeriod, correction });
  const change = {
    transactionId: booked.id,
    tenantId: booked.tenantId,
    model: usage.model,
    purpose,
    before: booked.total,
    after: rated.total,
  };
  return { kind: 'changed', booked, anew, rated, change };
}

// By amounts: the same amount by another version is no correction that anybody could see on a bill.
function saysTheSame(rated: Rated, booked: Transaction): boolean {
  const before = new Map(booked.lines.map((line) => [line.meter, line.amount]));
  return rated.lines.every((line) => before.get(line.meter) === line.amount);
}
