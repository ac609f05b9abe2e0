// Double entry: what is booked, and that it balances. A rated event becomes one transaction per purpose, with entries that
// sum to zero and charge lines that sum to its total; bookings by hand are in `manual.ts`, reversals in `reversal.ts`. Pure.
// Ids are derived, so booking the same thing again, by any worker, meets itself. In which period it goes, when to post, and
// doing it once and whole, is for the adapter.
import { hash } from 'node:crypto';
import {
  addAmounts,
  base32,
  formatAmount,
  negateAmount,
  ZERO,
  type AmountPico,
  type ApiKeyId,
  type PoolId,
  type PriceVersionId,
  type SessionId,
  type TenantId,
  type UsageEventId,
} from '@trunkline/kernel';
import {
  accountOf,
  POSTING,
  type Account,
  type ChargePurpose,
  type Currency,
  type Posting,
  type Purpose,
} from './account.js';
import type { Period } from './period.js';

export type TransactionId = `txn_${string}`;

/**
 * `usage`: metered money. `reversal`: takes one transaction back. By hand: `credit` lets a tenant off, `adjustment` changes
 * a charge or a cost either way, `prepayment` is money paid before, or its use.
 */
export const TRANSACTION_KINDS = ['usage', 'reversal', 'adjustment', 'credit', 'prepayment'] as const;
export type TransactionKind = (typeof TRANSACTION_KINDS)[number];

/** An amount on an account; debits are positive. */
export interface Entry {
  readonly account: Account;
  readonly amount: AmountPico;
}

/** Whose usage it was, through what, and how we know: what a metered transaction keeps of its event. */
export interface UsageOrigin {
  readonly id: UsageEventId;
  readonly tenantId: TenantId;
  readonly sessionId: SessionId;
  readonly keyId: ApiKeyId;
  readonly poolId: PoolId;
  readonly model: string;
  readonly evidence: 'reported' | 'estimated';
  /** Unix milliseconds: chooses the period. */
  readonly occurredAtMs: number;
}

/** What the ledger reads of a usage event. */
export interface PostableUsage extends UsageOrigin {
  /** By meter, in millionths of its unit. */
  readonly quantities: readonly { readonly meter: string; readonly quantityMicro: bigint }[];
}

/** A meter charged by a price version. What the meters are is for metering, what the prices are is for rating. */
export interface ChargedLine {
  readonly meter: string;
  readonly quantityMicro: bigint;
  readonly priceVersionId: PriceVersionId;
  readonly amount: AmountPico;
}

/** What rating made of a usage event. */
export interface Charge {
  readonly lines: readonly ChargedLine[];
  readonly total: AmountPico;
}

/** Who books something that is not usage as it was first rated, and why. */
export interface Because {
  readonly actor: string;
  readonly reason: string;
}

/** One booking. Never changed once posted; a correction is another transaction. */
export interface Transaction {
  readonly id: TransactionId;
  readonly kind: TransactionKind;
  /** 0, or the how manieth correction of its usage event. */
  readonly revision: number;
  readonly purpose: Purpose;
  readonly tenantId: TenantId;
  /** Null when it is not metered money. */
  readonly usage: UsageOrigin | null;
  /** When the usage occurred, or when it was booked by hand. Unix milliseconds. */
  readonly occurredAtMs: number;
  /** The month that it is about. Booked there, or in the next that is open. */
  readonly usagePeriod: Period;
  readonly currency: Currency;
  /** Negative when it lowers what is owed. */
  readonly total: AmountPico;
  readonly entries: readonly Entry[];
  readonly lines: readonly ChargedLine[];
  readonly corrects: TransactionId | null;
  readonly because: Because | null;
}

// 26 characters are 130 bits: two transactions collide once in about 2^65.
const HASH_CHARS = 26;

/** An id derived from what makes a transaction one and not another. The caller's text must be unambiguous. */
export function derivedId(text: string): TransactionId {
  return `txn_${base32(hash('sha256', text, 'buffer')).slice(0, HASH_CHARS)}`;
}

