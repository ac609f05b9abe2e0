// Usage events into the journal table, as JSON text for `json_to_recordset`. A fact that is there stays as it is.
import { storableText } from '@trunkline/kernel';
import { storedQuantities, type UsageEvent } from '@trunkline/metering';
import { Prisma } from '@trunkline/platform/database';

/** Inserts events; those of facts that are there already change nothing. */
export function insertEvents(events: readonly UsageEvent[]): Prisma.Sql {
  return Prisma.sql`
    INSERT INTO usage_event (
      id, version, kind, session_id, tenant_id, key_id, pool_id, replica_id, vendor, vendor_object_id, model, status,
      service_tier, caused_by, occurred_at, quantities, evidence, vendor_usage, problem, fact_id, estimate, rating_state)
    SELECT
      id, version, kind, session_id, tenant_id, key_id, pool_id, replica_id, vendor, vendor_object_id, model, status,
      service_tier, caused_by, to_timestamp(occurred_at_ms / 1000.0), quantities, evidence, vendor_usage::json, problem,
      fact_id, estimate, CASE WHEN problem IS NULL THEN 'pending' ELSE 'parked' END
    FROM json_to_recordset(${JSON.stringify(events.map(eventRow))}::json) AS row (
      id text, version int, kind text, session_id text, tenant_id text, key_id text, pool_id text, replica_id text,
      vendor text, vendor_object_id text, model text, status text, service_tier text, caused_by text, occurred_at_ms bigint,
      quantities jsonb, evidence text, vendor_usage text, problem text, fact_id text, estimate jsonb)
    ON CONFLICT DO NOTHING`;
}

function eventRow(event: UsageEvent): object {
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
    ...(typeof event.serviceTier === 'string' ? { service_tier: storableText(event.serviceTier) } : {}),
    ...(event.causedBy === undefined ? {} : { caused_by: event.causedBy }),
    occurred_at_ms: event.occurredAtMs,
    quantities: storedQuantities(event.quantities),
    evidence: event.evidence,
    // Text within the text: its own escapes carry what a text column could not hold, untouched.
    vendor_usage: event.vendorUsage === null ? null : JSON.stringify(event.vendorUsage),
    problem: event.problem,
    fact_id: event.factId,
    // Null of the database, not of JSON.
    ...(event.estimate === null ? {} : { estimate: event.estimate }),
  };
}
