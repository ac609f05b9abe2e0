// An upstream account as policy sees it: what it may carry, who dials it how, and whether it takes new sessions. Leaves
// counting to admission, dialling to providers and the key in the clear to the one who dials.
import type { PoolId, Vendor } from '@trunkline/kernel';

/** Whose account it is, whose API it speaks and by whose list its use is priced. */
export type PoolVendor = Vendor;

/** An upstream account and its caps. */
export interface Pool {
  readonly id: PoolId;
  readonly slug: string;
  readonly vendor: PoolVendor;
  /** Draining: no new sessions, live ones go on. */
  readonly status: 'active' | 'draining';
  /** Sessions open at once, all models together; null: no cap in total. */
  readonly sessionsMax: number | null;
  /** Sessions open at once by model family. A map, since the family asked for comes from a stranger's URL. */
  readonly familyCaps: ReadonlyMap<string, number>;
  /** What the account may use by its contract: what its headroom is judged by. Null: not known. */
  readonly tokensPerMinuteMax: number | null;
  /** The preset of documented caps that was applied last, 1 to 5. */
  readonly tier: number | null;
  /** Share of new sessions among the pools that offer a model, 0 to 1000; 0: only when no other has a line. */
  readonly weight: number;
  /** Handshakes that may wait for a line at once: all together, and of one tenant. */
  readonly waitingMax: number;
  readonly waitingPerTenantMax: number;
  /** Models it serves; null: every model that the vendor is known to serve. */
  readonly models: readonly string[] | null;
  /** Null: the address of the settings. */
  readonly upstreamUrl: string | null;
  /** The account's key, to be opened with the installation's pepper for this pool's id; null: the key of the settings. */
  readonly upstreamKeySealed: string | null;
  /** Deployment by model, where the vendor names deployments instead of models. */
  readonly deployments: ReadonlyMap<string, string>;
}

/** What a new pool has unless something else is said. The columns of the database have the same defaults. */
export const POOL_DEFAULTS = Object.freeze({
  weight: 1,
  // A queue longer than what frees within the longest wait only makes its tail wait in vain; these suit 100 lines.
  waitingMax: 200,
  waitingPerTenantMax: 20,
});