/** The id of the one transaction of an event for a purpose, or of its nth correction. */
export function transactionId(usageEventId: UsageEventId, purpose: ChargePurpose, revision = 0): TransactionId {
  // Usage event ids have one fixed length, so the joined text is unambiguous.
  return derivedId(usageEventId + purpose + (revision === 0 ? '' : revision));
}

/** What to book of a usage event. */
export interface UsageBooking {
  readonly purpose: ChargePurpose;
  readonly usagePeriod: Period;
  /** For a correction: which one it is, from 1, and who made it. */
  readonly correction?: { readonly revision: number; readonly because: Because };
}

/**
 * Books a rated event for a purpose. Usage that costs nothing is booked too: the books then show that it was looked at.
 * @throws LedgerDefect when the result would not balance: the rating is not of this event, or a bug.
 */
export function transactionFor(usage: PostableUsage, charge: Charge, booking: UsageBooking): Transaction {
  const { purpose, usagePeriod, correction } = booking;
  const { quantities, ...origin } = usage;
  const revision = correction?.revision ?? 0;
  const transaction: Transaction = {
    id: transactionId(usage.id, purpose, revision),
    kind: 'usage',
    revision,
    purpose,
    tenantId: usage.tenantId,
    usage: origin,
    occurredAtMs: usage.occurredAtMs,
    usagePeriod,
    currency: 'USD',
    total: charge.total,
    entries: entriesOf(usage.tenantId, POSTING[purpose], charge.total),
    lines: charge.lines,
    corrects: null,
    because: correction?.because ?? null,
  };
  const misrated = chargesExactly(charge, quantities) ? [] : ['charges other quantities than were used'];
  return sound(transaction, misrated);
}

/** Two entries that move an amount; a negative one the other way. */
export function entriesOf(tenantId: TenantId, { debit, credit }: Posting, amount: AmountPico): readonly Entry[] {
  return [
    { account: accountOf(tenantId, debit), amount },
    { account: accountOf(tenantId, credit), amount: negateAmount(amount) },
  ];
}

/** Something the ledger must never hold was about to be booked. Always a bug. */
export class LedgerDefect extends Error {
  override readonly name = 'LedgerDefect';
}

/** The transaction, when nothing is wrong with it. @throws LedgerDefect */
export function sound(transaction: Transaction, more: readonly string[] = []): Transaction {
  const defects = [...defectsOf(transaction), ...more];
  if (defects.length > 0) throw new LedgerDefect(`${transaction.id}: ${defects.join('; ')}`);
  return transaction;
}

/** What is wrong with a transaction; empty when it may be posted. The database checks the sums once more at commit. */
export function defectsOf(transaction: Transaction): readonly string[] {
  const { entries, lines, total, usage, tenantId } = transaction;
  const defects: string[] = [];
  const balance = addAmounts(...entries.map((entry) => entry.amount));
  const charged = usage === null ? total : addAmounts(...lines.map((line) => line.amount));
  if (balance !== ZERO) defects.push(`entries sum to ${formatAmount(balance)}, not to zero`);
  if (charged !== total) defects.push(`lines sum to ${formatAmount(charged)}, the total is ${formatAmount(total)}`);
  if (entries.length < 2) defects.push('needs at least two entries');
  if (hasRepeat(entries.map((entry) => entry.account.id))) defects.push('has two entries on one account');
  if (hasRepeat(lines.map((line) => line.meter))) defects.push('charges a meter twice');
  if (usage === null && lines.length > 0) defects.push('has lines and is not metered');
  if (entries.some((entry) => entry.account.tenantId !== tenantId) || (usage ?? transaction).tenantId !== tenantId)
    defects.push("touches another tenant's account");
  return defects;
}

function chargesExactly({ lines }: Charge, quantities: PostableUsage['quantities']): boolean {
  const used = new Map(quantities.map((each) => [each.meter, each.quantityMicro]));
  const nonZero = [...used.values()].filter((quantity) => quantity !== 0n).length;
  return lines.length === nonZero && lines.every((line) => used.get(line.meter) === line.quantityMicro);
}

function hasRepeat(values: readonly string[]): boolean {
  return new Set(values).size !== values.length;
}
