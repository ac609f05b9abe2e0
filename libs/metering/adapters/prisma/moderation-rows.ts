// Findings of moderation hooks into their table, the items of the review queue that they open, and kept content. All stay as
// they are when the same finding is stored again; an item that a person has decided is not opened anew by what is found
// later, and content of a session whose key was shredded is not kept, so that nothing comes back that was erased.
import { storableText } from '@trunkline/kernel';
import { reviewItemOf, type ModerationFinding } from '@trunkline/metering';
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
      ON CONFLICT (id) DO NOTHING)
    ${insertContent(findings)}`;
}

function insertContent(findings: readonly ModerationFinding[]): Prisma.Sql {
  const contents = findings.flatMap(contentRow);
  if (contents.length === 0) return Prisma.empty;
  const rows = JSON.stringify(contents);
  return Prisma.sql`
    , new_content_key AS (
      INSERT INTO moderation_content_key AS old (session_id, tenant_id, wrapped_key, keep_until)
      SELECT DISTINCT ON (session_id)
        session_id, tenant_id, wrapped_key, to_timestamp(keep_until_ms / 1000.0)
      FROM json_to_recordset(${rows}::json) AS row (${CONTENT_COLUMNS})
      ORDER BY session_id, keep_until_ms DESC
      ON CONFLICT (session_id) DO UPDATE SET keep_until = EXCLUDED.keep_until
      WHERE old.wrapped_key IS NOT NULL AND old.keep_until < EXCLUDED.keep_until),
    new_content AS (
      INSERT INTO moderation_content (
        finding_id, tenant_id, session_id, review_item_id, end_user, region, sealed, sealed_sha256, keep_until, erased_at)
      SELECT
        finding_id, row.tenant_id, row.session_id, review_item_id, end_user, region,
        CASE WHEN shredded.session_id IS NULL THEN sealed END, encode(sha256(convert_to(sealed, 'UTF8')), 'hex'),
        to_timestamp(keep_until_ms / 1000.0), CASE WHEN shredded.session_id IS NOT NULL THEN now() END
      FROM json_to_recordset(${rows}::json) AS row (${CONTENT_COLUMNS})
      LEFT JOIN moderation_content_key AS shredded
        ON shredded.session_id = row.session_id AND shredded.wrapped_key IS NULL
      ON CONFLICT (finding_id) DO NOTHING)`;
}

const CONTENT_COLUMNS = Prisma.sql`
  finding_id text, tenant_id text, session_id text, review_item_id text, end_user text, region text, sealed text,
  wrapped_key text, keep_until_ms bigint`;

function contentRow(finding: ModerationFinding): object[] {
  const { id, tenantId, sessionId, endUser, content } = finding;
  if (content === null) return [];
  return [
    {
      finding_id: id,
      tenant_id: tenantId,
      session_id: sessionId,
      review_item_id: reviewItemOf(finding),
      end_user: endUser,
      region: content.region,
      sealed: content.sealed,
      wrapped_key: content.wrappedKey,
      keep_until_ms: content.keepUntilMs,
    },
  ];
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
