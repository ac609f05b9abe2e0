// Folds a batch's records about owed usage into what is to be stored and what is done with: one statement cannot touch a row
// twice, and most of what is owed is reported before the batch goes, so that nothing of it needs storing at all.
import { storableText, type SessionId, type UsageEventId } from '@trunkline/kernel';
import { storedSeen, type JournalRecord, type OwedUsage } from '@trunkline/metering';
import { Prisma } from '@trunkline/platform/database';

/** What a batch says about owed usage. */
export interface OwedChanges {
  /** As JSON, the newest record of each fact. */
  readonly rows: readonly object[];
  /** Facts that are not owed any more, and sessions of which nothing is. */
  readonly factsDone: readonly UsageEventId[];
  readonly sessionsDone: readonly SessionId[];
}

/** The changes of a batch, in the order of its records. */
export function owedChanges(records: readonly JournalRecord[]): OwedChanges {
  const owed = new Map<UsageEventId, OwedUsage>();
  const facts = new Set<UsageEventId>();
  const sessions = new Set<SessionId>();
  for (const record of records) {
    if (record.kind === 'usage_owed') owed.set(record.owed.id, record.owed);
    if (record.kind === 'usage') facts.add(record.event.factId ?? record.event.id);
    if (record.kind === 'nothing_owed') facts.add(record.nothing.id);
    if (record.kind === 'session_closed') sessions.add(record.session.sessionId);
  }
  const open = [...owed.values()].filter((each) => !facts.has(each.id) && !sessions.has(each.sessionId));
  return { rows: open.map(owedRow), factsDone: [...facts], sessionsDone: [...sessions] };
}

/** Keeps the newest record of each fact that is not accounted for yet. */
export function upsertOwed(rows: OwedChanges['rows']): Prisma.Sql {
  return Prisma.sql`
    INSERT INTO owed_usage AS old (
      id, kind, session_id, tenant_id, key_id, pool_id, replica_id, vendor, vendor_object_id, model, seen_at, seen,
      billing, caused_by)
    SELECT id, kind, session_id, tenant_id, key_id, pool_id, replica_id, vendor, vendor_object_id, model,
           to_timestamp(seen_at_ms / 1000.0), seen, billing, caused_by
    FROM json_to_recordset(${JSON.stringify(rows)}::json) AS row (
      id text, kind text, session_id text, tenant_id text, key_id text, pool_id text, replica_id text, vendor text,
      vendor_object_id text, model text, seen_at_ms bigint, seen jsonb, billing text, caused_by text)
    WHERE NOT EXISTS (SELECT FROM usage_event AS done WHERE done.id = row.id OR done.fact_id = row.id)
    ON CONFLICT (id) DO UPDATE SET seen = EXCLUDED.seen, seen_at = EXCLUDED.seen_at
    WHERE old.seen_at < EXCLUDED.seen_at`;
}

/** Forgets what is not owed any more. */
export function deleteOwed({ factsDone, sessionsDone }: OwedChanges): Prisma.Sql {
  return Prisma.sql`
    DELETE FROM owed_usage WHERE id = ANY(${factsDone}::text[]) OR session_id = ANY(${sessionsDone}::text[])`;
}

function owedRow(owed: OwedUsage): object {
  return {
    id: owed.id,
    kind: owed.kind,
    session_id: owed.sessionId,
    tenant_id: owed.tenantId,
    key_id: owed.keyId,
    pool_id: owed.poolId,
    replica_id: owed.replicaId,
    vendor: owed.vendor,
    vendor_object_id: storableText(owed.vendorObjectId),
    model: storableText(owed.model),
    seen_at_ms: owed.seenAtMs,
    seen: storedSeen(owed.seen),
    billing: owed.billing,
    ...(owed.causedBy === undefined ? {} : { caused_by: owed.causedBy }),
  };
}
