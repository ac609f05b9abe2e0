// Vendors whose voice APIs are bought. Here because three who may not know each other name them: pools (whose account it
// is), usage (who was paid for it) and prices (whose list it is). What a vendor is like is for providers.

/** By the names that pools, the journal and the price book have for them. */
export const VENDORS = ['openai', 'azure'] as const;
export type Vendor = (typeof VENDORS)[number];

/** The vendor of this name; null: a later release may know one that this does not. */
export function vendorNamed(name: string): Vendor | null {
  return VENDORS.find((known) => known === name) ?? null;
}
