// Double entry for usage: a rated event becomes one transaction per purpose, with entries that sum to zero and charge
// lines that sum to its total. Pure. The id is derived from (usage event, purpose), so posting the same event again, by
// any worker, meets itself. When to post, and doing it once and whole, is for the adapter.
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
import { accountOf, POSTING, type Account, type Currency, type Purpose } from './account.js';
import { periodOf, type Period } from './period.js';

export type TransactionId = `txn_${string}`;

/** An amount on an account; debits are positive. */
export interface Entry {
  readonly account: Account;
  readonly amount: AmountPico;
}

/** What the ledger keeps of a usage event: who, through what, when, how much, and how we know. */
export interface PostableUsage {
  readonly id: UsageEventId;
  readonly tenantId: TenantId;
  readonly sessionId: SessionId;
  readonly keyId: ApiKeyId;
  readonly poolId: PoolId;
  readonly model: string;
  readonly evidence: 'reported' | 'estimated';
  /** Unix milliseconds: chooses the period. */
  readonly occurredAtMs: number;
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

/** One booking. Never changed once posted; a correction is another transaction. */
export interface Transaction {
  readonly id: TransactionId;
  readonly purpose: Purpose;
  readonly usage: PostableUsage;
  readonly period: Period;
  readonly currency: Currency;
  readonly total: AmountPico;
  readonly entries: readonly Entry[];
  readonly lines: readonly ChargedLine[];
}

// 26 characters are 130 bits: two transactions collide once in about 2^65.
const HASH_CHARS = 26;

/** The id of the one transaction of an event for a purpose. */
export function transactionId(usageEventId: UsageEventId, purpose: Purpose): TransactionId {
  // Usage event ids have one fixed length, so the joined text is unambiguous.
  return `txn_${base32(hash('sha256', usageEventId + purpose, 'buffer')).slice(0, HASH_CHARS)}`;
}

/**
 * Books a rated event for a purpose. Usage that costs nothing is booked too: the books then show that it was looked at.
 * @throws LedgerDefect when the result would not balance: the rating is not of this event, or a bug.
 */
export function transactionFor(usage: PostableUsage, charge: Charge, purpose: Purpose): Transaction {
  const { debit, credit } = POSTING[purpose];
  const transaction: Transaction = {
    id: transactionId(usage.id, purpose),
    purpose,
    usage,
    period: periodOf(usage.occurredAtMs),
    currency: 'USD',
    total: charge.total,
    entries: [
      { account: accountOf(usage.tenantId, debit), amount: charge.total },
      { account: accountOf(usage.tenantId, credit), amount: negateAmount(charge.total) },
    ],
    lines: charge.lines,
  };
  const defects = defectsOf(transaction);
  if (defects.length > 0) throw new LedgerDefect(`${transaction.id}: ${defects.join('; ')}`);
  return transaction;
}

/** Something the ledger must never hold was about to be booked. Always a bug. */
export class LedgerDefect extends Error {
  override readonly name = 'LedgerDefect';
}

/** What is wrong with a transaction; empty when it may be posted. The database checks the sums once more at commit. */
export function defectsOf(transaction: Transaction): readonly string[] {
  const { entries, lines, total, usage } = transaction;
  const defects: string[] = [];
  const balance = addAmounts(...entries.map((entry) => entry.amount));
  const charged = addAmounts(...lines.map((line) => line.amount));
  if (balance !== ZERO) defects.push(`entries sum to ${formatAmount(balance)}, not to zero`);
  if (charged !== total) defects.push(`lines sum to ${formatAmount(charged)}, the total is ${formatAmount(total)}`);
  if (entries.length < 2) defects.push('needs at least two entries');
  if (hasRepeat(entries.map((entry) => entry.account.id))) defects.push('has two entries on one account');
  if (hasRepeat(lines.map((line) => line.meter))) defects.push('charges a meter twice');
  if (entries.some((entry) => entry.account.tenantId !== usage.tenantId))
    defects.push("touches another tenant's account");
  if (!chargesExactly(transaction)) defects.push('charges other quantities than were used');
  return defects;
}

function chargesExactly({ lines, usage }: Transaction): boolean {
  const used = new Map(usage.quantities.map((each) => [each.meter, each.quantityMicro]));
  const nonZero = [...used.values()].filter((quantity) => quantity !== 0n).length;
  return lines.length === nonZero && lines.every((line) => used.get(line.meter) === line.quantityMicro);
}

function hasRepeat(values: readonly string[]): boolean {
  return new Set(values).size !== values.length;
}
