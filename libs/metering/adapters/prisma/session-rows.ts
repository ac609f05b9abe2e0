// Folds a batch's session records into one row per session, for one statement cannot change a row twice. The first
// opening and the first end cause count, as they do across batches.
import { storableText, type SessionId } from '@trunkline/kernel';
import type { JournalRecord, SessionClosed, SessionOpened, VerdictCount } from '@trunkline/metering';
import { Prisma } from '@trunkline/platform/database';

/** What a batch says about one session; columns it says nothing about are null. */
export interface SessionRow {
  readonly [column: string]: string | number | readonly VerdictCount[] | null;
}

/** One row per session of the batch. */
export function sessionRows(records: readonly JournalRecord[]): readonly SessionRow[] {
  const opened = new Map<SessionId, SessionOpened>();
  const closed = new Map<SessionId, SessionClosed>();
  for (const record of records) {
    if (record.kind === 'session_opened') keepFirst(opened, record.session);
    if (record.kind === 'session_closed') keepFirst(closed, record.session);
  }
  const sessions = new Set([...opened.keys(), ...closed.keys()]);
  return [...sessions].map((id) => ({ ...openedColumns(opened.get(id)), ...closedColumns(closed.get(id)) }));
}

// Both ends are told whole. `gateway_lost` was concluded from a gateway's silence, so what it says itself replaces that.
const ENDS = Prisma.sql`(EXCLUDED.end_cause IS NOT NULL AND (old.end_cause IS NULL OR old.end_cause = 'gateway_lost'))`;

/** Writes what a batch says about sessions into what is known of them. */
export function upsertSessions(rows: readonly SessionRow[]): Prisma.Sql {
  return Prisma.sql`
    INSERT INTO session AS old (
      id, tenant_id, key_id, pool_id, replica_id, model, dialect, transport, client_kind, wait_asked_ms, secret_id,
      opened_at, end_cause, close_code, closed_at, duration_ms, bytes_from_client, bytes_from_upstream, messages_from_client,
      messages_from_upstream, verdicts)
    SELECT
      id, tenant_id, key_id, pool_id, replica_id, model, dialect, transport, client_kind, wait_asked_ms, secret_id,
      to_timestamp(opened_at_ms / 1000.0), end_cause, close_code, to_timestamp(closed_at_ms / 1000.0), duration_ms,
      bytes_from_client, bytes_from_upstream, messages_from_client, messages_from_upstream, verdicts
    FROM json_to_recordset(${JSON.stringify(rows)}::json) AS row (
      id text, tenant_id text, key_id text, pool_id text, replica_id text, model text, dialect text, transport text,
      client_kind text, wait_asked_ms int, secret_id text, opened_at_ms bigint, end_cause text, close_code int,
      closed_at_ms bigint, duration_ms bigint, bytes_from_client bigint, bytes_from_upstream bigint, messages_from_client bigint,
      messages_from_upstream bigint, verdicts jsonb)
    ON CONFLICT (id) DO UPDATE SET
      key_id = COALESCE(old.key_id, EXCLUDED.key_id),
      pool_id = COALESCE(old.pool_id, EXCLUDED.pool_id),
      replica_id = COALESCE(old.replica_id, EXCLUDED.replica_id),
      model = COALESCE(old.model, EXCLUDED.model),
      dialect = COALESCE(old.dialect, EXCLUDED.dialect),
      transport = COALESCE(old.transport, EXCLUDED.transport),
      client_kind = COALESCE(old.client_kind, EXCLUDED.client_kind),
      wait_asked_ms = COALESCE(old.wait_asked_ms, EXCLUDED.wait_asked_ms),
      secret_id = COALESCE(old.secret_id, EXCLUDED.secret_id),
      opened_at = COALESCE(old.opened_at, EXCLUDED.opened_at),
      end_cause = CASE WHEN ${ENDS} THEN EXCLUDED.end_cause ELSE old.end_cause END,
      close_code = CASE WHEN ${ENDS} THEN EXCLUDED.close_code ELSE old.close_code END,
      closed_at = CASE WHEN ${ENDS} THEN EXCLUDED.closed_at ELSE old.closed_at END,
      duration_ms = CASE WHEN ${ENDS} THEN EXCLUDED.duration_ms ELSE old.duration_ms END,
      bytes_from_client = COALESCE(old.bytes_from_client, EXCLUDED.bytes_from_client),
      bytes_from_upstream = COALESCE(old.bytes_from_upstream, EXCLUDED.bytes_from_upstream),
      messages_from_client = COALESCE(old.messages_from_client, EXCLUDED.messages_from_client),
      messages_from_upstream = COALESCE(old.messages_from_upstream, EXCLUDED.messages_from_upstream),
      verdicts = COALESCE(old.verdicts, EXCLUDED.verdicts)
    WHERE old.tenant_id = EXCLUDED.tenant_id AND (
      (old.opened_at IS NULL AND EXCLUDED.opened_at IS NOT NULL) OR ${ENDS})`;
}

function keepFirst<T extends { readonly sessionId: SessionId }>(kept: Map<SessionId, T>, session: T): void {
  if (!kept.has(session.sessionId)) kept.set(session.sessionId, session);
}

function openedColumns(session: SessionOpened | undefined): SessionRow {
  if (session === undefined) return {};
  return {
    id: session.sessionId,
    tenant_id: session.tenantId,
    key_id: session.keyId,
    pool_id: session.poolId,
    replica_id: session.replicaId,
    model: storableText(session.model),
    dialect: storableText(session.dialect),
    transport: session.transport,
    client_kind: storableText(session.clientKind),
    wait_asked_ms: session.waitAskedMs,
    secret_id: session.secretId,
    opened_at_ms: session.openedAtMs,
  };
}

function closedColumns(session: SessionClosed | undefined): SessionRow {
  if (session === undefined) return {};
  return {
    id: session.sessionId,
    tenant_id: session.tenantId,
    end_cause: storableText(session.endCause),
    close_code: session.closeCode,
    closed_at_ms: session.closedAtMs,
    duration_ms: session.durationMs,
    bytes_from_client: session.bytesFromClient,
    bytes_from_upstream: session.bytesFromUpstream,
    messages_from_client: session.messagesFromClient,
    messages_from_upstream: session.messagesFromUpstream,
    verdicts: session.verdicts?.map((each) => ({ ...each, hook: storableText(each.hook) })) ?? null,
  };
}
