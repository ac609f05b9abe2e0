// The journal table in PostgreSQL. A batch is one statement, so it is stored whole or not at all without a transaction's
// round trips, and its rows travel as JSON text: a tenth of the client's work for arrays of parameters or row by row.
// The statement may run again: what is there stays as it is.
import {
  JournalBatchRefused,
  storableText,
  storedQuantities,
  type JournalBatch,
  type JournalStore,
  type UsageEvent,
} from '@trunkline/metering';
import { sqlStateOf, type Database } from '@trunkline/platform/database';
import { sessionRows, type SessionRow } from './session-rows.js';

/** SQLSTATE classes that the same batch would meet again: bad data (22), broken constraint (23). */
const HOPELESS = /^2[23]/;

export class PrismaJournalStore implements JournalStore {
  constructor(private readonly db: Database) {}

  async commit(batch: JournalBatch): Promise<void> {
    const events = batch.records.flatMap((record) => (record.kind === 'usage' ? [eventRow(record.event)] : []));
    try {
      await this.store(batch, events, sessionRows(batch.records));
    } catch (error) {
      const state = sqlStateOf(error);
      if (state === null || !HOPELESS.test(state)) throw error;
      throw new JournalBatchRefused(`the database refused the data (SQLSTATE ${state})`, { cause: error });
    }
  }

  private async store(
    batch: JournalBatch,
    events: readonly EventRow[],
    sessions: readonly SessionRow[],
  ): Promise<void> {
    const { spoolId, epoch, segment, toSequence } = batch;
    await this.db.$executeRaw`
      WITH new_event AS (
        INSERT INTO usage_event (
          id, version, kind, session_id, tenant_id, key_id, pool_id, replica_id, vendor, vendor_object_id, model, status,
          occurred_at, quantities, evidence, vendor_usage, problem, rating_state)
        SELECT
          id, version, kind, session_id, tenant_id, key_id, pool_id, replica_id, vendor, vendor_object_id, model, status,
          to_timestamp(occurred_at_ms / 1000.0), quantities, evidence, vendor_usage::json, problem,
          CASE WHEN problem IS NULL THEN 'pending' ELSE 'parked' END
        FROM json_to_recordset(${JSON.stringify(events)}::json) AS row (
          id text, version int, kind text, session_id text, tenant_id text, key_id text, pool_id text, replica_id text,
          vendor text, vendor_object_id text, model text, status text, occurred_at_ms bigint, quantities jsonb,
          evidence text, vendor_usage text, problem text)
        ON CONFLICT (id) DO NOTHING
      ), new_session AS (
        INSERT INTO session AS old (
          id, tenant_id, key_id, pool_id, replica_id, model, dialect, transport, client_kind, opened_at, end_cause,
          close_code, closed_at, duration_ms, bytes_from_client, bytes_from_upstream, messages_from_client,
          messages_from_upstream)
        SELECT
          id, tenant_id, key_id, pool_id, replica_id, model, dialect, transport, client_kind,
          to_timestamp(opened_at_ms / 1000.0), end_cause, close_code, to_timestamp(closed_at_ms / 1000.0), duration_ms,
          bytes_from_client, bytes_from_upstream, messages_from_client, messages_from_upstream
        FROM json_to_recordset(${JSON.stringify(sessions)}::json) AS row (
          id text, tenant_id text, key_id text, pool_id text, replica_id text, model text, dialect text, transport text,
          client_kind text, opened_at_ms bigint, end_cause text, close_code int, closed_at_ms bigint,
          duration_ms bigint, bytes_from_client bigint, bytes_from_upstream bigint, messages_from_client bigint,
          messages_from_upstream bigint)
        ON CONFLICT (id) DO UPDATE SET
          key_id = COALESCE(old.key_id, EXCLUDED.key_id),
          pool_id = COALESCE(old.pool_id, EXCLUDED.pool_id),
          replica_id = COALESCE(old.replica_id, EXCLUDED.replica_id),
          model = COALESCE(old.model, EXCLUDED.model),
          dialect = COALESCE(old.dialect, EXCLUDED.dialect),
          transport = COALESCE(old.transport, EXCLUDED.transport),
          client_kind = COALESCE(old.client_kind, EXCLUDED.client_kind),
          opened_at = COALESCE(old.opened_at, EXCLUDED.opened_at),
          end_cause = COALESCE(old.end_cause, EXCLUDED.end_cause),
          -- May be null although the session has ended, so its own value does not tell whether it was set.
          close_code = CASE WHEN old.end_cause IS NULL THEN EXCLUDED.close_code ELSE old.close_code END,
          closed_at = COALESCE(old.closed_at, EXCLUDED.closed_at),
          duration_ms = COALESCE(old.duration_ms, EXCLUDED.duration_ms),
          bytes_from_client = COALESCE(old.bytes_from_client, EXCLUDED.bytes_from_client),
          bytes_from_upstream = COALESCE(old.bytes_from_upstream, EXCLUDED.bytes_from_upstream),
          messages_from_client = COALESCE(old.messages_from_client, EXCLUDED.messages_from_client),
          messages_from_upstream = COALESCE(old.messages_from_upstream, EXCLUDED.messages_from_upstream)
        WHERE old.tenant_id = EXCLUDED.tenant_id AND (
          (old.opened_at IS NULL AND EXCLUDED.opened_at IS NOT NULL) OR
          (old.end_cause IS NULL AND EXCLUDED.end_cause IS NOT NULL))
      )
      INSERT INTO spool_watermark AS old (spool_id, epoch, segment, sequence)
      VALUES (${spoolId}, ${BigInt(epoch)}, ${BigInt(segment)}, ${BigInt(toSequence)})
      ON CONFLICT (spool_id, epoch) DO UPDATE SET
        segment = EXCLUDED.segment, sequence = EXCLUDED.sequence, updated_at = now()
      WHERE old.sequence < EXCLUDED.sequence`;
  }
}

interface EventRow {
  readonly [column: string]: unknown;
}

function eventRow(event: UsageEvent): EventRow {
  return {
    id: event.id,
    version: event.version,
    kind: event.kind,
    session_id: event.sessionId,
    tenant_id: event.tenantId,
    key_id: event.keyId,
    pool_id: event.poolId,
    replica_id: event.replicaId,
    vendor: event.vendor,
    vendor_object_id: storableText(event.vendorObjectId),
    model: storableText(event.model),
    status: storableText(event.status),
    occurred_at_ms: event.occurredAtMs,
    quantities: storedQuantities(event.quantities),
    evidence: event.evidence,
    // Text within the text: its own escapes carry what a text column could not hold, untouched.
    vendor_usage: event.vendorUsage === null ? null : JSON.stringify(event.vendorUsage),
    problem: event.problem,
  };
}
