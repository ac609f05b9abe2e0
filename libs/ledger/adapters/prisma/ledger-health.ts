// How the books are doing: how far they lag behind the journal, whether accounts balance, and whether a price that arrived
// late has left charges at the old one.
import { type AmountPico, type TenantId } from '@trunkline/kernel';
import { amountText, numberText, type Queryable } from '@trunkline/platform/database';
import { z } from 'zod';
import { ACCOUNT_KINDS, type AccountKind, type Period } from '@trunkline/ledger';

/** What is in the journal and not in the ledger. Counts of the whole system: for operators and metrics. */
export interface LedgerLag {
  readonly pending: number;
  /** Age of the oldest pending event since it was journalled, by the database's clock; 0 when nothing waits. */
  readonly oldestPendingMs: number;
  readonly unrated: number;
  readonly parked: number;
}

const lagRow = z.object({ pending: numberText, oldestMs: numberText, unrated: numberText, parked: numberText });

/** The ledger's lag. Reads partial indexes only: cheap however long the history. */
export async function ledgerLag(db: Queryable): Promise<LedgerLag> {
  const rows = await db.$queryRaw`
    SELECT w.pending::text, greatest(0, w.age)::bigint::text AS "oldestMs", s.unrated::text, s.parked::text
      FROM (SELECT count(*) AS pending,
                   coalesce(extract(epoch FROM clock_timestamp() - min(journalled_at)) * 1000, 0) AS age
              FROM usage_event WHERE rating_state = 'pending') AS w,
           (SELECT count(*) FILTER (WHERE rating_state = 'unrated') AS unrated,
                   count(*) FILTER (WHERE rating_state = 'parked') AS parked
              FROM usage_event WHERE rating_state IN ('unrated', 'parked')) AS s`;
  const [row] = z.tuple([lagRow]).parse(rows);
  return { pending: row.pending, oldestPendingMs: row.oldestMs, unrated: row.unrated, parked: row.parked };
}

const balanceRow = z.object({
  kind: z.enum(ACCOUNT_KINDS),
  amount: amountText,
});

/** The balance of each of a tenant's accounts, up to the end of a month if one is given; debits positive. They sum to zero. */
export async function balancesOfTenant(
  db: Queryable,
  tenantId: TenantId,
  until: Period | null = null,
): Promise<Partial<Record<AccountKind, AmountPico>>> {
  const rows = await db.$queryRaw`
    SELECT a.kind, sum(e.amount)::text AS amount
      FROM ledger_account a
      JOIN ledger_entry e ON e.account_id = a.id
      JOIN ledger_transaction t ON t.id = e.transaction_id
     WHERE a.tenant_id = ${tenantId} AND (${until}::text IS NULL OR t.period <= ${until})
     GROUP BY a.kind`;
  const balances: Partial<Record<AccountKind, AmountPico>> = {};
  for (const { kind, amount } of z.array(balanceRow).parse(rows)) balances[kind] = amount;
  return balances;
}

/** Charges by a price that was already replaced when the usage occurred, by the prices known now. */
export interface SupersededCharges {
  readonly lines: number;
  readonly amount: AmountPico;
}

/**
 * Finds charges that a price imported later should have priced: posted before the import, for usage after its start. They
 * stay as they are; putting them right takes a correction. Knows versions, not plans and uplifts: `price impact` does. Zero is what an operator wants to see after an import.
 */
export async function supersededChargesOfAllTenants(db: Queryable): Promise<SupersededCharges> {
  const rows = await db.$queryRaw`
    SELECT count(*)::text AS lines, coalesce(sum(l.amount), 0)::text AS amount
      FROM charge_line l
      JOIN ledger_transaction t ON t.id = l.transaction_id
      JOIN price_version used ON used.id = l.price_version_id
      JOIN price_version base ON base.id = coalesce(used.derived_from, used.id)
     WHERE EXISTS (
       SELECT FROM price_version newer
        WHERE newer.derived_from IS NULL AND newer.id <> base.id AND newer.provider = base.provider AND newer.book = base.book
          AND newer.service_tier = base.service_tier AND newer.model = base.model AND newer.meter = l.meter
          AND (newer.effective_from > base.effective_from OR (newer.effective_from = base.effective_from
               AND (newer.meter <> base.meter OR newer.revision > base.revision)))
          AND newer.effective_from <= t.occurred_at
          AND (newer.effective_to IS NULL OR newer.effective_to > t.occurred_at))`;
  const [row] = z.tuple([z.object({ lines: numberText, amount: amountText })]).parse(rows);
  return row;
}
