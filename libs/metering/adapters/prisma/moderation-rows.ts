// Findings of moderation hooks into their table, and the items of the review queue that they open. Both stay as they are when
// the same finding is stored again, and an item that a person has decided is not opened anew by what is found later.
import { reviewItemOf, storableText, type ModerationFinding } from '@trunkline/metering';
import { Prisma } from '@trunkline/platform/database';

/** Further parts of the batch's `WITH`, beginning with a comma; nothing where nothing was found. */
export function insertFindings(findings: readonly ModerationFinding[]): Prisma.Sql {
  if (findings.length === 0) return Prisma.empty;
  const rows = JSON.stringify(findings.map(findingRow));
  return Prisma.sql`
    , new_finding AS (
      INSERT INTO moderation_finding (
        id, tenant_id, session_id, key_id, replica_id, review_item_id, end_user, policy_version, item_id, response_id,
        direction, content_kind, hook, hook_type, action, categories, failure, dry_run, then_do, occurred_at)
      SELECT
        id, tenant_id, session_id, key_id, replica_id, review_item_id, end_user, policy_version, item_id, response_id,
        direction, content_kind, hook, hook_type, action, categories, failure, dry_run,
        ARRAY(SELECT json_array_elements_text(then_do)), to_timestamp(occurred_at_ms / 1000.0)
      FROM json_to_recordset(${rows}::json) AS row (${COLUMNS})
      ON CONFLICT (id) DO NOTHING),
    new_item AS (
      INSERT INTO review_item (
        id, tenant_id, session_id, key_id, end_user, item_id, response_id, direction, content_kind, opened_at)
      SELECT DISTINCT ON (review_item_id)
        review_item_id, tenant_id, session_id, key_id, end_user, item_id, response_id, direction, content_kind,
        to_timestamp(occurred_at_ms / 1000.0)
      FROM json_to_recordset(${rows}::json) AS row (${COLUMNS})
      WHERE review_item_id IS NOT NULL
      ORDER BY review_item_id, occurred_at_ms
      ON CONFLICT (id) DO NOTHING)`;
}

const COLUMNS = Prisma.sql`
  id text, tenant_id text, session_id text, key_id text, replica_id text, review_item_id text, end_user text,
  policy_version int, item_id text, response_id text, direction text, content_kind text, hook text, hook_type text,
  action text, categories jsonb, failure text, dry_run boolean, then_do json, occurred_at_ms bigint`;

function findingRow(finding: ModerationFinding): object {
  return {
    id: finding.id,
    tenant_id: finding.tenantId,
    session_id: finding.sessionId,
    key_id: finding.keyId,
    replica_id: finding.replicaId,
    review_item_id: reviewItemOf(finding),
    end_user: finding.endUser,
    policy_version: finding.policyVersion,
    item_id: storableOrNull(finding.itemId),
    response_id: storableOrNull(finding.responseId),
    direction: finding.direction,
    content_kind: storableText(finding.contentKind),
    hook: storableText(finding.hook),
    hook_type: storableText(finding.hookType),
    action: storableText(finding.action),
    categories: finding.categories.map(({ category, score }) => ({ category: storableText(category), score })),
    failure: storableOrNull(finding.failure),
    dry_run: finding.dryRun,
    then_do: finding.then.map(storableText),
    occurred_at_ms: finding.occurredAtMs,
  };
}

function storableOrNull(text: string | null): string | null {
  return text === null ? null : storableText(text);
}
