// Reads the ledger as charge rows: per tenant, in a stable order, streamed. Aggregated by the server to (day, key, meter,
// pair of prices), since a month of a million events is some ten thousand such rows; what corrects a closed month stays
// apart, booking by booking. Sums of exact decimals: nothing is rounded.
import type { TenantId } from '@trunkline/kernel';
import { literal, type Snapshot } from '@trunkline/platform/database';
import type { ChargeRows } from '../../index.js';
import { manualRowOf, meteredRowOf } from './charge-row-text.js';
import { inChainOrder, type BooksRange } from './stable-order.js';

/** The rows of one tenant and period: metered ones by day, then what was booked by hand. */
export async function* chargeRowsOf(snapshot: Snapshot, range: BooksRange): ChargeRows {
  for await (const batch of snapshot.copy(meteredSql(range))) yield batch.map(meteredRowOf);
  for await (const batch of snapshot.copy(manualSql(range))) yield batch.map(manualRowOf);
}

/** The same of several tenants, one after the other. */
export async function* chargeRowsOfTenants(
  snapshot: Snapshot,
  tenants: readonly TenantId[],
  range: Omit<BooksRange, 'tenantId'>,
): ChargeRows {
  for (const tenantId of tenants) yield* chargeRowsOf(snapshot, { ...range, tenantId });
}

// Charge and cost of the same event are two transactions with the same meters; a full join, since an estimate that is not
// billed has a cost and no charge. A reversal inside an open month nets out against what it takes back.
function meteredSql({ tenantId, period, timeZone }: BooksRange): string {
  const zone = literal(timeZone);
  const side = (purpose: string): string => `
      SELECT t.usage_event_id, t.kind, t.revision, l.meter, t.key_id, t.model, t.evidence, t.usage_period,
             (t.occurred_at AT TIME ZONE ${zone})::date AS day,
             CASE WHEN t.usage_period < t.period THEN t.id END AS booking,
             CASE WHEN t.usage_period < t.period THEN t.corrects_id END AS corrects,
             CASE WHEN t.usage_period < t.period THEN t.reason END AS reason,
             CASE WHEN t.usage_period < t.period THEN t.actor END AS actor,
             l.quantity, l.price_version_id AS price, l.amount
        FROM ledger_transaction t JOIN charge_line l ON l.transaction_id = t.id
       WHERE t.tenant_id = ${literal(tenantId)} AND t.period = ${literal(period)}
         AND t.usage_event_id IS NOT NULL AND t.purpose = '${purpose}'`;
  const either = (column: string): string => `coalesce(c.${column}, k.${column}) AS ${column}`;
  const shared = ['key_id', 'model', 'evidence', 'usage_period', 'day', 'booking', 'corrects', 'reason', 'actor'];
  return `
    WITH c AS (${side('tenant_charge')}), k AS (${side('provider_cost')}),
    pair AS (
      SELECT usage_event_id, kind, meter, ${shared.map(either).join(', ')}, ${either('quantity')},
             c.price AS charge_price, k.price AS list_price, coalesce(c.amount, 0) AS charge,
             coalesce(k.amount, 0) AS cost
        FROM c FULL JOIN k USING (usage_event_id, kind, revision, meter)),
    summed AS (
      SELECT ${shared.join(', ')}, meter, charge_price, list_price, sum(quantity) AS quantity, sum(charge) AS charge,
             sum(cost) AS cost, sum(CASE WHEN kind = 'reversal' THEN -1 ELSE 1 END) AS events
        FROM pair GROUP BY ${shared.join(', ')}, meter, charge_price, list_price
      HAVING sum(quantity) <> 0 OR sum(charge) <> 0 OR sum(cost) <> 0)
    SELECT ${literal(tenantId)}, ${literal(period)}, s.usage_period, s.day,
           (extract(epoch FROM s.day::timestamp AT TIME ZONE ${zone}) * 1000)::bigint,
           (extract(epoch FROM (s.day + 1)::timestamp AT TIME ZONE ${zone}) * 1000)::bigint,
           s.key_id, s.model, s.meter, s.evidence,
           ${priceColumns('cp')}, ${priceColumns('kp')},
           s.quantity, s.charge, s.cost, s.events, s.booking, s.corrects, s.reason, s.actor
      FROM summed s
      LEFT JOIN price_version cp ON cp.id = s.charge_price
      LEFT JOIN price_version kp ON kp.id = s.list_price
     ORDER BY s.day, ${['key_id', 'model', 'meter', 'evidence', 'booking', 'charge_price', 'list_price']
       .map((column) => `s.${column} COLLATE "C" NULLS FIRST`)
       .join(', ')}`;
}

function priceColumns(alias: string): string {
  return ['id', 'provider', 'model', 'service_tier', 'unit', 'price', 'per']
    .map((column) => `${alias}.${column}`)
    .join(', ');
}

// What a booking by hand changes of what the tenant owes, whatever account stands on the other side. One that was taken
// back shows twice, the second time with the other sign, as the kind that it was.
function manualSql(range: BooksRange): string {
  const zone = literal(range.timeZone);
  return `
    SELECT t.tenant_id, t.period, t.usage_period, (t.occurred_at AT TIME ZONE ${zone})::date,
           (extract(epoch FROM t.occurred_at) * 1000)::bigint,
           CASE WHEN t.kind = 'reversal' THEN r.kind ELSE t.kind END, t.id, t.corrects_id, t.reason, t.actor,
           coalesce((SELECT sum(e.amount) FROM ledger_entry e JOIN ledger_account a ON a.id = e.account_id
                      WHERE e.transaction_id = t.id AND a.kind = 'receivable'), 0), t.total
      FROM ledger_transaction t LEFT JOIN ledger_transaction r ON r.id = t.corrects_id
     WHERE t.tenant_id = ${literal(range.tenantId)} AND t.period = ${literal(range.period)}
       AND t.usage_event_id IS NULL
     ORDER BY ${inChainOrder('t')}`;
}
