// Bookings by hand: what a person decides about money that no meter counted. Each says who and why, and is one transaction
// of two entries. Guarantees that what cannot be meant (nothing, absurdly much, no reason) is refused with the way out.
import {
  addAmounts,
  formatAmount,
  hasInvisible,
  negateAmount,
  parseAmount,
  ZERO,
  type AmountPico,
  type TenantId,
  startsLikeFormula,
} from '@trunkline/kernel';
import { POSTING, type ChargePurpose, type Posting, type Purpose } from './account.js';
import type { Period } from './period.js';
import { derivedId, entriesOf, sound, type Because, type Transaction, type TransactionKind } from './transaction.js';

/**
 * `credit`: lets the tenant off (positive amount). `adjustment`: changes what it owes, or what it cost us, by a signed
 * amount. `prepayment`: money it paid before (positive). `drawdown`: prepaid money used for what it owes (positive).
 */
export type ManualKind = 'credit' | 'adjustment' | 'prepayment' | 'drawdown';

/** What a person books. */
export interface ManualBooking {
  readonly kind: ManualKind;
  readonly tenantId: TenantId;
  readonly amount: AmountPico;
  /** Of an adjustment: of the charge (default), or of what the vendor charges us. */
  readonly side?: ChargePurpose;
  readonly because: Because;
  /** The month that it is about. Booked there, or in the next that is open. */
  readonly usagePeriod: Period;
  /**
   * The caller's name for this booking, unique for the tenant and kind: the same again books nothing twice (an invoice
   * number, a ticket, a key of a retried request).
   */
  readonly reference: string;
  /** Unix milliseconds. */
  readonly atMs: number;
}

const TEXT_MAX = 500;
/** A booking by hand of more than this is a slip of the finger. */
export const MANUAL_AMOUNT_MAX: AmountPico = parseAmount('1000000000') ?? ZERO;

interface Rule {
  readonly kind: TransactionKind;
  readonly purpose: Purpose;
  readonly posting: Posting;
  /** Whether it raises what its purpose sums up. */
  readonly raises: boolean;
}

const RULES: Readonly<Record<Exclude<ManualKind, 'adjustment'>, Rule>> = {
  credit: {
    kind: 'credit',
    purpose: 'tenant_charge',
    posting: { debit: 'credit_expense', credit: 'receivable' },
    raises: false,
  },
  prepayment: {
    kind: 'prepayment',
    purpose: 'prepayment',
    posting: { debit: 'cash', credit: 'prepaid' },
    raises: true,
  },
  drawdown: {
    kind: 'prepayment',
    purpose: 'prepayment',
    posting: { debit: 'prepaid', credit: 'receivable' },
    raises: false,
  },
};

/** The transaction of a booking by hand; check it with `manualProblem` first. @throws LedgerDefect */
export function manualTransaction(booking: ManualBooking): Transaction {
  const { tenantId, amount, because, usagePeriod, reference, atMs, side = 'tenant_charge' } = booking;
  const rule: Rule =
    booking.kind === 'adjustment'
      ? { kind: 'adjustment', purpose: side, posting: POSTING[side], raises: true }
      : RULES[booking.kind];
  return sound({
    // Kinds and tenant ids hold no blank, so the joined text is unambiguous.
    id: derivedId(`${booking.kind} ${tenantId} ${reference}`),
    kind: rule.kind,
    revision: 0,
    purpose: rule.purpose,
    tenantId,
    usage: null,
    occurredAtMs: atMs,
    usagePeriod,
    currency: 'USD',
    total: rule.raises ? amount : negateAmount(amount),
    entries: entriesOf(tenantId, rule.posting, amount),
    lines: [],
    corrects: null,
    because,
  });
}

/** What is wrong with a booking by hand and what to do, or null. */
export function manualProblem({ kind, amount, because, reference }: ManualBooking): string | null {
  if (amount === ZERO) return 'The amount is 0: nothing would be booked.';
  if (kind !== 'adjustment' && amount < ZERO)
    return `The amount of a ${kind} is positive; ${formatAmount(amount)} is not. Reverse a booking to take it back.`;
  const magnitude = amount < ZERO ? negateAmount(amount) : amount;
  if (magnitude > MANUAL_AMOUNT_MAX)
    return `${formatAmount(amount)} is more than ${formatAmount(MANUAL_AMOUNT_MAX)}: check it, or book it in parts.`;
  return textProblem('reference', reference) ?? becauseProblem(because);
}

/** What is wrong with who and why, or null. */
export function becauseProblem({ actor, reason }: Because): string | null {
  return textProblem('actor', actor) ?? textProblem('reason', reason);
}

/** What has been prepaid and can be used for what is owed: the smaller of both, never below nothing. */
export function drawable(balance: { readonly prepaid: AmountPico; readonly owed: AmountPico }): AmountPico {
  const { prepaid, owed } = balance;
  const smaller = addAmounts(prepaid, negateAmount(owed)) < ZERO ? prepaid : owed;
  return smaller < ZERO ? ZERO : smaller;
}

function textProblem(what: string, text: string): string | null {
  if (text.trim() === '') return `The ${what} is missing: the books keep it with the booking.`;
  if (text.length > TEXT_MAX || hasInvisible(text))
    return `The ${what} has at most ${TEXT_MAX} characters of plain text, on one line, all of them to be seen.`;
  return startsLikeFormula(text) ? `The ${what} must not begin with = + - or @: a spreadsheet would run it.` : null;
}
