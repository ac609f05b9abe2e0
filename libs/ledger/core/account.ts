// The chart of accounts. Each tenant has the same four in each currency, so that what a tenant owes and what it cost us
// are sums over one account. Debits are positive, credits negative.
//
//   purpose         debit (+)       credit (-)
//   tenant_charge   receivable      revenue            what we charge the tenant
//   provider_cost   cost_of_sales   provider_payable   what the vendor charges us for that tenant
import { createHash } from 'node:crypto';
import { base32, type TenantId } from '@trunkline/kernel';

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

// 26 characters are 130 bits.
const HASH_CHARS = 26;

/** A tenant's account. Its id is derived, so that posting needs no look-up and two workers open the same account. */
export function accountOf(tenantId: TenantId, kind: AccountKind, currency: Currency = 'USD'): Account {
  const hash = derivedHash([tenantId, kind, currency]);
  return { id: `acc_${hash}`, tenantId, kind, currency };
}

/** 26 characters of a hash over the parts; each part behind its own length, so that no two lists share a text. */
export function derivedHash(parts: readonly string[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(`${Buffer.byteLength(part)}:${part}`);
  return base32(hash.digest()).slice(0, HASH_CHARS);
}
