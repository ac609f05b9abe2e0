// Closes a month of a tenant for ever: checklist, use of what was prepaid, chain head and control totals, in one database
// transaction that holds the month alone. Guarantees: killed anywhere, it is as before; two closers at once close it once;
// whoever posts meanwhile is in it before the totals are taken, or books in the next open month. One person asks, another
// approves, unless single-person is said, which is recorded.
import { err, isSamePerson, ok, type Result, type TenantId } from '@trunkline/kernel';
import {
  becauseProblem,
  checklistOf,
  EMPTY_CHAIN,
  standingInTheWay,
  type ChainHead,
  type CheckedItem,
  type Period,
} from '@trunkline/ledger';
import { againWhenLost, numberText, wholeText, type Database, type Queryable } from '@trunkline/platform/database';
import { z } from 'zod';
import { drawPrepaid } from './book-by-hand.js';
import { holdCompany, loadCompany, type BookingContext } from './company.js';
import { holdChains, type Place } from './hold-periods.js';
import { closeFactsOf } from './period-facts.js';
import {
  holdPeriodAlone,
  nothingIn,
  notOver,
  periodOfTenant,
  type PeriodRecord,
  type PeriodTotals,
} from './periods.js';
import { noteIfRefused } from './refused-closes.js';
import { firstBreakOf } from './verify-chains.js';

/** Who does what about closing a month. */
export interface CloseRequest {
  readonly tenantId: TenantId;
  readonly period: Period;
  readonly actor: string;
  /** `ask`: wants it closed; `approve`: closes what another asked for; `single_person`: both, on the record. */
  readonly step: 'ask' | 'approve' | 'single_person';
}

type Closed = Result<PeriodRecord, { readonly message: string; readonly checklist: readonly CheckedItem[] }>;

const TRANSACTION_TIMEOUT_MS = 300_000;
const CONNECTION_WAIT_MS = 5_000;

/** Takes a step of closing a month. A closed one is answered as it is; a refusal is noted. */
export async function closePeriod(db: Database, request: CloseRequest): Promise<Closed> {
  return noteIfRefused(db, request, await closeStep(db, request));
}

async function closeStep(db: Database, request: CloseRequest): Promise<Closed> {
  const problem = becauseProblem({ actor: request.actor, reason: 'close' });
  if (problem !== null) return refused(problem);
  // The long way through the chain, before anybody has to wait; what is booked after it is looked at under the lock.
  const verified = await verifiedSoFar(db, request);
  const limits = { timeout: TRANSACTION_TIMEOUT_MS, maxWait: CONNECTION_WAIT_MS };
  return againWhenLost(() => db.$transaction((tx) => closeIn(tx, request, verified), limits));
}

/** The checklist of a month as it stands. */
export async function checklistOfPeriod(db: Database, place: Place): Promise<readonly CheckedItem[]> {
  const verified = await verifiedSoFar(db, place);
  return db.$transaction(async (tx) => checklistIn(tx, place, await contextOf(tx), verified.broken), {
    timeout: TRANSACTION_TIMEOUT_MS,
  });
}

type CloseContext = BookingContext & { readonly graceDays: number };

async function closeIn(tx: Queryable, request: CloseRequest, verified: VerifiedHead): Promise<Closed> {
  const { tenantId, period, actor, step } = request;
  const context = await contextOf(tx);
  const { toMs } = context.calendar.boundsOf(period);
  if (context.nowMs < toMs) return refused(notOver(period, toMs));
  // Before a row is made of it: what is refused leaves nothing behind, least of all a month that can be booked in.
  const { status } = await periodOfTenant(tx, tenantId, period);
  if (status === 'open') return refused(`${period} is open: soft-close it first.`);
  const held = await holdPeriodAlone(tx, request);
  if (held === null) return refused(nothingIn(period));
  if (held.status === 'closed') return ok(held);
  const persons = personsOf(held, request);
  if (typeof persons === 'string') return refused(persons);
  const broken = verified.broken ?? (await breakSince(tx, request, verified.head));
  const checklist = await checklistIn(tx, request, context, broken);
  const open = standingInTheWay(checklist);
  if (open.length > 0) return refused(whyNot(request, open), checklist);
  if (step === 'ask') {
    await tx.$executeRaw`
      UPDATE accounting_period SET close_requested_by = ${actor}, close_requested_at = now()
       WHERE tenant_id = ${tenantId} AND period = ${period} AND close_requested_by IS NULL`;
    return ok(await periodOfTenant(tx, tenantId, period));
  }
  await seal(tx, request, { context, checklist, closedBy: persons.closedBy });
  return ok(await periodOfTenant(tx, tenantId, period));
}

