// Writes transactions as multi-row inserts: five statements a batch, whatever its size. A transaction whose usage event
// is already posted for that purpose is left out with its entries and lines: posting again changes nothing.
import { formatAmount } from '@trunkline/kernel';
import { formatQuantity } from '@trunkline/metering';
import type { Account, Transaction } from '@trunkline/ledger';
import { z } from 'zod';
import { instantText, type Queryable } from './queryable.js';

/** Inserts what is not posted yet, inside the caller's transaction. @returns how many were new. */
export async function insertTransactions(tx: Queryable, transactions: readonly Transaction[]): Promise<number> {
  if (transactions.length === 0) return 0;
  await openAccounts(tx, transactions);
  const inserted = await insertHeads(tx, transactions);
  const posted = transactions.filter((each) => inserted.has(each.id));
  await insertEntries(tx, posted);
  await insertLines(tx, posted);
  return posted.length;
}

// In the order of ids: two workers that open the same accounts then wait for each other in one direction only.
async function openAccounts(tx: Queryable, transactions: readonly Transaction[]): Promise<void> {
  const byId = new Map<string, Account>();
  for (const { entries } of transactions) for (const { account } of entries) byId.set(account.id, account);
  const accounts = [...byId.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  await tx.$executeRaw`
    INSERT INTO ledger_account (id, tenant_id, kind, currency)
    SELECT * FROM unnest(${accounts.map((a) => a.id)}::text[], ${accounts.map((a) => a.tenantId)}::text[],
                         ${accounts.map((a) => a.kind)}::text[], ${accounts.map((a) => a.currency)}::text[])
        ON CONFLICT DO NOTHING`;
}

async function insertHeads(tx: Queryable, transactions: readonly Transaction[]): Promise<ReadonlySet<string>> {
  const column = (read: (transaction: Transaction) => string): string[] => transactions.map(read);
  const rows = await tx.$queryRaw`
    INSERT INTO ledger_transaction (id, usage_event_id, purpose, tenant_id, session_id, key_id, pool_id, model, evidence,
                                    occurred_at, period, currency, total)
    SELECT id, usage_event_id, purpose, tenant_id, session_id, key_id, pool_id, model, evidence,
           occurred_at::timestamptz, period, currency, total::numeric
      FROM unnest(${column((t) => t.id)}::text[], ${column((t) => t.usage.id)}::text[], ${column((t) => t.purpose)}::text[],
                  ${column((t) => t.usage.tenantId)}::text[], ${column((t) => t.usage.sessionId)}::text[],
                  ${column((t) => t.usage.keyId)}::text[], ${column((t) => t.usage.poolId)}::text[],
                  ${column((t) => t.usage.model)}::text[], ${column((t) => t.usage.evidence)}::text[],
                  ${column((t) => instantText(t.usage.occurredAtMs))}::text[], ${column((t) => t.period)}::text[],
                  ${column((t) => t.currency)}::text[], ${column((t) => formatAmount(t.total))}::text[])
           AS row(id, usage_event_id, purpose, tenant_id, session_id, key_id, pool_id, model, evidence,
                  occurred_at, period, currency, total)
        ON CONFLICT (usage_event_id, purpose) DO NOTHING
    RETURNING id`;
  return new Set(
    z
      .array(z.object({ id: z.string() }))
      .parse(rows)
      .map((row) => row.id),
  );
}

async function insertEntries(tx: Queryable, transactions: readonly Transaction[]): Promise<void> {
  const entries = transactions.flatMap(({ id, entries: each }) => each.map((entry) => ({ id, ...entry })));
  await tx.$executeRaw`
    INSERT INTO ledger_entry (transaction_id, account_id, amount)
    SELECT transaction_id, account_id, amount::numeric
      FROM unnest(${entries.map((e) => e.id)}::text[], ${entries.map((e) => e.account.id)}::text[],
                  ${entries.map((e) => formatAmount(e.amount))}::text[])
           AS row(transaction_id, account_id, amount)`;
}

async function insertLines(tx: Queryable, transactions: readonly Transaction[]): Promise<void> {
  const lines = transactions.flatMap(({ id, lines: each }) => each.map((line) => ({ id, ...line })));
  await tx.$executeRaw`
    INSERT INTO charge_line (transaction_id, meter, quantity, price_version_id, amount)
    SELECT transaction_id, meter, quantity::numeric, price_version_id, amount::numeric
      FROM unnest(${lines.map((l) => l.id)}::text[], ${lines.map((l) => l.meter)}::text[],
                  ${lines.map((l) => formatQuantity(l.quantityMicro))}::text[],
                  ${lines.map((l) => l.priceVersionId)}::text[], ${lines.map((l) => formatAmount(l.amount))}::text[])
           AS row(transaction_id, meter, quantity, price_version_id, amount)`;
}
