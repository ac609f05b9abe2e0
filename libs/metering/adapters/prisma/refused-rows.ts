// Calls that got no line into their table. Stored again they change nothing.
import { storableText } from '@trunkline/kernel';
import type { RefusedCalls } from '@trunkline/metering';
import { Prisma } from '@trunkline/platform/database';

/** A further part of the batch's `WITH`, beginning with a comma; nothing where nobody was refused. */
export function insertRefused(refused: readonly RefusedCalls[]): Prisma.Sql {
  if (refused.length === 0) return Prisma.empty;
  return Prisma.sql`
    , new_refused AS (
      INSERT INTO refused_calls (
        id, tenant_id, key_id, replica_id, model, family, reason, pools, asked_from, asked_until, calls, waited_ms,
        waited_ms_max, wait_asked_ms)
      SELECT
        id, tenant_id, key_id, replica_id, model, family, reason, ARRAY(SELECT json_array_elements_text(pools)),
        to_timestamp(from_ms / 1000.0), to_timestamp(until_ms / 1000.0), calls, waited_ms, waited_ms_max,
        wait_asked_ms
      FROM json_to_recordset(${JSON.stringify(refused.map(refusedRow))}::json) AS row (
        id text, tenant_id text, key_id text, replica_id text, model text, family text, reason text, pools json,
        from_ms bigint, until_ms bigint, calls bigint, waited_ms bigint, waited_ms_max bigint, wait_asked_ms int)
      ON CONFLICT (id) DO NOTHING)`;
}

function refusedRow(refused: RefusedCalls): object {
  return {
    id: refused.id,
    tenant_id: refused.tenantId,
    key_id: refused.keyId,
    replica_id: refused.replicaId,
    model: storableText(refused.model),
    family: storableText(refused.family),
    reason: storableText(refused.reason),
    pools: refused.pools,
    from_ms: refused.fromMs,
    until_ms: refused.untilMs,
    calls: refused.calls,
    waited_ms: refused.waitedMs,
    waited_ms_max: refused.waitedMsMax,
    wait_asked_ms: refused.waitAskedMs,
  };
}
