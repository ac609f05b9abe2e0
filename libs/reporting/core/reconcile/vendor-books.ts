// What reconciliation reads of the vendor. The same shape as libs/providers gives; declared here, because reporting knows
// no vendor and the control plane reaches no session through it.
import type { AmountPico, Vendor } from '@trunkline/kernel';

/** Whole UTC days, Unix milliseconds, the end exclusive. No projects: the whole account. */
export interface VendorScope {
  readonly fromMs: number;
  readonly toMs: number;
  readonly projectIds: readonly string[];
}

/** The vendor whose books can be read, and so the only one whose pools are compared. */
export const RECONCILED_VENDOR: Vendor = 'openai';

/** The vendor's books of one account. */
export interface VendorBooks {
  usage(scope: VendorScope): Promise<
    readonly {
      readonly hourMs: number;
      readonly keyId: string | null;
      readonly model: string;
      readonly meter: string;
      readonly quantityMicro: bigint;
    }[]
  >;
  costs(scope: VendorScope): Promise<
    readonly {
      readonly dayMs: number;
      readonly keyId: string | null;
      readonly lineItem: string;
      readonly of: { readonly model: string; readonly meter: string } | null;
      readonly amount: AmountPico;
    }[]
  >;
}

/** Prices, as reconciliation needs them. */
export interface ReconcilingPrices {
  /** The name under which a model is priced; its own where there is none. */
  readonly priced: (model: string, atMs: number) => string;
  /** What a quantity costs us in a pool at an instant; null without a price. */
  readonly worth: (use: {
    readonly poolId: string;
    readonly model: string;
    readonly meter: string;
    readonly quantityMicro: bigint;
    readonly atMs: number;
  }) => AmountPico | null;
}
