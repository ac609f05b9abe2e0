// The review queue: what waits, one item with all that was found in it, and the steps of reviewers. Every question takes the
// tenant, so that an id of another tenant's item finds nothing. A step and its event are stored together, under a lock, so
// that two reviewers at once are one after the other.
import {
  err,
  isStorable,
  ok,
  trustedId,
  type Result,
  type ReviewItemId,
  type SessionId,
  type TenantId,
} from '@trunkline/kernel';
import {
  afterStep,
  NOTE_CHARS_MAX,
  REVIEW_DECISIONS,
  REVIEW_STATES,
  REVIEWER_CHARS_MAX,
  type ReviewState,
  type ReviewStep,
} from '@trunkline/moderation';
import { Prisma, type Database } from '@trunkline/platform/database';
import { z } from 'zod';

/** Why a request about the queue was not carried out. Nothing was changed. */
export interface ReviewRefusal {
  readonly code: 'item_not_found' | 'does_not_hold' | 'invalid_input';
  readonly message: string;
}

const standing = z.object({
  state: z.enum(REVIEW_STATES),
  assignee: z.string().nullable(),
  decision: z.enum(REVIEW_DECISIONS).nullable(),
});
const itemRow = standing.extend({
  id: z.string().transform((text) => trustedId('mri', text)),
  sessionId: z.string().transform((text): SessionId => trustedId('ses', text)),
  keyId: z.string().transform((text) => trustedId('key', text)),
  endUser: z.string().nullable(),
  itemId: z.string().nullable(),
  responseId: z.string().nullable(),
  direction: z.string(),
  contentKind: z.string(),
  openedAt: z.date(),
  decidedAt: z.date().nullable(),
  actions: z.array(z.string()),
  categories: z.array(z.string()),
  /** Why there was no verdict, where there was none; empty for what was found. */
  unjudged: z.array(z.string()),
});

/** An item as lists show it. */
export type ReviewItem = z.output<typeof itemRow>;

/** Which items. */
export interface ReviewFilter {
  /** Null: those that wait for a decision. */
  readonly state: ReviewState | null;
  /** The last item of the page before. */
  readonly after: ReviewItemId | null;
  /** From 1. */
  readonly limit: number;
}

const ITEM = Prisma.sql`
  item.id, item.session_id AS "sessionId", item.key_id AS "keyId", item.end_user AS "endUser", item.item_id AS "itemId",
  item.response_id AS "responseId", item.direction, item.content_kind AS "contentKind", item.opened_at AS "openedAt",
  item.state, item.assignee, item.decision, item.decided_at AS "decidedAt",
  ARRAY(SELECT DISTINCT action FROM moderation_finding WHERE review_item_id = item.id ORDER BY 1) AS actions,
  ARRAY(SELECT DISTINCT said ->> 'category' FROM moderation_finding, jsonb_array_elements(categories) AS said
         WHERE review_item_id = item.id ORDER BY 1) AS categories,
  ARRAY(SELECT DISTINCT failure FROM moderation_finding
         WHERE review_item_id = item.id AND failure IS NOT NULL ORDER BY 1) AS unjudged`;

/** A tenant's items, the oldest first. */
export async function listReviewItems(
  db: Pick<Database, '$queryRaw'>,
  tenantId: TenantId,
  { state, after, limit }: ReviewFilter,
): Promise<readonly ReviewItem[]> {
  const wanted = state === null ? Prisma.sql`item.state <> 'decided'` : Prisma.sql`item.state = ${state}`;
  const behind =
    after === null
      ? Prisma.sql`TRUE`
      : Prisma.sql`(item.opened_at, item.id) > (
          SELECT opened_at, id FROM review_item WHERE tenant_id = ${tenantId} AND id = ${after})`;
  const rows = await db.$queryRaw`
    SELECT ${ITEM} FROM review_item AS item
     WHERE item.tenant_id = ${tenantId} AND ${wanted} AND ${behind}
     ORDER BY item.opened_at, item.id
     LIMIT ${limit}`;
  return z.array(itemRow).parse(rows);
}

const findingRow = z.object({
  id: z.string().transform((text) => trustedId('mfd', text)),
  itemId: z.string().nullable(),
  contentKind: z.string(),
  hook: z.string(),
  hookType: z.string(),
  action: z.string(),
  categories: z.array(z.object({ category: z.string(), score: z.number() })),
  /** Why there was no verdict; null where there was one. */
  failure: z.string().nullable(),
  policyVersion: z.number(),
  occurredAt: z.date(),
});
const eventRow = z.object({
  kind: z.enum(['assign', 'decide', 'note', 'read']),
  actor: z.string(),
  at: z.date(),
  before: standing,
  after: standing,
  note: z.string().nullable(),
});
const sessionRow = z.object({
  model: z.string().nullable(),
  openedAt: z.date().nullable(),
  closedAt: z.date().nullable(),
  endCause: z.string().nullable(),
  /** What its hooks judged, when it has ended; null: nothing, or not known. */
  verdicts: z
    .array(z.object({ hook: z.string(), verdict: z.string(), dryRun: z.boolean(), pieces: z.number() }))
    .nullable(),
});

