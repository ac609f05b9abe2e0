// The journal table in PostgreSQL. A batch is one transaction of at most four statements, each with all its rows at once
// (about ten times faster than row by row). Every statement may run again: what is there stays as it is.
import {
  JournalBatchRefused,
  storableText,
  storedQuantities,
  type JournalBatch,
  type JournalRecord,
  type JournalStore,
  type SessionClosed,
  type SessionOpened,
  type UsageEvent,
} from '@trunkline/metering';
import { sqlStateOf, type Database, type Prisma } from '@trunkline/platform/database';

type Statement = Prisma.PrismaPromise<number>;

/** SQLSTATE classes that the same batch would meet again: bad data (22), broken constraint (23). */
const HOPELESS = /^2[23]/;

export class PrismaJournalStore implements JournalStore {
  constructor(private readonly db: Database) {}

  async commit(batch: JournalBatch): Promise<void> {
    const events = batch.records.flatMap((record) => (record.kind === 'usage' ? [record.event] : []));
    const opened = batch.records.flatMap((record) => (record.kind === 'session_opened' ? [record.session] : []));
    const closed = batch.records.flatMap((record) => (record.kind === 'session_closed' ? [record.session] : []));
    const statements = [
      ...(events.length > 0 ? [this.insertEvents(events)] : []),
      ...(opened.length > 0 ? [this.upsertOpened(firstOfEach(opened))] : []),
      ...(closed.length > 0 ? [this.upsertClosed(firstOfEach(closed))] : []),
      this.moveWatermark(batch),
    ];
    try {
      await this.db.$transaction(statements);
    } catch (error) {
      const state = sqlStateOf(error);
      if (state === null || !HOPELESS.test(state)) throw error;
      throw new JournalBatchRefused(`the database refused the data (SQLSTATE ${state})`, { cause: error });
    }
  }

  private insertEvents(events: readonly UsageEvent[]): Statement {
    const text = (pick: (event: UsageEvent) => string): string[] => events.map((event) => storableText(pick(event)));
    return this.db.$executeRaw`
      INSERT INTO usage_event (
        id, version, kind, session_id, tenant_id, key_id, pool_id, replica_id, vendor, vendor_object_id, model, status,
        occurred_at, quantities, evidence, vendor_usage, problem, rating_state)
      SELECT
        id, version, kind, session_id, tenant_id, key_id, pool_id, replica_id, vendor, vendor_object_id, model, status,
        to_timestamp(occurred_at_ms / 1000.0), quantities::jsonb, evidence, vendor_usage::json, problem,
        CASE WHEN problem IS NULL THEN 'pending' ELSE 'parked' END
      FROM unnest(
        ${text((event) => event.id)}::text[],
        ${events.map((event) => event.version)}::int[],
        ${text((event) => event.kind)}::text[],
        ${text((event) => event.sessionId)}::text[],
        ${text((event) => event.tenantId)}::text[],
        ${text((event) => event.keyId)}::text[],
        ${text((event) => event.poolId)}::text[],
        ${text((event) => event.replicaId)}::text[],
        ${text((event) => event.vendor)}::text[],
        ${text((event) => event.vendorObjectId)}::text[],
        ${text((event) => event.model)}::text[],
        ${text((event) => event.status)}::text[],
        ${events.map((event) => BigInt(event.occurredAtMs))}::bigint[],
        ${events.map(quantitiesText)}::text[],
        ${text((event) => event.evidence)}::text[],
        ${events.map(vendorUsageText)}::text[],
        ${events.map((event) => event.problem)}::text[]
      ) AS row (
        id, version, kind, session_id, tenant_id, key_id, pool_id, replica_id, vendor, vendor_object_id, model, status,
        occurred_at_ms, quantities, evidence, vendor_usage, problem)
      ON CONFLICT (id) DO NOTHING`;
  }

