// Reads the ledger as charge rows, tenant by tenant, in a stable order, streamed. Aggregated by the server to (day, key,
// meter, pair of prices), since a month of a million events is some ten thousand such rows; what corrects a closed month
// stays apart, booking by booking. Sums of exact decimals: nothing is rounded.
//
// All tenants are read in one pass: bookings lie in the order in which they were made, so each page of the ledger holds some
// of everybody's, and a pass for each tenant would read the whole month as often as there are tenants.
import { literal, type Snapshot } from '@trunkline/platform/database';
import type { ChargeRows } from '../../index.js';
import { chargeRowOf } from './charge-row-text.js';
import { inChainOrder, inTheBooks, type BooksRange } from './stable-order.js';

/** The rows of tenants and a period: of each tenant metered ones by day, then what was booked by hand. */
export async function* chargeRowsOf(snapshot: Snapshot, range: BooksRange): ChargeRows {
  for await (const batch of snapshot.copy(chargesSql(range), { sumByHash: true })) yield batch.map(chargeRowOf);
}

// What a booking has of its own that rows are told apart by; corrections of closed months also by the booking itself.
const SHARED = ['key_id', 'model', 'evidence', 'usage_period', 'day', 'booking', 'corrects', 'reason', 'actor'];

function chargesSql(range: BooksRange): string {
  return `
    SELECT * FROM ((${meteredSql(range)}) UNION ALL (${manualSql(range)})) AS r
     ORDER BY r.tenant_id COLLATE "C", r.manual_kind IS NOT NULL, ${inChainOrder('r')}, r.day,
              ${['key_id', 'model', 'meter', 'evidence', 'booking', 'cp_id', 'kp_id', 'billing']
                .map((column) => `r.${column} COLLATE "C" NULLS FIRST`)
                .join(', ')}`;
}

// Charge and cost of the same event are two transactions with the same meters; a full join, since an estimate that is not
// billed has a cost and no charge, and each side may be corrected alone. First of bookings, then of the few lines of each: joining all lines of a month with each
// other takes gigabytes. A reversal inside an open month nets out against what it takes back.
function meteredSql(range: BooksRange): string {
  const zone = literal(range.timeZone);
  const side = (purpose: string): string => `
      SELECT t.id, t.tenant_id, t.usage_event_id, t.kind, t.revision, t.key_id, t.model, t.evidence, t.usage_period,
             (t.occurred_at AT TIME ZONE ${zone})::date AS day,
             CASE WHEN t.usage_period < t.period THEN t.id END AS booking,
             CASE WHEN t.usage_period < t.period THEN t.corrects_id END AS corrects,
             CASE WHEN t.usage_period < t.period THEN t.reason END AS reason,
             CASE WHEN t.usage_period < t.period THEN t.actor END AS actor
        FROM ledger_transaction t
       WHERE ${inTheBooks('t', range)} AND t.usage_event_id IS NOT NULL AND t.purpose = '${purpose}'`;
  const linesOf = (transaction: string): string => `(SELECT * FROM charge_line WHERE transaction_id = ${transaction})`;
  return `
    WITH c AS (${side('tenant_charge')}), k AS (${side('provider_cost')}),
    event AS (
      SELECT tenant_id, kind, c.id AS charge_id, k.id AS cost_id, ${billing(range)} AS billing,
             ${SHARED.map((column) => `coalesce(c.${column}, k.${column}) AS ${column}`).join(', ')}
        FROM c FULL JOIN k USING (tenant_id, usage_event_id, kind, revision)),
    summed AS (
      SELECT tenant_id, ${SHARED.join(', ')}, billing, meter, charge_price, list_price, sum(quantity) AS quantity,
             sum(charge) AS charge, sum(cost) AS cost, sum(CASE WHEN kind = 'reversal' THEN -1 ELSE 1 END) AS events
        FROM event CROSS JOIN LATERAL (
               SELECT meter, coalesce(cl.quantity, kl.quantity) AS quantity, cl.price_version_id AS charge_price,
                      kl.price_version_id AS list_price, coalesce(cl.amount, 0) AS charge, coalesce(kl.amount, 0) AS cost
                 FROM ${linesOf('event.charge_id')} cl FULL JOIN ${linesOf('event.cost_id')} kl USING (meter)) AS line
       GROUP BY tenant_id, ${SHARED.join(', ')}, billing, meter, charge_price, list_price
      HAVING sum(quantity) <> 0 OR sum(charge) <> 0 OR sum(cost) <> 0)
    SELECT s.tenant_id, ${literal(range.period)} AS period, s.usage_period, s.day,
           (extract(epoch FROM s.day::timestamp AT TIME ZONE ${zone}) * 1000)::bigint AS from_ms,
           (extract(epoch FROM (s.day + 1)::timestamp AT TIME ZONE ${zone}) * 1000)::bigint AS to_ms,
           s.key_id, s.model, s.meter, s.evidence, ${priceColumns('cp')}, ${priceColumns('kp')},
           s.quantity, s.charge, s.cost, s.events, s.booking, s.corrects, s.reason, s.actor, NULL AS manual_kind,
           NULL AS chain_sequence, s.billing
      FROM summed s
      LEFT JOIN price_version cp ON cp.id = s.charge_price
      LEFT JOIN price_version kp ON kp.id = s.list_price`;
}

