// The sessions of all pools as they went, for replaying them. Reads in pages along the primary key, whose ids sort
// by time, so that a week of calls neither sorts the table nor holds a transaction open.
import { mintedAtMs, mintId, trustedId } from '@trunkline/kernel';
import type { RecordedSession } from '@trunkline/metering';
import type { Database } from '@trunkline/platform/database';

/** Which sessions: those open at any moment from (inclusive) to (exclusive), Unix milliseconds. */
export interface RecordedSessionQuery {
  readonly fromMs: number;
  readonly toMs: number;
}

interface SessionRow {
  readonly id: string;
  readonly tenant_id: string;
  readonly key_id: string;
  readonly pool_id: string;
  readonly model: string | null;
  readonly opened_at: Date;
  readonly duration_ms: bigint | null;
  readonly end_cause: string | null;
  readonly wait_asked_ms: number | null;
}

// A page is a few milliseconds of this process's time, which may be a gateway's.
const PAGE = 1_000;
// An id is minted when the call comes; it is let in after the longest wait for a line and a dial.
const ADMISSION_MS_MAX = 5 * 60_000;
// No vendor keeps a session open for longer (protocol facts 4), so none that was let in before that is open yet.
const OPEN_MS_MAX = 60 * 60_000;

/** Everybody's sessions, by when they asked, for administrators. Each page is a query of its own. */
export async function* recordedSessionsOfAllTenants(
  db: Pick<Database, '$queryRaw'>,
  query: RecordedSessionQuery,
): AsyncGenerator<readonly RecordedSession[], void> {
  for (let after = firstId(query.fromMs - OPEN_MS_MAX - ADMISSION_MS_MAX); ;) {
    const rows = await page(db, query, after);
    const last = rows.at(-1);
    if (last === undefined) return;
    yield rows.map(sessionOf);
    if (rows.length < PAGE) return;
    after = last.id;
  }
}

function page(
  db: Pick<Database, '$queryRaw'>,
  { fromMs, toMs }: RecordedSessionQuery,
  after: string,
): Promise<SessionRow[]> {
  return db.$queryRaw<SessionRow[]>`
    SELECT "id", "tenant_id", "key_id", "pool_id", "model", "opened_at", "duration_ms", "end_cause",
      "wait_asked_ms"
    FROM "session"
    WHERE "id" > ${after} AND "id" < ${firstId(toMs)}
      AND "key_id" IS NOT NULL AND "pool_id" IS NOT NULL AND "opened_at" < ${new Date(toMs)}
      AND ("opened_at" >= ${new Date(fromMs)} OR "duration_ms" IS NULL
        OR "opened_at" + "duration_ms" * INTERVAL '1 millisecond' > ${new Date(fromMs)})
    ORDER BY "id" LIMIT ${PAGE}`;
}

function sessionOf(row: SessionRow): RecordedSession {
  return {
    tenantId: trustedId('tnt', row.tenant_id),
    keyId: trustedId('key', row.key_id),
    poolId: trustedId('pool', row.pool_id),
    model: row.model ?? 'unknown',
    askedAtMs: mintedAtMs(row.id),
    openedAtMs: row.opened_at.getTime(),
    durationMs: row.duration_ms === null ? null : Number(row.duration_ms),
    endCause: row.end_cause,
    waitAskedMs: row.wait_asked_ms,
  };
}

/** An id before all that were minted at this time or later. */
function firstId(atMs: number): string {
  return mintId('ses', Math.max(0, atMs), (n) => new Uint8Array(n));
}
