// Reads the books through and follows their chains: whether any row was changed, removed, added or moved since it was
// booked, and whether closed periods end where they ended when they were closed. Reads pages; holds nobody up.
import { ChainWalk, EMPTY_CHAIN, type ChainBreak, type ChainHead } from '@trunkline/ledger';
import { wholeText, type Queryable } from '@trunkline/platform/database';
import { z } from 'zod';
import { bookedRowsOf } from './booked-rows.js';
import type { Place } from './hold-periods.js';
import { periodText } from './period-text.js';

/** Which chains: all, or those of a tenant, of a period, of both. */
export interface ChainScope {
  readonly tenantId?: string;
  readonly period?: string;
}

/** What was found of one chain. */
export interface VerifiedChain extends Place {
  readonly head: ChainHead;
  /** The first place where it breaks; null: it holds. */
  readonly broken: ChainBreak | null;
}

const chainRow = z.object({
  tenantId: z.string(),
  period: periodText,
  sequence: wholeText.nullable(),
  hash: z.string().nullable(),
  closedSequence: wholeText.nullable(),
  closedHash: z.string().nullable(),
});

/** Verifies chains one after the other, in the order of tenant and period. */
export async function* verifyChains(db: Queryable, scope: ChainScope = {}): AsyncGenerator<VerifiedChain> {
  for (const recorded of await recordedChains(db, scope)) {
    const place = { tenantId: recorded.tenantId, period: recorded.period };
    const { sequence, hash, closedSequence, closedHash } = recorded;
    const closed =
      closedSequence === null || closedHash === null ? null : { sequence: closedSequence, hash: closedHash };
    const head = sequence === null || hash === null ? null : { sequence, hash };
    const broken = head === null ? await headless(db, place) : await firstBreakOf(db, place, { head, closed });
    yield { ...place, head: head ?? EMPTY_CHAIN, broken };
  }
}

/**
 * Follows one chain from a place that was verified before to its recorded head.
 * @returns the first break, or null.
 */
export async function firstBreakOf(
  db: Queryable,
  place: Place,
  {
    head,
    closed = null,
    from,
  }: { readonly head: ChainHead; readonly closed?: ChainHead | null; readonly from?: ChainHead },
): Promise<ChainBreak | null> {
  const walk = new ChainWalk(from);
  for (;;) {
    const page = await bookedRowsOf(db, place, { after: walk.head.sequence });
    for (const { row, hash } of page) {
      // Rows that were booked since the head was read are for the next time.
      if (closed === null && row.sequence > head.sequence) return walk.end(head);
      const broken = walk.step(row, hash);
      if (broken !== null) return broken;
    }
    if (page.length === 0) return walk.end(head) ?? (closed === null ? null : walk.end(closed));
  }
}

async function headless(db: Queryable, place: Place): Promise<ChainBreak | null> {
  const [first] = await bookedRowsOf(db, place, { limit: 1 });
  return first === undefined
    ? null
    : { sequence: 1n, id: first.row.id, why: 'the chain has rows and no recorded head' };
}

// A chain is known by its head, its rows or its closed period: removing one of them hides nothing.
async function recordedChains(db: Queryable, { tenantId = null, period = null }: NullableScope) {
  const rows = await db.$queryRaw`
    SELECT tenant_id AS "tenantId", period, c.sequence::text, c.hash, p.chain_sequence::text AS "closedSequence",
           p.chain_head AS "closedHash"
      FROM (SELECT tenant_id, period FROM ledger_chain UNION SELECT tenant_id, period FROM accounting_period
             UNION SELECT DISTINCT tenant_id, period FROM ledger_transaction) AS known
      LEFT JOIN ledger_chain c USING (tenant_id, period)
      LEFT JOIN accounting_period p USING (tenant_id, period)
     WHERE (${tenantId}::text IS NULL OR tenant_id = ${tenantId}) AND (${period}::text IS NULL OR period = ${period})
     ORDER BY tenant_id, period`;
  return z.array(chainRow).parse(rows);
}

interface NullableScope {
  readonly tenantId?: string | null;
  readonly period?: string | null;
}
