// Folds a batch's session records into one row per session, for one statement cannot change a row twice. The first
// opening and the first end cause count, as they do across batches.
import type { SessionId } from '@trunkline/kernel';
import { storableText, type JournalRecord, type SessionClosed, type SessionOpened } from '@trunkline/metering';

/** What a batch says about one session; columns it says nothing about are null. */
export interface SessionRow {
  readonly [column: string]: string | number | null;
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
  };
}
