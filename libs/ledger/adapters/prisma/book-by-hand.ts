// Credits, adjustments, prepayments and their use, booked for a person. The same reference again is answered with what it
// booked the first time; the same reference for something else is refused.
import {
  addAmounts,
  err,
  formatAmount,
  negateAmount,
  ok,
  ZERO,
  type AmountPico,
  type Result,
  type TenantId,
} from '@trunkline/kernel';
import {
  drawable,
  isLongAgo,
  manualProblem,
  manualTransaction,
  type Because,
  type ManualBooking,
  type Period,
  type Transaction,
} from '@trunkline/ledger';
import { againWhenLost, isUniqueViolation, Prisma, type Database, type Queryable } from '@trunkline/platform/database';
import { bookedRowsWhere } from './booked-rows.js';
import { holdCompany, type BookingContext } from './company.js';
import { insertTransactions, type Booked } from './insert-transactions.js';
import { balancesOfTenant } from './ledger-health.js';
import { holdCorrections } from './reverse.js';

/** A booking as a person asks for it: the month may be left out, then it is the running one. */
export type ManualRequest = Omit<ManualBooking, 'usagePeriod' | 'atMs'> & { readonly usagePeriod: Period | null };

/** What was booked, and whether it was there already. */
export interface ManualOutcome extends Booked {
  readonly repeated: boolean;
}

export type Refused = { readonly message: string };

/** Books it. @returns the row, or why not. */
export async function bookByHand(db: Database, request: ManualRequest): Promise<Result<ManualOutcome, Refused>> {
  const attempt = () => againWhenLost(() => db.$transaction((tx) => bookIn(tx, request)));
  try {
    return await attempt();
  } catch (error) {
    // Somebody booked the same reference at the same time: now it can be seen.
    if (!isUniqueViolation(error)) throw error;
    return attempt();
  }
}

async function bookIn(tx: Queryable, request: ManualRequest): Promise<Result<ManualOutcome, Refused>> {
  const context = await holdCompany(tx);
  const booking = { ...request, ...momentOf(request, context) };
  const running = context.calendar.periodOf(context.nowMs);
  if (booking.usagePeriod > running)
    return err({ message: `${booking.usagePeriod} has not begun: book it for ${running} or a month before.` });
  if (isLongAgo(booking.usagePeriod, running))
    return err({ message: `${booking.usagePeriod} is ten years ago or more: look at the year.` });
  const problem = manualProblem(booking);
  if (problem !== null) return err({ message: problem });
  const transaction = manualTransaction(booking);
  const [existing] = await bookedRowsWhere(tx, Prisma.sql`id = ${transaction.id}`);
  if (existing !== undefined) return repeated(existing, transaction, request);
  if (request.kind === 'drawdown') {
    const tooMuch = await drawdownProblem(tx, booking);
    if (tooMuch !== null) return err({ message: tooMuch });
  }
  const [booked] = await insertTransactions(tx, context, [transaction]);
  if (booked === undefined) throw new Error(`${transaction.id} was not booked`);
  return ok({ ...booked, repeated: false });
}

function momentOf({ usagePeriod }: ManualRequest, { calendar, nowMs }: BookingContext) {
  return { usagePeriod: usagePeriod ?? calendar.periodOf(nowMs), atMs: nowMs };
}

// Where no month was named, a retry may come when another one runs: it is the same booking.
function repeated(existing: Booked, wanted: Transaction, request: ManualRequest): Result<ManualOutcome, Refused> {
  const { row } = existing;
  const total = formatAmount(wanted.total);
  const differences = [
    ...(row.total === total ? [] : [`${row.total}, not ${total}`]),
    ...(row.purpose === wanted.purpose ? [] : [`a ${row.purpose}, not a ${wanted.purpose}`]),
    ...(request.usagePeriod === null || row.usagePeriod === request.usagePeriod
      ? []
      : [`for ${row.usagePeriod}, not for ${request.usagePeriod}`]),
  ];
  if (differences.length === 0) return ok({ ...existing, repeated: true });
  const message = `The reference "${request.reference}" has booked ${row.id}: ${differences.join('; ')}. Give another reference to book this as well.`;
  return err({ message });
}

/** What a tenant owes and what it has paid before; both positive when they are so. */
export interface TenantBalance {
  readonly tenantId: TenantId;
  readonly owed: AmountPico;
  readonly prepaid: AmountPico;
  /** What is prepaid beyond what is owed; negative when more is owed. */
  readonly left: AmountPico;
  /** Credits given so far. */
  readonly credited: AmountPico;
}

/** A tenant's balance, over all months or up to the end of one. */
export async function balanceOfTenant(
  db: Queryable,
  tenantId: TenantId,
  until: Period | null = null,
): Promise<TenantBalance> {
  const accounts = await balancesOfTenant(db, tenantId, until);
  const owed = accounts.receivable ?? ZERO;
  const prepaid = negateAmount(accounts.prepaid ?? ZERO);
  const left = addAmounts(prepaid, negateAmount(owed));
  return { tenantId, owed, prepaid, left, credited: accounts.credit_expense ?? ZERO };
}

/**
 * Uses money that was prepaid by the end of a month, and is there still, for what was owed by then and still is, as far
 * as it goes, in this database transaction. Nothing to use: nothing is booked. The reference keeps it to once.
 */
export async function drawPrepaid(
  tx: Queryable,
  context: BookingContext,
  draw: {
    readonly tenantId: TenantId;
    readonly usagePeriod: Period;
    readonly because: Because;
    readonly reference: string;
  },
): Promise<Booked | null> {
  await holdCorrections(tx);
  const byThen = drawable(await balanceOfTenant(tx, draw.tenantId, draw.usagePeriod));
  // What was used in a later month already cannot be used again.
  const byNow = drawable(await balanceOfTenant(tx, draw.tenantId));
  const amount = byNow < byThen ? byNow : byThen;
  if (amount === ZERO) return null;
  const transaction = manualTransaction({ ...draw, kind: 'drawdown', amount, atMs: context.nowMs });
  const [booked] = await insertTransactions(tx, context, [transaction]);
  return booked ?? null;
}

async function drawdownProblem(tx: Queryable, { tenantId, amount }: ManualBooking): Promise<string | null> {
  await holdCorrections(tx);
  const balance = await balanceOfTenant(tx, tenantId);
  const most = drawable(balance);
  if (amount <= most) return null;
  return (
    `${formatAmount(amount)} cannot be drawn: ${formatAmount(balance.prepaid)} is prepaid and ` +
    `${formatAmount(balance.owed)} is owed, so ${formatAmount(most)} at most.`
  );
}
