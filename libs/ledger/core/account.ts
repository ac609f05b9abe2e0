// The chart of accounts. Each tenant has the same four in each currency, so that what a tenant owes and what it cost us
// are sums over one account. Debits are positive, credits negative.
//
//   purpose         debit (+)       credit (-)
//   tenant_charge   receivable      revenue            what we charge the tenant
//   provider_cost   cost_of_sales   provider_payable   what the vendor charges us for that tenant
import type { TenantId } from '@trunkline/kernel';

/** What a transaction is for: what we charge the tenant, or what the vendor charges us. */
export type Purpose = 'tenant_charge' | 'provider_cost';

/** An account of the chart: the tenant's debt to us; what we earned; what it cost us; our debt to the vendor. */
export const ACCOUNT_KINDS = ['receivable', 'revenue', 'cost_of_sales', 'provider_payable'] as const;
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

/** Which accounts a purpose debits and credits. */
export const POSTING: Readonly<Record<Purpose, { readonly debit: AccountKind; readonly credit: AccountKind }>> = {
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
