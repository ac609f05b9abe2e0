// Items of the review queue as JSON, field by field. Texts of strangers (ids that apps choose, categories that hooks name) are
// plain JSON strings; no page of ours shows them.
import type { KeptContent, ReviewCase, ReviewItem, ReviewStatistics } from '@trunkline/moderation/adapters/prisma';

/** An item of a list. */
export function itemView(item: ReviewItem) {
  const { id, state, assignee, decision, actions, categories, unjudged, direction } = item;
  return {
    ...{ id, state, assignee, decision, actions, categories, unjudged, direction },
    opened_at: item.openedAt.toISOString(),
    decided_at: iso(item.decidedAt),
    content_kind: item.contentKind,
    session_id: item.sessionId,
    key_id: item.keyId,
    end_user: item.endUser,
    response_id: item.responseId,
    item_id: item.itemId,
  };
}

/** An item with all that is known of it. */
export function caseView({ item, session, findings, events }: ReviewCase) {
  return {
    ...itemView(item),
    session: session && {
      model: session.model,
      opened_at: iso(session.openedAt),
      closed_at: iso(session.closedAt),
      end_cause: session.endCause,
      verdicts: session.verdicts?.map(({ dryRun, ...each }) => ({ ...each, dry_run: dryRun })) ?? null,
    },
    findings: findings.map(({ id, hook, action, categories, failure, ...found }) => ({
      ...{ id, hook, hook_type: found.hookType, action, categories, failure },
      content_kind: found.contentKind,
      policy_version: found.policyVersion,
      occurred_at: found.occurredAt.toISOString(),
    })),
    events: events.map(({ kind, actor, at, before, after, note }) => ({
      ...{ kind, actor, at: at.toISOString(), before, after, note },
    })),
  };
}

/** An excerpt, or what became of it. */
export function contentView({ findingId, hook, occurredAt, state, text, region, keepUntil, erasedAt }: KeptContent) {
  return {
    ...{ finding_id: findingId, hook, occurred_at: iso(occurredAt), state, text, region },
    ...{ keep_until: iso(keepUntil), erased_at: iso(erasedAt) },
  };
}

/** What came of a hook and a category. */
export function statisticsView(row: ReviewStatistics) {
  const { hook, category, items, upheld, dismissed, escalated, waiting, dismissalRate } = row;
  return { hook, category, items, upheld, dismissed, escalated, waiting, dismissal_rate: dismissalRate };
}

function iso(at: Date | null): string | null {
  return at?.toISOString() ?? null;
}
