// The chart of accounts. Each tenant has the same ones in each currency, so that what a tenant owes, what it cost us and
// what it has paid before are sums over one account. Debits are positive, credits negative.
//
//   booking                     debit (+)        credit (-)
//   tenant_charge               receivable       revenue            what we charge the tenant
//   provider_cost               cost_of_sales    provider_payable   what the vendor charges us for that tenant
//   credit                      credit_expense   receivable         what we let the tenant off
//   prepayment                  cash             prepaid            what the tenant paid before using it
//   drawdown of a prepayment    prepaid          receivable         what it has used of that since
import type { TenantId } from '@trunkline/kernel';

/** What a transaction is for: what we charge the tenant, what the vendor charges us, or money paid before (no charge). */
export type Purpose = 'tenant_charge' | 'provider_cost' | 'prepayment';

/** Purposes of metered money: each usage event is booked once for each. */
export type ChargePurpose = Exclude<Purpose, 'prepayment'>;

/** The accounts that each tenant has. */
export const ACCOUNT_KINDS = [
  'receivable',
  'revenue',
  'cost_of_sales',
  'provider_payable',
  'cash',
  'prepaid',
  'credit_expense',
] as const;
export type AccountKind = (typeof ACCOUNT_KINDS)[number];

/** The one currency of the ledger; reports convert, the books do not. */
export type Currency = 'USD';

export type AccountId = `acc_${string}`;

/** One tenant's account. */
export interface Account {
  readonly id: AccountId;
  readonly tenantId: TenantId;
  readonly kind: AccountKind;
  readonly currency: Currency;
}

/** Which accounts a booking of a positive amount debits and credits. */
export interface Posting {
  readonly debit: AccountKind;
  readonly credit: AccountKind;
}

/** The accounts of charges and costs, metered or adjusted. */
export const POSTING: Readonly<Record<ChargePurpose, Posting>> = {
  tenant_charge: { debit: 'receivable', credit: 'revenue' },
  provider_cost: { debit: 'cost_of_sales', credit: 'provider_payable' },
};

/**
 * A tenant's account. Its id is derived, so that posting needs no look-up and two workers open the same account. Currency
 * and kind come from closed lists of which none begins with another, so no two accounts share an id.
 */
export function accountOf(tenantId: TenantId, kind: AccountKind, currency: Currency = 'USD'): Account {
  return { id: `acc_${currency}_${kind}_${tenantId}`, tenantId, kind, currency };
}
