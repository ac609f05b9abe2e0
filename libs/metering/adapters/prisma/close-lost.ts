// Closes the books of a gateway that is gone: what it left owed becomes estimates, its open sessions get an end. In one
// transaction, so that a session never ends without them; two workers at once share the work or repeat it harmlessly. A
// gateway that beats meanwhile is let alone.
import type { ReplicaId } from '@trunkline/kernel';
import { estimatedUsage, readOwedUsage, type OwedUsage, type UsageEvent } from '@trunkline/metering';
import type { Database, Prisma } from '@trunkline/platform/database';
import { z } from 'zod';
import { insertEvents } from './event-rows.js';

/** Whose books to close. */
export interface LostReplica {
  readonly replicaId: ReplicaId;
  /** As it was seen when it was found lost; null where beats do not matter (another process owns its spool). */
  readonly beats: number | null;
}

/** What was done. */
export interface ClosedBooks {
  readonly sessions: number;
  readonly estimates: readonly UsageEvent[];
  /** It has more; close again. */
  readonly more: boolean;
}

const NOTHING: ClosedBooks = { sessions: 0, estimates: [], more: false };
// A transaction of some tens of milliseconds.
const OWED_MAX = 500;

/** Closes a part of a lost gateway's books. */
export async function closeLost(db: Database, lost: LostReplica): Promise<ClosedBooks> {
  return db.$transaction(async (tx) => {
    if (!(await isStillLost(tx, lost))) return NOTHING;
    const estimates = (await takeOwed(tx, lost.replicaId)).map((owed) => estimatedUsage(owed, ['seen_in_part']));
    await tx.$executeRaw`${insertEvents(estimates)}`;
    if (estimates.length === OWED_MAX) return { sessions: 0, estimates, more: true };
    return { sessions: await closeSessions(tx, lost.replicaId), estimates, more: false };
  });
}

// Locked until the commit: a beat waits, and finds its books closed, or was first and stops us.
async function isStillLost(tx: Prisma.TransactionClient, { replicaId, beats }: LostReplica): Promise<boolean> {
  const rows = await tx.$queryRaw`
    SELECT beats::text FROM gateway_replica WHERE replica_id = ${replicaId} FOR UPDATE`;
  const [row] = z.array(z.object({ beats: z.string().transform(Number) })).parse(rows);
  return beats === null || row?.beats === beats;
}

async function takeOwed(tx: Prisma.TransactionClient, replicaId: ReplicaId): Promise<readonly OwedUsage[]> {
  const rows = await tx.$queryRaw`
    DELETE FROM owed_usage WHERE id IN (
      SELECT id FROM owed_usage WHERE replica_id = ${replicaId} ORDER BY id LIMIT ${OWED_MAX} FOR UPDATE SKIP LOCKED)
    RETURNING id, kind, session_id AS "sessionId", tenant_id AS "tenantId", key_id AS "keyId", pool_id AS "poolId",
              replica_id AS "replicaId", vendor, vendor_object_id AS "vendorObjectId", model, seen, billing,
              caused_by AS "causedBy",
              (extract(epoch FROM seen_at) * 1000)::float8 AS "seenAtMs"`;
  return z.array(z.looseObject({})).parse(rows).map(readOwedUsage);
}

// It lived at least until the last that is known of it; longer would be a guess.
async function closeSessions(tx: Prisma.TransactionClient, replicaId: ReplicaId): Promise<number> {
  return tx.$executeRaw`
    WITH lost AS (
      SELECT id, greatest(opened_at,
               (SELECT max(occurred_at) FROM usage_event WHERE session_id = session.id),
               (SELECT beat_at FROM gateway_replica WHERE replica_id = ${replicaId})) AS last_at
        FROM session
       WHERE replica_id = ${replicaId} AND end_cause IS NULL AND opened_at IS NOT NULL)
    UPDATE session
       SET end_cause = 'gateway_lost', closed_at = last_at,
           duration_ms = (extract(epoch FROM last_at - opened_at) * 1000)::bigint
      FROM lost
     WHERE session.id = lost.id AND end_cause IS NULL`;
}
