// Reads usage events as they were booked, in chain order. One row per booking: charge and cost of an event are two
// transactions, shown as one.
import { trustedId } from '@trunkline/kernel';
import { literal, type CopiedRow, type Snapshot } from '@trunkline/platform/database';
import type { UsageRow, UsageRows } from '../../index.js';
import { amountAt, microOf, periodAt, textAt } from './charge-row-text.js';
import { inChainOrder, type BooksRange } from './stable-order.js';

/** The events of one tenant and period. */
export async function* usageRowsOf(snapshot: Snapshot, range: BooksRange): UsageRows {
  for await (const batch of snapshot.copy(usageSql(range))) yield batch.map(usageRowOf);
}

// The charge leads; what has only a cost (an estimate that is not billed) comes by its cost. Quantities are the lines of
// whichever leads.
function usageSql({ tenantId, period }: BooksRange): string {
  const mine = `tenant_id = ${literal(tenantId)} AND period = ${literal(period)} AND usage_event_id IS NOT NULL`;
  return `
    WITH cost AS (SELECT usage_event_id, kind, revision, total FROM ledger_transaction
                   WHERE ${mine} AND purpose = 'provider_cost'),
    charged AS (SELECT usage_event_id, kind, revision FROM ledger_transaction WHERE ${mine} AND purpose = 'tenant_charge'),
    lead AS (
      SELECT t.* FROM ledger_transaction t WHERE ${mine} AND t.purpose = 'tenant_charge'
      UNION ALL
      SELECT t.* FROM ledger_transaction t LEFT JOIN charged c USING (usage_event_id, kind, revision)
       WHERE ${mine} AND t.purpose = 'provider_cost' AND c.usage_event_id IS NULL),
    used AS (
      SELECT l.transaction_id, string_agg(l.meter || '=' || l.quantity, ';' ORDER BY l.meter COLLATE "C") AS quantities
        FROM charge_line l JOIN lead ON lead.id = l.transaction_id GROUP BY 1)
    SELECT t.tenant_id, t.chain_sequence, t.id, t.usage_event_id, t.kind, t.revision, t.period, t.usage_period,
           to_char(t.occurred_at, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), t.key_id, t.session_id, t.pool_id, t.model,
           t.evidence, coalesce(u.quantities, ''), CASE WHEN t.purpose = 'tenant_charge' THEN t.total ELSE 0 END,
           coalesce(k.total, 0), t.corrects_id
      FROM lead t
      LEFT JOIN cost k USING (usage_event_id, kind, revision)
      LEFT JOIN used u ON u.transaction_id = t.id
     ORDER BY ${inChainOrder('t')}`;
}

function usageRowOf(row: CopiedRow): UsageRow {
  return {
    tenantId: trustedId('tnt', textAt(row, 0)),
    chainSequence: textAt(row, 1),
    ledgerId: textAt(row, 2),
    usageEventId: textAt(row, 3),
    kind: textAt(row, 4),
    revision: textAt(row, 5),
    period: periodAt(row, 6),
    usagePeriod: periodAt(row, 7),
    occurredAt: textAt(row, 8),
    keyId: textAt(row, 9),
    sessionId: textAt(row, 10),
    poolId: textAt(row, 11),
    model: textAt(row, 12),
    evidence: textAt(row, 13),
    quantities: quantitiesOf(textAt(row, 14)),
    charge: amountAt(row, 15),
    cost: amountAt(row, 16),
    correctsId: row[17] ?? null,
  };
}

function quantitiesOf(text: string): ReadonlyMap<string, string> {
  const quantities = new Map<string, string>();
  if (text === '') return quantities;
  for (const part of text.split(';')) {
    const at = part.indexOf('=');
    quantities.set(part.slice(0, at), plain(part.slice(at + 1)));
  }
  return quantities;
}

// `132.000000` as `132`.
function plain(quantity: string): string {
  microOf(quantity);
  return quantity.replace(/\.?0+$/, '');
}
