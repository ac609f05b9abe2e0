// The calls that got no line, for replaying them beside the sessions, and the end of their time. Read in pages along the
// index by time: all of them, however many, for who takes a page and lets it go.
import { trustedId } from '@trunkline/kernel';
import type { RecordedRefusal } from '@trunkline/metering';
import type { Database } from '@trunkline/platform/database';

/** Which: those whose first call asked from (inclusive) to (exclusive), Unix milliseconds. */
export interface RefusedCallsQuery {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Rows older than this are deleted. A what-if looks back a month at most. */
export const REFUSED_DAYS_KEPT = 35;
// A page is a few milliseconds of this process's time, which may be a gateway's.
const PAGE = 1_000;
const DAY_MS = 86_400_000;

interface RefusedRow {
  readonly id: string;
  readonly tenant_id: string;
  readonly key_id: string;
  readonly model: string;
  readonly reason: string;
  readonly asked_from: Date;
  readonly asked_until: Date;
  readonly calls: bigint;
  readonly waited_ms: bigint;
  readonly wait_asked_ms: number | null;
}

/** Everybody's calls that got no line, by when they asked, for administrators. Each page is a query of its own. */
export async function* refusedCallsOfAllTenants(
  db: Pick<Database, '$queryRaw'>,
  { fromMs, toMs }: RefusedCallsQuery,
): AsyncGenerator<readonly RecordedRefusal[], void> {
  for (let after = { at: new Date(fromMs), id: '' }; ;) {
    const rows = await db.$queryRaw<RefusedRow[]>`
      SELECT id, tenant_id, key_id, model, reason, asked_from, asked_until, calls, waited_ms, wait_asked_ms
      FROM refused_calls
      WHERE (asked_from, id) > (${after.at}, ${after.id}) AND asked_from < ${new Date(toMs)}
      ORDER BY asked_from, id LIMIT ${PAGE}`;
    const last = rows.at(-1);
    if (last === undefined) return;
    yield rows.map(refusalOf);
    if (rows.length < PAGE) return;
    after = { at: last.asked_from, id: last.id };
  }
}

/** Deletes what is older than it is kept, some at a time. @returns rows deleted; where it is `max`, there may be more. */
export async function sweepRefusedCalls(
  db: Pick<Database, '$executeRaw'>,
  { nowMs, max }: { readonly nowMs: number; readonly max: number },
): Promise<number> {
  const before = new Date(nowMs - REFUSED_DAYS_KEPT * DAY_MS);
  return db.$executeRaw`
    DELETE FROM refused_calls WHERE id IN (
      SELECT id FROM refused_calls WHERE asked_from < ${before} ORDER BY asked_from LIMIT ${max})`;
}

function refusalOf(row: RefusedRow): RecordedRefusal {
  return {
    tenantId: trustedId('tnt', row.tenant_id),
    keyId: trustedId('key', row.key_id),
    model: row.model,
    reason: row.reason,
    fromMs: row.asked_from.getTime(),
    untilMs: row.asked_until.getTime(),
    calls: Number(row.calls),
    waitedMs: Number(row.waited_ms),
    waitAskedMs: row.wait_asked_ms,
  };
}