/** An item with all that is known of it. No content. */
export interface ReviewCase {
  readonly item: ReviewItem;
  /** Null when nothing of the session has arrived yet. */
  readonly session: z.output<typeof sessionRow> | null;
  /** In the order in which it was found. */
  readonly findings: readonly z.output<typeof findingRow>[];
  readonly events: readonly z.output<typeof eventRow>[];
}

/** An item of a tenant; null when it has none with this id. */
export async function findReviewItem(
  db: Pick<Database, '$queryRaw'>,
  tenantId: TenantId,
  id: ReviewItemId,
): Promise<ReviewCase | null> {
  const rows = await db.$queryRaw`
    SELECT ${ITEM} FROM review_item AS item WHERE item.tenant_id = ${tenantId} AND item.id = ${id}`;
  const [item] = z.array(itemRow).parse(rows);
  if (item === undefined) return null;
  const findings = await db.$queryRaw`
    SELECT id, item_id AS "itemId", content_kind AS "contentKind", hook, hook_type AS "hookType", action, categories, failure,
           policy_version AS "policyVersion", occurred_at AS "occurredAt"
      FROM moderation_finding WHERE tenant_id = ${tenantId} AND review_item_id = ${id} ORDER BY occurred_at, id`;
  const events = await db.$queryRaw`
    SELECT kind, actor, at, before, after, note
      FROM review_event WHERE tenant_id = ${tenantId} AND review_item_id = ${id} ORDER BY id`;
  const sessions = await db.$queryRaw`
    SELECT model, opened_at AS "openedAt", closed_at AS "closedAt", end_cause AS "endCause", verdicts
      FROM session WHERE tenant_id = ${tenantId} AND id = ${item.sessionId}`;
  return {
    item,
    session: z.array(sessionRow).parse(sessions)[0] ?? null,
    findings: z.array(findingRow).parse(findings),
    events: z.array(eventRow).parse(events),
  };
}

/** A step, by whom, and what they say about it. */
export interface ReviewRequest {
  readonly step: ReviewStep;
  readonly actor: string;
  readonly note: string | null;
}

/** Takes a step. @returns the item as it is then. */
export async function stepReview(
  db: Database,
  tenantId: TenantId,
  id: ReviewItemId,
  { step, actor, note, atMs }: ReviewRequest & { readonly atMs: number },
): Promise<Result<ReviewCase, ReviewRefusal>> {
  const problem = problemOf({ step, actor, note });
  if (problem !== null) return err({ code: 'invalid_input', message: problem });
  return db.$transaction(async (tx) => {
    const rows = await tx.$queryRaw`
      SELECT state, assignee, decision FROM review_item WHERE tenant_id = ${tenantId} AND id = ${id} FOR UPDATE`;
    const [before] = z.array(standing).parse(rows);
    if (before === undefined) return err(notFound(id));
    const after = afterStep(before, step);
    if (!after.ok) return err<ReviewRefusal>({ code: 'does_not_hold', message: after.error });
    const at = new Date(atMs);
    const { state, assignee, decision } = after.value;
    const decided = step.kind === 'decide' ? { decidedAt: state === 'decided' ? at : null } : {};
    await tx.reviewItem.update({ where: { tenantId, id }, data: { state, assignee, decision, ...decided } });
    const event = { reviewItemId: id, tenantId, kind: step.kind, actor, at, note };
    await tx.reviewEvent.create({ data: { ...event, before, after: { ...after.value } } });
    const found = await findReviewItem(tx, tenantId, id);
    return found === null ? err(notFound(id)) : ok(found);
  });
}

function problemOf({ step, actor, note }: ReviewRequest): string | null {
  const names = step.kind === 'assign' && step.assignee !== null ? [actor, step.assignee] : [actor];
  if (names.some((name) => name.trim() === '' || name.length > REVIEWER_CHARS_MAX || !isStorable(name)))
    return `A reviewer's name has 1 to ${REVIEWER_CHARS_MAX} characters.`;
  if (note === null) return step.kind === 'note' ? 'A note must say something.' : null;
  if (note.trim() === '' || note.length > NOTE_CHARS_MAX || !isStorable(note))
    return `A note has 1 to ${NOTE_CHARS_MAX} characters.`;
  return null;
}

function notFound(id: ReviewItemId): ReviewRefusal {
  return { code: 'item_not_found', message: `The tenant has no review item ${id}: see \`moderation review list\`.` };
}
