// Writes transactions as multi-row inserts: four statements a batch, whatever its size. Rows travel as one JSON text: the
// driver needs half as long for it as for arrays of columns (measured). A transaction whose usage event
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
    SELECT id, "tenantId", kind, currency
      FROM json_to_recordset(${JSON.stringify(accounts)}::json) AS r(id text, "tenantId" text, kind text, currency text)
        ON CONFLICT DO NOTHING`;
}

const insertedIds = z.array(z.object({ id: z.string() }));

async function insertHeads(tx: Queryable, transactions: readonly Transaction[]): Promise<ReadonlySet<string>> {
  const heads = transactions.map(({ id, purpose, usage, period, currency, total }) => ({
    id,
    purpose,
    event: usage.id,
    tenant: usage.tenantId,
    session: usage.sessionId,
    key: usage.keyId,
    pool: usage.poolId,
    model: usage.model,
    evidence: usage.evidence,
    at: instantText(usage.occurredAtMs),
    period,
    currency,
    total: formatAmount(total),
  }));
  const rows = await tx.$queryRaw`
    INSERT INTO ledger_transaction (id, usage_event_id, purpose, tenant_id, session_id, key_id, pool_id, model, evidence,
                                    occurred_at, period, currency, total)
    SELECT id, event, purpose, tenant, session, key, pool, model, evidence, at, period, currency, total
      FROM json_to_recordset(${JSON.stringify(heads)}::json)
           AS r(id text, event text, purpose text, tenant text, session text, key text, pool text, model text,
                evidence text, at timestamptz, period text, currency text, total numeric)
        ON CONFLICT (usage_event_id, purpose) DO NOTHING
    RETURNING id`;
  return new Set(insertedIds.parse(rows).map((row) => row.id));
}

async function insertEntries(tx: Queryable, transactions: readonly Transaction[]): Promise<void> {
  const entries = transactions.flatMap(({ id, entries: each }) =>
    each.map(({ account, amount }) => ({ id, account: account.id, amount: formatAmount(amount) })),
  );
  await tx.$executeRaw`
    INSERT INTO ledger_entry (transaction_id, account_id, amount)
    SELECT id, account, amount
      FROM json_to_recordset(${JSON.stringify(entries)}::json) AS r(id text, account text, amount numeric)`;
}

async function insertLines(tx: Queryable, transactions: readonly Transaction[]): Promise<void> {
  const lines = transactions.flatMap(({ id, lines: each }) =>
    each.map(({ meter, quantityMicro, priceVersionId, amount }) => ({
      id,
      meter,
      quantity: formatQuantity(quantityMicro),
      price: priceVersionId,
      amount: formatAmount(amount),
    })),
  );
  await tx.$executeRaw`
    INSERT INTO charge_line (transaction_id, meter, quantity, price_version_id, amount)
    SELECT id, meter, quantity, price, amount
      FROM json_to_recordset(${JSON.stringify(lines)}::json)
           AS r(id text, meter text, quantity numeric, price text, amount numeric)`;
}