  private upsertOpened(sessions: readonly SessionOpened[]): Statement {
    const text = (pick: (session: SessionOpened) => string): string[] =>
      sessions.map((session) => storableText(pick(session)));
    return this.db.$executeRaw`
      INSERT INTO session (id, tenant_id, key_id, pool_id, replica_id, model, dialect, transport, client_kind, opened_at)
      SELECT
        id, tenant_id, key_id, pool_id, replica_id, model, dialect, transport, client_kind,
        to_timestamp(opened_at_ms / 1000.0)
      FROM unnest(
        ${text((session) => session.sessionId)}::text[],
        ${text((session) => session.tenantId)}::text[],
        ${text((session) => session.keyId)}::text[],
        ${text((session) => session.poolId)}::text[],
        ${text((session) => session.replicaId)}::text[],
        ${text((session) => session.model)}::text[],
        ${text((session) => session.dialect)}::text[],
        ${text((session) => session.transport)}::text[],
        ${text((session) => session.clientKind)}::text[],
        ${sessions.map((session) => BigInt(session.openedAtMs))}::bigint[]
      ) AS row (
        id, tenant_id, key_id, pool_id, replica_id, model, dialect, transport, client_kind, opened_at_ms)
      ON CONFLICT (id) DO UPDATE SET
        key_id = EXCLUDED.key_id, pool_id = EXCLUDED.pool_id, replica_id = EXCLUDED.replica_id, model = EXCLUDED.model,
        dialect = EXCLUDED.dialect, transport = EXCLUDED.transport, client_kind = EXCLUDED.client_kind,
        opened_at = EXCLUDED.opened_at
      WHERE session.opened_at IS NULL AND session.tenant_id = EXCLUDED.tenant_id`;
  }

  private upsertClosed(sessions: readonly SessionClosed[]): Statement {
    const numbers = (pick: (session: SessionClosed) => number): bigint[] =>
      sessions.map((session) => BigInt(pick(session)));
    return this.db.$executeRaw`
      INSERT INTO session (
        id, tenant_id, end_cause, close_code, closed_at, duration_ms, bytes_from_client, bytes_from_upstream,
        messages_from_client, messages_from_upstream)
      SELECT
        id, tenant_id, end_cause, close_code, to_timestamp(closed_at_ms / 1000.0), duration_ms, bytes_from_client,
        bytes_from_upstream, messages_from_client, messages_from_upstream
      FROM unnest(
        ${sessions.map((session) => session.sessionId)}::text[],
        ${sessions.map((session) => session.tenantId)}::text[],
        ${sessions.map((session) => storableText(session.endCause))}::text[],
        ${sessions.map((session) => session.closeCode)}::int[],
        ${numbers((session) => session.closedAtMs)}::bigint[],
        ${numbers((session) => session.durationMs)}::bigint[],
        ${numbers((session) => session.bytesFromClient)}::bigint[],
        ${numbers((session) => session.bytesFromUpstream)}::bigint[],
        ${numbers((session) => session.messagesFromClient)}::bigint[],
        ${numbers((session) => session.messagesFromUpstream)}::bigint[]
      ) AS row (
        id, tenant_id, end_cause, close_code, closed_at_ms, duration_ms, bytes_from_client, bytes_from_upstream,
        messages_from_client, messages_from_upstream)
      ON CONFLICT (id) DO UPDATE SET
        end_cause = EXCLUDED.end_cause, close_code = EXCLUDED.close_code, closed_at = EXCLUDED.closed_at,
        duration_ms = EXCLUDED.duration_ms, bytes_from_client = EXCLUDED.bytes_from_client,
        bytes_from_upstream = EXCLUDED.bytes_from_upstream, messages_from_client = EXCLUDED.messages_from_client,
        messages_from_upstream = EXCLUDED.messages_from_upstream
      WHERE session.end_cause IS NULL AND session.tenant_id = EXCLUDED.tenant_id`;
  }

  private moveWatermark({ spoolId, epoch, segment, toSequence }: JournalBatch): Statement {
    return this.db.$executeRaw`
      INSERT INTO spool_watermark (spool_id, epoch, segment, sequence)
      VALUES (${spoolId}, ${BigInt(epoch)}, ${BigInt(segment)}, ${BigInt(toSequence)})
      ON CONFLICT (spool_id, epoch) DO UPDATE SET
        segment = EXCLUDED.segment, sequence = EXCLUDED.sequence, updated_at = now()
      WHERE spool_watermark.sequence < EXCLUDED.sequence`;
  }
}

// One statement cannot change a row twice; the first to arrive counts, as it does across batches.
function firstOfEach<T extends JournalRecordSession>(sessions: readonly T[]): readonly T[] {
  const first = new Map<string, T>();
  for (const session of sessions) if (!first.has(session.sessionId)) first.set(session.sessionId, session);
  return [...first.values()];
}

type JournalRecordSession = Exclude<JournalRecord, { kind: 'usage' }>['session'];

function quantitiesText({ quantities }: UsageEvent): string {
  return JSON.stringify(storedQuantities(quantities));
}

// SQL null where the vendor sent none. JSON's own escapes carry what a text column could not hold.
function vendorUsageText({ vendorUsage }: UsageEvent): string | null {
  return vendorUsage === null ? null : JSON.stringify(vendorUsage);
}
