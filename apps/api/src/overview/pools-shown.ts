// The pools of the overview. What cannot be read says so in its place, and the rest is told all the same.
import { LeaseStoreUnavailable, type PoolSummary } from '@trunkline/admission';
import { LinesNotKnown, type PoolReads } from '../pools/pool-reads.js';

/** The pools, or in a sentence why they cannot be shown. */
export type PoolsShown =
  | { readonly kind: 'known'; readonly pools: readonly PoolSummary[] }
  | { readonly kind: 'unknown'; readonly why: string };

/** Reads them. Throws what the database throws. */
export async function loadPools(reads: Pick<PoolReads, 'all'>): Promise<PoolsShown> {
  try {
    return { kind: 'known', pools: await reads.all() };
  } catch (error) {
    if (error instanceof LinesNotKnown)
      return { kind: 'unknown', why: 'Not known here: set REDIS_URL to the Redis of the gateways and restart.' };
    if (error instanceof LeaseStoreUnavailable)
      return { kind: 'unknown', why: 'Redis does not answer: new sessions are refused until it does.' };
    throw error;
  }
}
