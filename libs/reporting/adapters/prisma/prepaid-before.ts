// What a tenant had prepaid before a month, for the statement of that month. Read from the one account that holds it, which
// has few entries however much the tenant uses.
import type { AmountPico, TenantId } from '@trunkline/kernel';
import { accountOf, type Period } from '@trunkline/ledger';
import { amountText, type Snapshot } from '@trunkline/platform/database';
import { z } from 'zod';

/** The balance before a month, in the snapshot of its rows. Positive: that much is there to be used. */
export async function prepaidBefore(
  snapshot: Snapshot,
  { tenantId, period }: { readonly tenantId: TenantId; readonly period: Period },
): Promise<AmountPico> {
  const account = accountOf(tenantId, 'prepaid').id;
  const rows = await snapshot.query(
    `SELECT coalesce(-sum(e.amount), 0)::text AS amount
       FROM ledger_entry e JOIN ledger_transaction t ON t.id = e.transaction_id
      WHERE e.account_id = $1 AND t.period < $2`,
    [account, period],
  );
  const [{ amount }] = z.tuple([z.object({ amount: amountText })]).parse(rows);
  return amount;
}
