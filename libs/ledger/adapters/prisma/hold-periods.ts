// Where bookings go. Guarantees that a period in which something is booked stays open until the commit (a share lock, which
// a close waits for), and that what is about a closed period goes into the next open one. Locks are taken in one order by
// everybody: periods, then chains, each by tenant and month.
import { EMPTY_CHAIN, firstOpenFrom, type ChainHead, type Period, type Transaction } from '@trunkline/ledger';
import { wholeText, type Queryable } from '@trunkline/platform/database';
import { z } from 'zod';
import { periodText } from './period-text.js';

/** A month of a tenant. */
export interface Place {
  readonly tenantId: string;
  readonly period: Period;
}

/** A month of a tenant that is held, and where its chain stands. */
export interface HeldChain extends Place {
  readonly head: ChainHead;
}

const statusRow = z.object({
  tenantId: z.string(),
  period: periodText,
  status: z.enum(['open', 'soft_closed', 'closed']),
});
type Standing = z.infer<typeof statusRow>;
const chainRow = z.object({ tenantId: z.string(), period: periodText, sequence: wholeText, hash: z.string() });

/** One text per month of a tenant, for look-ups. */
export function placeKey({ tenantId, period }: Place): string {
  return `${tenantId} ${period}`;
}

/**
 * Holds open periods for these transactions until the database transaction ends.
 * @returns where each of them is booked: the month that it is about, or the next that is open.
 */
export async function holdPeriods(
  tx: Queryable,
  transactions: readonly Transaction[],
): Promise<(transaction: Transaction) => Place> {
  const closed = new Set<string>();
  const held = new Set<string>();
  const placeOf = ({ tenantId, usagePeriod }: Transaction): Place => {
    const period = firstOpenFrom(usagePeriod, (each) => closed.has(placeKey({ tenantId, period: each })));
    return { tenantId, period };
  };
  for (;;) {
    const wanted = placesOf(transactions.map(placeOf)).filter((place) => !held.has(placeKey(place)));
    if (wanted.length === 0) return placeOf;
    for (const place of await lockPeriods(tx, wanted)) {
      held.add(placeKey(place));
      if (place.status === 'closed') closed.add(placeKey(place));
    }
  }
}

/** Holds the chains of these places, alone, until the database transaction ends. The places have been held before. */
export async function holdChains(tx: Queryable, places: readonly Place[]): Promise<readonly HeldChain[]> {
  const wanted = JSON.stringify(placesOf(places));
  const lock = async (): Promise<HeldChain[]> => {
    const rows = await tx.$queryRaw`
      SELECT c.tenant_id AS "tenantId", c.period, c.sequence::text, c.hash
        FROM json_to_recordset(${wanted}::json) AS w("tenantId" text, period text)
        JOIN ledger_chain c ON c.tenant_id = w."tenantId" AND c.period = w.period
       ORDER BY c.tenant_id, c.period FOR UPDATE OF c`;
    return z
      .array(chainRow)
      .parse(rows)
      .map(({ sequence, hash, ...place }) => ({ ...place, head: { sequence, hash } }));
  };
  const chains = await lock();
  if (chains.length === placesOf(places).length) return chains;
  await tx.$executeRaw`
    INSERT INTO ledger_chain (tenant_id, period, sequence, hash)
    SELECT "tenantId", period, 0, ${EMPTY_CHAIN.hash}
      FROM json_to_recordset(${wanted}::json) AS w("tenantId" text, period text) ORDER BY 1, 2
        ON CONFLICT DO NOTHING`;
  return lock();
}

/** Records where the chains stand now. */
export async function moveChains(tx: Queryable, chains: readonly HeldChain[]): Promise<void> {
  const heads = chains.map(({ tenantId, period, head }) => ({
    ...{ tenantId, period, sequence: head.sequence.toString(), hash: head.hash },
  }));
  await tx.$executeRaw`
    UPDATE ledger_chain c SET sequence = h.sequence, hash = h.hash
      FROM json_to_recordset(${JSON.stringify(heads)}::json) AS h("tenantId" text, period text, sequence bigint, hash text)
     WHERE c.tenant_id = h."tenantId" AND c.period = h.period`;
}

// The first booking of a month makes its row; all others find it. A month without a row may be closed too: before a closed
// one, or when the tenant came after it and it is closed for others (`is_month_passed`, which the trigger holds to as well).
async function lockPeriods(tx: Queryable, places: readonly Place[]): Promise<readonly Standing[]> {
  const found = await lockRows(tx, places);
  if (found.length === places.length) return found;
  const known = new Set(found.map(placeKey));
  const unknown = places.filter((place) => !known.has(placeKey(place)));
  const over = await passedAmong(tx, unknown);
  const fresh = unknown.filter((place) => !over.has(placeKey(place)));
  await tx.$executeRaw`
    INSERT INTO accounting_period (tenant_id, period)
    SELECT "tenantId", period FROM json_to_recordset(${JSON.stringify(fresh)}::json) AS w("tenantId" text, period text)
     ORDER BY 1, 2 ON CONFLICT DO NOTHING`;
  const passed = unknown.filter((place) => over.has(placeKey(place)));
  const opened = await lockRows(tx, fresh);
  return [...found, ...opened, ...passed.map((place) => ({ ...place, status: 'closed' as const }))];
}

async function lockRows(tx: Queryable, places: readonly Place[]): Promise<readonly Standing[]> {
  const rows = await tx.$queryRaw`
    SELECT p.tenant_id AS "tenantId", p.period, p.status
      FROM json_to_recordset(${JSON.stringify(places)}::json) AS w("tenantId" text, period text)
      JOIN accounting_period p ON p.tenant_id = w."tenantId" AND p.period = w.period
     ORDER BY p.tenant_id, p.period FOR SHARE OF p`;
  return z.array(statusRow).parse(rows);
}

async function passedAmong(tx: Queryable, places: readonly Place[]): Promise<ReadonlySet<string>> {
  if (places.length === 0) return new Set();
  const wanted = JSON.stringify(places);
  // In an order, so that two of these wait in one direction only; and by a statement of its own, so that the next one sees
  // what a close that was waited for has committed.
  await tx.$executeRaw`
    SELECT hold_month(period, false) FROM (
      SELECT DISTINCT period FROM json_to_recordset(${wanted}::json) AS w(period text) ORDER BY period) AS months`;
  await tx.$executeRaw`
    SELECT hold_months_of("tenantId", false) FROM (
      SELECT DISTINCT "tenantId" FROM json_to_recordset(${wanted}::json) AS w("tenantId" text) ORDER BY 1) AS tenants`;
  const rows = await tx.$queryRaw`
    SELECT "tenantId", period FROM json_to_recordset(${wanted}::json) AS w("tenantId" text, period text)
     WHERE is_month_passed("tenantId", period)`;
  return new Set(
    z
      .array(z.object({ tenantId: z.string(), period: periodText }))
      .parse(rows)
      .map(placeKey),
  );
}

function placesOf(places: readonly Place[]): readonly Place[] {
  return [...new Map(places.map((place) => [placeKey(place), place])).values()];
}
