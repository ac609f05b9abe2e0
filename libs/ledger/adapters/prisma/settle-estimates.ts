// An estimate and the report of the same fact are never both in force, whichever comes first and whoever posts them. A report
// that is posted takes the estimate out of the queue, or out of the books if it is there; an estimate whose report is in
// the journal is not posted. Nobody waits for another worker's rows here: a report whose estimate another one is just
// posting stays in the queue for the next pass.
import type { Queryable } from '@trunkline/platform/database';
import { z } from 'zod';
import type { ClaimedEvent } from './pending-usage.js';
import { standingUsage } from './reverse.js';

/** What is to be done about the estimates among and behind claimed events. */
export interface SettledEstimates {
  /** Events to post. */
  readonly postable: readonly ClaimedEvent[];
  /** Estimates whose report is here. */
  readonly superseded: readonly string[];
  /** What stands in the books for them and is to be taken back. */
  readonly toReverse: readonly string[];
}

/** Why an estimate is taken back, for the books. */
export const REPORT_CAME = { actor: 'trunkline', reason: 'the vendor reported what had been estimated' };

const idRow = z.object({ id: z.string() });
const estimateRow = z.object({ id: z.string(), factId: z.string() });

/** Decides, and locks the estimates that give way until the transaction ends. */
export async function settleEstimates(tx: Queryable, claimed: readonly ClaimedEvent[]): Promise<SettledEstimates> {
  const reported = await reportedAmong(tx, claimed);
  const givingWay = claimed.filter(({ factId }) => factId !== null && reported.has(factId)).map(({ id }) => id);
  const behind = await estimatesBehind(tx, claimed);
  const superseded = new Set<string>([...givingWay, ...behind.held]);
  return {
    postable: claimed.filter(({ id }) => !superseded.has(id) && !behind.heldByOthers.has(id)),
    superseded: [...superseded],
    toReverse: superseded.size === 0 ? [] : await standingUsage(tx, [...superseded]),
  };
}

/** Takes estimates out of the queue for good. */
export async function markSuperseded(tx: Queryable, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  await tx.$executeRaw`UPDATE usage_event SET rating_state = 'superseded' WHERE id = ANY(${[...ids]}::text[])`;
}

// A report that does not add up says nothing that could stand in the estimate's place.
async function reportedAmong(tx: Queryable, claimed: readonly ClaimedEvent[]): Promise<ReadonlySet<string>> {
  const facts = claimed.flatMap(({ factId }) => (factId === null ? [] : [factId]));
  if (facts.length === 0) return new Set();
  const rows = await tx.$queryRaw`
    SELECT id FROM usage_event WHERE id = ANY(${facts}::text[]) AND problem IS NULL`;
  return new Set(
    z
      .array(idRow)
      .parse(rows)
      .map(({ id }) => id),
  );
}

async function estimatesBehind(tx: Queryable, claimed: readonly ClaimedEvent[]) {
  const reports = claimed.flatMap(({ id, factId }) => (factId === null ? [id] : []));
  const found = await estimatesOf(tx, reports, 'look');
  if (found.length === 0) return { held: [], heldByOthers: new Set<string>() };
  const held = (await estimatesOf(tx, reports, 'hold')).map(({ id }) => id);
  const free = new Set(held);
  return { held, heldByOthers: new Set(found.filter(({ id }) => !free.has(id)).map(({ factId }) => factId)) };
}

// One that is parked for its date comes again when it is released.
async function estimatesOf(tx: Queryable, reports: readonly string[], how: 'look' | 'hold') {
  const rows =
    how === 'look'
      ? await tx.$queryRaw`
          SELECT id, fact_id AS "factId" FROM usage_event
           WHERE fact_id = ANY(${reports}::text[]) AND rating_state <> 'superseded' AND problem IS NULL`
      : await tx.$queryRaw`
          SELECT id, fact_id AS "factId" FROM usage_event
           WHERE fact_id = ANY(${reports}::text[]) AND rating_state <> 'superseded' AND problem IS NULL
             FOR UPDATE SKIP LOCKED`;
  return z.array(estimateRow).parse(rows);
}
