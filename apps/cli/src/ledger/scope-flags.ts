// How a tenant, a month and an amount are written in flags.
import { parseAmount, type AmountPico, type TenantId } from '@trunkline/kernel';
import { parsePeriod, type Period } from '@trunkline/ledger';
import { findTenant, type TenancyContext } from '@trunkline/tenancy/adapters/prisma';
import { done } from '../run-command.js';

/** The tenant of that slug or id; null where none was named: all. */
export async function tenantNamed(tenancy: TenancyContext, named: string | undefined): Promise<TenantId | null> {
  return named === undefined ? null : done(await findTenant(tenancy, named)).id;
}

/** `2026-11`. */
export function periodOf(text: string): Period {
  const period = parsePeriod(text);
  if (period === null) throw new Error(`${text} is no month: write it as 2026-11`);
  return period;
}

/** `12.50`, `-3`. */
export function amountOf(text: string): AmountPico {
  const amount = parseAmount(text);
  if (amount === null)
    throw new Error(`${text} is no amount: write US dollars such as 12.50, with at most 12 decimals`);
  return amount;
}
