// Reads usage events as they were booked, tenant by tenant in chain order. One row per booking: charge and cost of an event
// are two transactions, shown as one. All tenants in one pass, for the reason that charge-rows.ts gives.
import { trustedId } from '@trunkline/kernel';
import type { CopiedRow, Snapshot } from '@trunkline/platform/database';
import type { UsageRow, UsageRows } from '../../index.js';
import { amountAt, periodAt, quantityOfText, textAt } from './charge-row-text.js';
import { inChainOrder, inTheBooks, type BooksRange } from './stable-order.js';

/** The events of tenants and a period. */
export async function* usageRowsOf(snapshot: Snapshot, range: BooksRange): UsageRows {
  for await (const batch of snapshot.copy(usageSql(range))) yield batch.map(usageRowOf);
}

const COLUMNS = ['tenant_id', 'chain_sequence', 'id', 'usage_event_id', 'kind', 'revision', 'period', 'usage_period'];
const FURTHER_COLUMNS = ['key_id', 'session_id', 'pool_id', 'model', 'evidence', 'corrects_id'];

// The charge leads; what has only a cost (an estimate that is not billed) comes by its cost. Quantities are the lines of
// whichever leads.
function usageSql(range: BooksRange): string {
  const booked = (alias: string, purpose: string): string =>
    `${inTheBooks(alias, range)} AND ${alias}.usage_event_id IS NOT NULL AND ${alias}.purpose = '${purpose}'`;
  const same = (other: string): string =>
    ['tenant_id', 'usage_event_id', 'kind', 'revision']
      .map((column) => `${other}.${column} = t.${column}`)
      .join(' AND ');
  const columns = [...COLUMNS, 'occurred_at', ...FURTHER_COLUMNS].map((column) => `t.${column}`).join(', ');
  return `
    SELECT ${COLUMNS.map((column) => `t.${column}`).join(', ')},
           to_char(t.occurred_at, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
           ${FURTHER_COLUMNS.map((column) => `t.${column}`).join(', ')}, coalesce(used.quantities, ''), t.charge, t.cost, cause.caused_by
      FROM (SELECT ${columns}, t.total AS charge, coalesce(k.total, 0) AS cost
              FROM ledger_transaction t
              LEFT JOIN ledger_transaction k ON ${same('k')} AND ${booked('k', 'provider_cost')}
             WHERE ${booked('t', 'tenant_charge')}
            UNION ALL
            SELECT ${columns}, 0, t.total
              FROM ledger_transaction t
             WHERE ${booked('t', 'provider_cost')}
               AND NOT EXISTS (SELECT FROM ledger_transaction c WHERE ${same('c')} AND ${booked('c', 'tenant_charge')})
           ) AS t
      LEFT JOIN LATERAL (
             SELECT string_agg(l.meter || '=' || trim_scale(l.quantity), ';' ORDER BY l.meter COLLATE "C") AS quantities
               FROM charge_line l WHERE l.transaction_id = t.id) AS used ON true
      LEFT JOIN usage_event cause ON cause.id = t.usage_event_id AND cause.caused_by IS NOT NULL
     ORDER BY t.tenant_id COLLATE "C", ${inChainOrder('t')}`;
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
    correctsId: row[14] ?? null,
    quantities: quantitiesOf(textAt(row, 15)),
    charge: amountAt(row, 16),
    cost: amountAt(row, 17),
    causedBy: row[18] ?? null,
  };
}

// `input_text=132;output_audio=7.5`.
function quantitiesOf(text: string): ReadonlyMap<string, string> {
  const quantities = new Map<string, string>();
  for (let begin = 0; begin < text.length;) {
    const after = text.indexOf(';', begin);
    const end = after === -1 ? text.length : after;
    const equals = text.indexOf('=', begin);
    quantities.set(text.slice(begin, equals), quantityOfText(text.slice(equals + 1, end)));
    begin = end + 1;
  }
  return quantities;
}
