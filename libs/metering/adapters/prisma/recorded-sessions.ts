// The sessions of a pool, or of all, as they went, for replaying them. Reads in pages along the primary key, whose ids sort by time,
// so that a week of calls neither sorts the table nor holds a transaction open; guarantees a bound on what is kept.
import { mintedAtMs, mintId, trustedId, type ApiKeyId, type PoolId, type TenantId } from '@trunkline/kernel';
import type { Database } from '@trunkline/platform/database';

/** A session as it went. */
export interface RecordedSession {
  readonly tenantId: TenantId;
  readonly keyId: ApiKeyId;
  readonly model: string;
  /** Unix milliseconds at which it asked to be let in: before it waited for a line, if it did. */
  readonly askedAtMs: number;
  /** From when it was let in. Null while it is open, and for ever when its gateway was killed. */
  readonly durationMs: number | null;
}

/** Which sessions: those let in from (inclusive) to (exclusive), Unix milliseconds. */
export interface RecordedSessionQuery {
  /** Null: of all pools. */
  readonly poolId: PoolId | null;
  readonly fromMs: number;
  readonly toMs: number;
  /** At most so many, the oldest. */
  readonly sessionsMax: number;
}

/** What was found, by when it asked, and whether there were more. */
export interface RecordedSessions {
  readonly sessions: readonly RecordedSession[];
  readonly isCut: boolean;
}

interface SessionRow {
  readonly id: string;
  readonly tenant_id: string;
  readonly key_id: string;
  readonly model: string | null;
  readonly duration_ms: bigint | null;
}

// A page is a few milliseconds of this process's time, which may be a gateway's.
const PAGE = 1_000;
// An id is minted when the call comes; it is let in after the longest wait for a line and a dial.
const ADMISSION_MS_MAX = 5 * 60_000;

/** Everybody's sessions, for administrators. */
export async function recordedSessionsOfAllTenants(
  db: Pick<Database, '$queryRaw'>,
  query: RecordedSessionQuery,
): Promise<RecordedSessions> {
  const sessions: RecordedSession[] = [];
  let after = firstId(query.fromMs - ADMISSION_MS_MAX);
  for (;;) {
    const rows = await page(db, query, after);
    for (const row of rows) {
      if (sessions.length === query.sessionsMax) return { sessions, isCut: true };
      sessions.push(sessionOf(row));
    }
    const last = rows.at(-1);
    if (last === undefined || rows.length < PAGE) return { sessions, isCut: false };
    after = last.id;
  }
}

function page(
  db: Pick<Database, '$queryRaw'>,
  { poolId, fromMs, toMs }: RecordedSessionQuery,
  after: string,
): Promise<SessionRow[]> {
  return db.$queryRaw<SessionRow[]>`
    SELECT "id", "tenant_id", "key_id", "model", "duration_ms"
    FROM "session"
    WHERE "id" > ${after} AND "id" < ${firstId(toMs)}
      AND (${poolId}::text IS NULL OR "pool_id" = ${poolId}) AND "key_id" IS NOT NULL
      AND "opened_at" >= ${new Date(fromMs)} AND "opened_at" < ${new Date(toMs)}
    ORDER BY "id" LIMIT ${PAGE}`;
}

function sessionOf(row: SessionRow): RecordedSession {
  return {
    tenantId: trustedId('tnt', row.tenant_id),
    keyId: trustedId('key', row.key_id),
    model: row.model ?? 'unknown',
    askedAtMs: mintedAtMs(row.id),
    durationMs: row.duration_ms === null ? null : Number(row.duration_ms),
  };
}

/** An id before all that were minted at this time or later. */
function firstId(atMs: number): string {
  return mintId('ses', Math.max(0, atMs), (n) => new Uint8Array(n));
}