// A cost without a charge is of usage that is not billed, or corrects the cost alone of usage that is: then a charge of the
// event is in the books by this month. A subquery of one value, so that the server looks it up for the few that have none
// and does not gather the charges of all months.
function billing({ period }: BooksRange): string {
  return `
    CASE WHEN c.id IS NOT NULL THEN 'charged'
         WHEN (SELECT true FROM ledger_transaction x
                WHERE x.usage_event_id = k.usage_event_id AND x.purpose = 'tenant_charge' AND x.period <= ${literal(period)}
                LIMIT 1) THEN 'cost_only'
         ELSE 'not_billed' END`;
}

const PRICE_COLUMNS = ['id', 'provider', 'model', 'service_tier', 'unit', 'price', 'per'];

// Named, since each comes twice.
function priceColumns(alias: string): string {
  return PRICE_COLUMNS.map((column) => `${alias}.${column} AS ${alias}_${column}`).join(', ');
}

// What a booking by hand changes of what the tenant owes, whatever account stands on the other side, or of what the vendor
// charges us. One that was taken back shows twice, the second time with the other sign, as the kind that it was. In the
// columns of metered rows: what was booked stands where those have their quantity.
function manualSql(range: BooksRange): string {
  const zone = literal(range.timeZone);
  const instant = '(extract(epoch FROM t.occurred_at) * 1000)::bigint';
  const nothing = (count: number): string => Array.from({ length: count }, () => 'NULL').join(', ');
  return `
    SELECT t.tenant_id, t.period, t.usage_period, (t.occurred_at AT TIME ZONE ${zone})::date, ${instant}, ${instant},
           ${nothing(4 + 2 * PRICE_COLUMNS.length)}, t.total,
           coalesce((SELECT sum(e.amount) FROM ledger_entry e JOIN ledger_account a ON a.id = e.account_id
                      WHERE e.transaction_id = t.id AND a.kind = 'receivable'), 0),
           CASE WHEN t.purpose = 'provider_cost' THEN t.total ELSE 0 END, NULL,
           t.id, t.corrects_id, t.reason, t.actor, CASE WHEN t.kind = 'reversal' THEN r.kind ELSE t.kind END,
           t.chain_sequence, NULL
      FROM ledger_transaction t LEFT JOIN ledger_transaction r ON r.id = t.corrects_id
     WHERE ${inTheBooks('t', range)} AND t.usage_event_id IS NULL`;
}
