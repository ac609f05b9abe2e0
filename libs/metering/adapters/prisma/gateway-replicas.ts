// The gateways that write to the journal, as rows that beat, and which of them have left something open behind them.
import { trustedId, type ReplicaId } from '@trunkline/kernel';
import type { Database } from '@trunkline/platform/database';
import { z } from 'zod';

/** A gateway process and the spool that it owns. */
export interface GatewayReplica {
  readonly replicaId: ReplicaId;
  readonly spoolId: string;
  readonly epoch: number;
  /** What earlier runs left in the spool is stored. */
  readonly leftoversDrained: boolean;
}

/** Shows that a gateway lives. */
export async function beatOf(db: Pick<Database, '$executeRaw'>, replica: GatewayReplica): Promise<void> {
  const { replicaId, spoolId, epoch, leftoversDrained } = replica;
  await db.$executeRaw`
    INSERT INTO gateway_replica AS old (replica_id, spool_id, epoch, beats, leftovers_drained)
    VALUES (${replicaId}, ${spoolId}, ${BigInt(epoch)}, 1, ${leftoversDrained})
    ON CONFLICT (replica_id) DO UPDATE SET
      beats = old.beats + 1, beat_at = now(), leftovers_drained = EXCLUDED.leftovers_drained`;
}

/** A gateway with open sessions or owed usage. */
export interface BusyReplica {
  readonly replicaId: ReplicaId;
  /** Null: it never beat; a release wrote it that did not know how. */
  readonly beats: number | null;
  /** Another process owns its spool and has stored all that it left: nothing more will come of it. */
  readonly isTakenOver: boolean;
  /** Milliseconds since the last that is known of it, by the database's clock. */
  readonly quietMs: number;
}

const busyRow = z.object({
  replicaId: z.string().transform((text) => trustedId('rep', text)),
  beats: z.string().transform(Number).nullable(),
  isTakenOver: z.boolean(),
  quietMs: z.string().transform(Number),
});

/** Every gateway that has something open. Reads partial indexes and small tables: cheap however long the history. */
export async function busyReplicas(db: Pick<Database, '$queryRaw'>): Promise<readonly BusyReplica[]> {
  const rows = await db.$queryRaw`
    SELECT busy.replica_id AS "replicaId", max(replica.beats)::text AS beats,
           greatest(0, extract(epoch FROM now() - greatest(max(busy.at), max(replica.beat_at))) * 1000)::bigint::text
             AS "quietMs",
           coalesce(bool_or(
             EXISTS (SELECT FROM gateway_replica AS next WHERE next.spool_id = replica.spool_id
                        AND next.epoch > replica.epoch AND next.leftovers_drained)
             -- Spools are drained in order: where a later run has stored anything, this one is through.
             OR EXISTS (SELECT FROM spool_watermark AS mark WHERE mark.spool_id = replica.spool_id
                           AND mark.epoch > replica.epoch)), false) AS "isTakenOver"
      FROM (SELECT replica_id, opened_at AS at FROM session
             WHERE end_cause IS NULL AND opened_at IS NOT NULL AND replica_id IS NOT NULL
            UNION ALL SELECT replica_id, seen_at FROM owed_usage) AS busy
      LEFT JOIN gateway_replica AS replica ON replica.replica_id = busy.replica_id
     GROUP BY busy.replica_id
     ORDER BY busy.replica_id`;
  return z.array(busyRow).parse(rows);
}

/** Forgets gateways that have not beaten for a day and have nothing open. @returns how many. */
export async function forgetReplicas(db: Pick<Database, '$executeRaw'>): Promise<number> {
  return db.$executeRaw`
    DELETE FROM gateway_replica AS old
     WHERE beat_at < now() - interval '1 day'
       AND NOT EXISTS (SELECT FROM owed_usage WHERE replica_id = old.replica_id)
       AND NOT EXISTS (SELECT FROM session
                        WHERE end_cause IS NULL AND opened_at IS NOT NULL AND replica_id = old.replica_id)`;
}
