// Writes transactions as multi-row statements, whatever the size of the batch, each with its place in its period's chain.
// Rows travel as one JSON text: the driver needs half as long for it as for arrays of columns (measured). The caller has
// made sure that none of them is posted: a second one with the same id fails, and with it the database transaction.
import { formatAmount } from '@trunkline/kernel';
import { formatQuantity } from '@trunkline/metering';
import { linkAfter, type Account, type BookedRow, type Transaction } from '@trunkline/ledger';
import { instantText, type Queryable } from '@trunkline/platform/database';
import type { BookingContext } from './company.js';
import { holdChains, holdPeriods, moveChains, placeKey, type Place } from './hold-periods.js';

/** A transaction as it was written: the row, and its link. */
export interface Booked {
  readonly row: BookedRow;
  readonly hash: string;
}

/** Books transactions inside the caller's database transaction: all, or with it none. */
export async function insertTransactions(
  tx: Queryable,
  context: Pick<BookingContext, 'nowMs'>,
  transactions: readonly Transaction[],
): Promise<readonly Booked[]> {
  if (transactions.length === 0) return [];
  const placeOf = await holdPeriods(tx, transactions);
  await openAccounts(tx, transactions);
  const booked = await chained(
    tx,
    transactions.map((transaction) => ({ transaction, place: placeOf(transaction) })),
    context.nowMs,
  );
  await insertHeads(tx, booked);
  await insertEntries(tx, booked);
  await insertLines(tx, booked);
  return booked;
}

async function chained(
  tx: Queryable,
  placed: readonly { readonly transaction: Transaction; readonly place: Place }[],
  postedAtMs: number,
): Promise<readonly Booked[]> {
  const chains = await holdChains(
    tx,
    placed.map(({ place }) => place),
  );
  const heads = new Map(chains.map((chain) => [placeKey(chain), chain]));
  const booked = placed.map(({ transaction, place }): Booked => {
    const chain = heads.get(placeKey(place));
    if (chain === undefined) throw new Error(`the chain of ${placeKey(place)} is not held`);
    const row = rowOf(transaction, place, chain.head.sequence + 1n, postedAtMs);
    const hash = linkAfter(chain.head.hash, row);
    heads.set(placeKey(place), { ...chain, head: { sequence: row.sequence, hash } });
    return { row, hash };
  });
  await moveChains(tx, [...heads.values()]);
  return booked;
}

function rowOf(transaction: Transaction, place: Place, sequence: bigint, postedAtMs: number): BookedRow {
  const { usage, because } = transaction;
  return {
    tenantId: transaction.tenantId,
    period: place.period,
    sequence,
    id: transaction.id,
    kind: transaction.kind,
    revision: transaction.revision,
    purpose: transaction.purpose,
    usageEventId: usage?.id ?? null,
    correctsId: transaction.corrects,
    sessionId: usage?.sessionId ?? null,
    keyId: usage?.keyId ?? null,
    poolId: usage?.poolId ?? null,
    model: usage?.model ?? null,
    evidence: usage?.evidence ?? null,
    occurredAtMs: transaction.occurredAtMs,
    usagePeriod: transaction.usagePeriod,
    currency: transaction.currency,
    total: formatAmount(transaction.total),
    reason: because?.reason ?? null,
    actor: because?.actor ?? null,
    postedAtMs,
    entries: transaction.entries.map(({ account, amount }) => ({
      accountId: account.id,
      amount: formatAmount(amount),
    })),
    lines: transaction.lines.map(({ meter, quantityMicro, priceVersionId, amount }) => ({
      ...{ meter, quantity: formatQuantity(quantityMicro), priceVersionId, amount: formatAmount(amount) },
    })),
  };
}

// In the order of ids: two workers that open the same accounts then wait for each other in one direction only. Looked for
// first, since nearly all are there: a conflict costs more than a look.
async function openAccounts(tx: Queryable, transactions: readonly Transaction[]): Promise<void> {
  const byId = new Map<string, Account>();
  for (const { entries } of transactions) for (const { account } of entries) byId.set(account.id, account);
  const accounts = [...byId.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  await tx.$executeRaw`
    INSERT INTO ledger_account (id, tenant_id, kind, currency)
    SELECT id, "tenantId", kind, currency
      FROM json_to_recordset(${JSON.stringify(accounts)}::json) AS r(id text, "tenantId" text, kind text, currency text)
     WHERE NOT EXISTS (SELECT FROM ledger_account a WHERE a.id = r.id)
        ON CONFLICT DO NOTHING`;
}

async function insertHeads(tx: Queryable, booked: readonly Booked[]): Promise<void> {
  const heads = booked.map(({ row: { entries: _entries, lines: _lines, ...head }, hash }) => ({
    ...head,
    sequence: head.sequence.toString(),
    at: instantText(head.occurredAtMs),
    posted: instantText(head.postedAtMs),
    hash,
  }));
  await tx.$executeRaw`
    INSERT INTO ledger_transaction (id, tenant_id, kind, revision, usage_event_id, purpose, session_id, key_id, pool_id,
                                    model, evidence, occurred_at, period, usage_period, currency, total, corrects_id,
                                    reason, actor, chain_sequence, chain_hash, posted_at)
    SELECT id, "tenantId", kind, revision, "usageEventId", purpose, "sessionId", "keyId", "poolId", model, evidence, at,
           period, "usagePeriod", currency, total, "correctsId", reason, actor, sequence, hash, posted
      FROM json_to_recordset(${JSON.stringify(heads)}::json)
           AS r(id text, "tenantId" text, kind text, revision int, "usageEventId" text, purpose text, "sessionId" text,
                "keyId" text, "poolId" text, model text, evidence text, at timestamptz, period text, "usagePeriod" text,
                currency text, total numeric, "correctsId" text, reason text, actor text, sequence bigint, hash text,
                posted timestamptz)`;
}

async function insertEntries(tx: Queryable, booked: readonly Booked[]): Promise<void> {
  const entries = booked.flatMap(({ row }) => row.entries.map((entry) => ({ id: row.id, ...entry })));
  await tx.$executeRaw`
    INSERT INTO ledger_entry (transaction_id, account_id, amount)
    SELECT id, "accountId", amount
      FROM json_to_recordset(${JSON.stringify(entries)}::json) AS r(id text, "accountId" text, amount numeric)`;
}

async function insertLines(tx: Queryable, booked: readonly Booked[]): Promise<void> {
  const lines = booked.flatMap(({ row }) => row.lines.map((line) => ({ id: row.id, ...line })));
  await tx.$executeRaw`
    INSERT INTO charge_line (transaction_id, meter, quantity, price_version_id, amount)
    SELECT id, meter, quantity, "priceVersionId", amount
      FROM json_to_recordset(${JSON.stringify(lines)}::json)
           AS r(id text, meter text, quantity numeric, "priceVersionId" text, amount numeric)`;
}
