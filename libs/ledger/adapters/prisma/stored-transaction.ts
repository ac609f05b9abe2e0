// A row of the books as the transaction that it was. What no transaction of this library can have written is a defect.
import { parseAmount, trustedId, type AmountPico, type UsageEventId } from '@trunkline/kernel';
import {
  ACCOUNT_KINDS,
  accountOf,
  LedgerDefect,
  TRANSACTION_KINDS,
  type Account,
  type BookedRow,
  type ChargedLine,
  type Purpose,
  type Transaction,
  type TransactionId,
  type UsageOrigin,
} from '@trunkline/ledger';
import { parseUsageEventId } from '@trunkline/metering';

const PURPOSES: readonly Purpose[] = ['tenant_charge', 'provider_cost', 'prepayment'];
const MICRO_DIGITS = 6;

/** The transaction of a row. @throws LedgerDefect when it was never one of ours. */
export function transactionOf(row: BookedRow): Transaction {
  const tenantId = trustedId('tnt', row.tenantId);
  return {
    id: idOf(row.id),
    kind: oneOf(TRANSACTION_KINDS, row.kind, row),
    revision: row.revision,
    purpose: oneOf(PURPOSES, row.purpose, row),
    tenantId,
    usage: originOf(row),
    occurredAtMs: row.occurredAtMs,
    usagePeriod: row.usagePeriod,
    currency: oneOf(['USD'] as const, row.currency, row),
    total: amountOf(row.total, row),
    entries: row.entries.map(({ accountId, amount }) => ({
      account: accountNamed(accountId, row),
      amount: amountOf(amount, row),
    })),
    lines: row.lines.map((line) => lineOf(line, row)),
    corrects: row.correctsId === null ? null : idOf(row.correctsId),
    because: row.actor === null || row.reason === null ? null : { actor: row.actor, reason: row.reason },
  };
}

/** Trusts a text of the books, or checks one of a person: null when it has not the shape of a transaction's id. */
export function parseTransactionId(text: string): TransactionId | null {
  return /^txn_[0-9a-z]{26}$/.test(text) ? idOf(text) : null;
}

function idOf(text: string): TransactionId {
  return `txn_${text.slice('txn_'.length)}`;
}

function originOf(row: BookedRow): UsageOrigin | null {
  if (row.usageEventId === null) return null;
  const { sessionId, keyId, poolId, model, evidence } = row;
  if (sessionId === null || keyId === null || poolId === null || model === null)
    throw new LedgerDefect(`${row.id} is usage without its origin`);
  return {
    id: eventIdOf(row.usageEventId, row),
    tenantId: trustedId('tnt', row.tenantId),
    sessionId: trustedId('ses', sessionId),
    keyId: trustedId('key', keyId),
    poolId: trustedId('pool', poolId),
    model,
    evidence: oneOf(['reported', 'estimated'] as const, evidence ?? '', row),
    occurredAtMs: row.occurredAtMs,
  };
}

function eventIdOf(text: string, row: BookedRow): UsageEventId {
  const id = parseUsageEventId(text);
  if (id === null) throw new LedgerDefect(`${row.id} is of usage event "${text}", which is no id`);
  return id;
}

function lineOf(line: BookedRow['lines'][number], row: BookedRow): ChargedLine {
  return {
    meter: line.meter,
    quantityMicro: microOf(line.quantity),
    priceVersionId: trustedId('pv', line.priceVersionId),
    amount: amountOf(line.amount, row),
  };
}

// A plain decimal with at most six decimals, as the column holds it: larger than an amount may be.
function microOf(text: string): bigint {
  const [whole = '0', fraction = ''] = text.split('.');
  return BigInt(`${whole}${fraction.padEnd(MICRO_DIGITS, '0')}`);
}

function amountOf(text: string, row: BookedRow): AmountPico {
  const amount = parseAmount(text);
  if (amount === null) throw new LedgerDefect(`${row.id} has the amount "${text}"`);
  return amount;
}

function accountNamed(id: string, row: BookedRow): Account {
  const tenantId = trustedId('tnt', row.tenantId);
  const account = ACCOUNT_KINDS.map((kind) => accountOf(tenantId, kind)).find((each) => each.id === id);
  if (account === undefined)
    throw new LedgerDefect(`${row.id} has an entry on ${id}, which is no account of its tenant`);
  return account;
}

function oneOf<const T extends string>(known: readonly T[], text: string, row: BookedRow): T {
  const found = known.find((each) => each === text);
  if (found === undefined) throw new LedgerDefect(`${row.id} says "${text}", which this release does not know`);
  return found;
}