/** Who closes it, for the approver of this step; or why this person may not. */
function personsOf(
  { closeRequestedBy }: PeriodRecord,
  { period, actor, step }: CloseRequest,
): { readonly closedBy: string } | string {
  if (step !== 'approve') return { closedBy: actor };
  if (closeRequestedBy === null) return `Nobody asked to close ${period}: somebody else has to, first.`;
  if (!isSamePerson(closeRequestedBy, actor)) return { closedBy: closeRequestedBy };
  return `${actor} asked to close ${period}: somebody else approves it, or say single-person, which is recorded.`;
}

async function seal(
  tx: Queryable,
  { tenantId, period, actor, step }: CloseRequest,
  sealing: { readonly context: CloseContext; readonly checklist: readonly CheckedItem[]; readonly closedBy: string },
): Promise<void> {
  const because = { actor: sealing.closedBy, reason: `prepaid money used at the close of ${period}` };
  await drawPrepaid(tx, sealing.context, { tenantId, usagePeriod: period, because, reference: `close ${period}` });
  const [chain] = await holdChains(tx, [{ tenantId, period }]);
  const head = chain?.head ?? EMPTY_CHAIN;
  const totals = JSON.stringify(await periodTotals(tx, { tenantId, period }));
  await tx.$executeRaw`
    UPDATE accounting_period
       SET status = 'closed', closed_at = now(), closed_by = ${sealing.closedBy}, approved_by = ${actor},
           single_person = ${step === 'single_person'}, chain_sequence = ${head.sequence}, chain_head = ${head.hash},
           totals = ${totals}::jsonb, checklist = ${JSON.stringify(sealing.checklist)}::jsonb
     WHERE tenant_id = ${tenantId} AND period = ${period}`;
}

const sumRow = z.object({ of: z.string(), amount: z.string(), transactions: numberText });

/** The control totals of a month as they are now. */
export async function periodTotals(tx: Queryable, { tenantId, period }: Place): Promise<PeriodTotals> {
  const booked = await tx.$queryRaw`
    SELECT purpose || '/' || kind AS of, trim_scale(sum(total))::text AS amount, count(*)::text AS transactions
      FROM ledger_transaction WHERE tenant_id = ${tenantId} AND period = ${period} GROUP BY 1 ORDER BY 1`;
  const accounts = await tx.$queryRaw`
    SELECT a.kind AS of, trim_scale(sum(e.amount))::text AS amount, count(*)::text AS transactions
      FROM ledger_transaction t JOIN ledger_entry e ON e.transaction_id = t.id JOIN ledger_account a ON a.id = e.account_id
     WHERE t.tenant_id = ${tenantId} AND t.period = ${period} GROUP BY 1 ORDER BY 1`;
  const sums = z.array(sumRow).parse(booked);
  const byName = (rows: readonly z.infer<typeof sumRow>[]) =>
    Object.fromEntries(rows.map((row) => [row.of, row.amount]));
  return {
    transactions: sums.reduce((count, row) => count + row.transactions, 0),
    booked: byName(sums),
    accounts: byName(z.array(sumRow).parse(accounts)),
  };
}

interface VerifiedHead {
  readonly head: ChainHead;
  readonly broken: string | null;
}

async function verifiedSoFar(db: Queryable, place: Place): Promise<VerifiedHead> {
  const head = await headOf(db, place);
  const broken = await firstBreakOf(db, place, { head });
  return { head, broken: broken === null ? null : `it breaks at number ${broken.sequence}: ${broken.why}` };
}

async function breakSince(tx: Queryable, place: Place, from: ChainHead): Promise<string | null> {
  const broken = await firstBreakOf(tx, place, { head: await headOf(tx, place), from });
  return broken === null ? null : `it breaks at number ${broken.sequence}: ${broken.why}`;
}

async function headOf(db: Queryable, { tenantId, period }: Place): Promise<ChainHead> {
  const rows = await db.$queryRaw`
    SELECT sequence::text, hash FROM ledger_chain WHERE tenant_id = ${tenantId} AND period = ${period}`;
  return z.array(z.object({ sequence: wholeText, hash: z.string() })).parse(rows)[0] ?? EMPTY_CHAIN;
}

async function contextOf(tx: Queryable): Promise<CloseContext> {
  return { ...(await holdCompany(tx)), graceDays: (await loadCompany(tx)).graceDays };
}

async function checklistIn(
  tx: Queryable,
  place: Place,
  context: CloseContext,
  chainBreak: string | null,
): Promise<readonly CheckedItem[]> {
  return checklistOf({ ...(await closeFactsOf(tx, place, context)), chainBreak });
}

function whyNot({ period }: CloseRequest, open: readonly CheckedItem[]): string {
  const reasons = open.map(({ check, detail }) => `${check}: ${detail}`).join('; ');
  return `${period} cannot be closed yet: ${reasons}.`;
}

function refused(message: string, checklist: readonly CheckedItem[] = []): Closed {
  return err({ message, checklist });
}
