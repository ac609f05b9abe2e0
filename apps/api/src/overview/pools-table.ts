// The pools on the overview: how full each is and who waits. What cannot be read says so in its place, and the rest of the
// page is shown all the same.
import { LeaseStoreUnavailable, pausesOf, type PoolSummary } from '@trunkline/admission';
import { markup, type Html } from '@trunkline/platform/html';
import { LinesNotKnown, type PoolReads } from '../pools/pool-reads.js';
import { tableMarkup } from './table.js';

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

/** The table. */
export function poolsTable(shown: PoolsShown): Html {
  return tableMarkup({
    id: 'pools',
    caption: 'Pools',
    note: 'who holds which line: npm run cli -- pool status --lines',
    columns: [
      { name: 'Pool' },
      { name: 'Open of cap', kind: 'number' },
      { name: 'Waiting', kind: 'number' },
      { name: 'Paused for', kind: 'number' },
    ],
    rows: shown.kind === 'known' ? shown.pools.map(poolRow) : [],
    foot: null,
    empty: shown.kind === 'known' ? 'There is no pool.' : shown.why,
  });
}

function poolRow({ pool, status, totals }: PoolSummary) {
  const { cap, open, pending, kept, waiting } = totals;
  return [
    status === 'draining' ? markup`${pool} <span class="muted">draining</span>` : pool,
    `${open + pending + kept} / ${cap ?? 'no cap'}`,
    waiting,
    pausesOf(totals) ?? 'no',
  ];
}
