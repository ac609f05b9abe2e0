// Kept content, opened for who may read it: a reviewer with an item, and a person who asks what is kept of them. Reading it is
// a matter of record, in the same transaction. What is erased, or sealed under another secret, is said to be so.
import { err, ok, trustedId, type Result, type ReviewItemId, type TenantId } from '@trunkline/kernel';
import { openSealedText, type KeyWrap } from '@trunkline/moderation';
import { Prisma, type Database } from '@trunkline/platform/database';
import { z } from 'zod';

const contentRow = z.object({
  findingId: z.string().transform((text) => trustedId('mfd', text)),
  sessionId: z.string().transform((text) => trustedId('ses', text)),
  region: z.string().nullable(),
  keepUntil: z.date(),
  erasedAt: z.date().nullable(),
  sealed: z.string().nullable(),
  wrappedKey: z.string().nullable(),
  occurredAt: z.date().nullable(),
  hook: z.string().nullable(),
});

const CONTENT = Prisma.sql`
  SELECT content.finding_id AS "findingId", content.session_id AS "sessionId", content.region,
         content.keep_until AS "keepUntil", content.erased_at AS "erasedAt", content.sealed,
         key.wrapped_key AS "wrappedKey", found.occurred_at AS "occurredAt", found.hook
    FROM moderation_content AS content
    LEFT JOIN moderation_content_key AS key ON key.session_id = content.session_id
    LEFT JOIN moderation_finding AS found ON found.id = content.finding_id`;

/** An excerpt, or what became of it. */
export interface KeptContent extends Omit<z.output<typeof contentRow>, 'sealed' | 'wrappedKey'> {
  /** `unreadable`: sealed under a secret that this process does not have. */
  readonly state: 'kept' | 'erased' | 'unreadable';
  /** Null unless it is kept. */
  readonly text: string | null;
}

/** Who reads, and when (Unix milliseconds). */
export interface ContentReading {
  readonly actor: string;
  readonly atMs: number;
  readonly wrap: Pick<KeyWrap, 'open'>;
}

/** What is kept of an item, in the order in which it was found; null when the tenant has no such item. */
export async function readContentOfItem(
  db: Database,
  tenantId: TenantId,
  id: ReviewItemId,
  { actor, atMs, wrap }: ContentReading,
): Promise<readonly KeptContent[] | null> {
  return db.$transaction(async (tx) => {
    const item = await tx.reviewItem.findFirst({ where: { tenantId, id } });
    if (item === null) return null;
    const { state, assignee, decision } = item;
    const standing = { state, assignee, decision };
    const event = { reviewItemId: id, tenantId, kind: 'read', actor, at: new Date(atMs) };
    await tx.reviewEvent.create({ data: { ...event, before: standing, after: standing } });
    const rows = await tx.$queryRaw`
      ${CONTENT} WHERE content.tenant_id = ${tenantId} AND content.review_item_id = ${id}
       ORDER BY found.occurred_at, content.finding_id`;
    return z
      .array(contentRow)
      .parse(rows)
      .map((row) => opened(row, tenantId, wrap));
  });
}

/** A person's data: what was found of them, what people and the policy made of it, what is kept, and what names them. */
export interface EndUserExport {
  readonly endUser: string;
  readonly findings: readonly unknown[];
  readonly reviews: readonly unknown[];
  readonly content: readonly KeptContent[];
  readonly erasures: readonly unknown[];
  /** What was done without a person: to them, or about what was found of them. */
  readonly actions: readonly unknown[];
  /** Until when they may open no session, and why; null when they may. */
  readonly refused: unknown;
  /** Client secrets that were minted for them. */
  readonly clientSecrets: readonly unknown[];
}

/** Whose data is exported, by whom and why. */
export interface ExportRequest extends ContentReading {
  /** Our hash of them. */
  readonly endUser: string;
  readonly reason: string;
}

// A year of somebody who talks every day is tens of thousands of findings, and each excerpt is opened by itself.
const WORK_MS_MAX = 600_000;

/** An export waits this long for a connection and its work together: longer than that it is not under way. */
export const EXPORT_MS_MAX = 2 * WORK_MS_MAX;

/** Everything of an end user. That it was read is recorded with each of their items, before anything is. */
export async function exportEndUser(
  db: Database,
  tenantId: TenantId,
  { endUser, wrap, ...reading }: ExportRequest,
): Promise<Result<EndUserExport, { readonly message: string }>> {
  const { actor, reason } = reading;
  if (actor.trim() === '' || reason.trim() === '') return err({ message: 'It must be said who exports, and why.' });
  const exported = await db.$transaction(
    async (tx) => {
      await recordExport(tx, { tenantId, endUser }, reading);
      const findings = await tx.moderationFinding.findMany({ where: { tenantId, endUser }, orderBy: { id: 'asc' } });
      const include = { events: { omit: { id: true }, orderBy: { id: 'asc' } } } as const;
      const reviews = await tx.reviewItem.findMany({ where: { tenantId, endUser }, include, orderBy: { id: 'asc' } });
      const rows = await tx.$queryRaw`
        ${CONTENT} WHERE content.tenant_id = ${tenantId} AND content.end_user = ${endUser}
         ORDER BY content.finding_id`;
      const content = z
        .array(contentRow)
        .parse(rows)
        .map((row) => opened(row, tenantId, wrap));
      const where = { tenantId, cause: 'end_user', subject: endUser };
      const erasures = await tx.moderationErasure.findMany({ where, omit: { id: true }, orderBy: { id: 'asc' } });
      return { endUser, findings, reviews, content, erasures, ...(await whatNames(tx, tenantId, endUser)) };
    },
    { isolationLevel: 'RepeatableRead', timeout: WORK_MS_MAX, maxWait: WORK_MS_MAX },
  );
  return ok(exported);
}

/** Outside of findings, reviews and what is kept: of secrets all but what proves them. */
async function whatNames(tx: Prisma.TransactionClient, tenantId: TenantId, endUser: string) {
  const actions = await tx.$queryRaw<readonly unknown[]>`
    SELECT finding_id AS "findingId", action, subject, outcome, at
      FROM moderation_action
     WHERE tenant_id = ${tenantId}
       AND (subject = ${endUser} OR finding_id IN (
             SELECT id FROM moderation_finding WHERE tenant_id = ${tenantId} AND end_user = ${endUser}))
     ORDER BY id`;
  const where = { tenantId, endUser };
  const refused = await tx.refusedEndUser.findUnique({ where: { tenantId_endUser: where } });
  const omit = { hmac: true, sessionBytes: true } as const;
  const clientSecrets = await tx.clientSecret.findMany({ where, omit, orderBy: [{ createdAt: 'asc' }, { id: 'asc' }] });
  return { actions, refused, clientSecrets };
}

async function recordExport(
  tx: Prisma.TransactionClient,
  { tenantId, endUser }: { readonly tenantId: TenantId; readonly endUser: string },
  { actor, reason, atMs }: Pick<ExportRequest, 'actor' | 'reason' | 'atMs'>,
): Promise<void> {
  await tx.$executeRaw`
    INSERT INTO review_event (review_item_id, tenant_id, kind, actor, at, before, after, note)
    SELECT item.id, item.tenant_id, 'read', ${actor}, ${new Date(atMs)}, standing.now, standing.now, ${`export: ${reason}`}
      FROM review_item AS item
     CROSS JOIN LATERAL (
             SELECT jsonb_build_object('state', state, 'assignee', assignee, 'decision', decision) AS now) AS standing
     WHERE item.tenant_id = ${tenantId} AND item.end_user = ${endUser}`;
}

function opened(
  { sealed, wrappedKey, ...row }: z.output<typeof contentRow>,
  tenantId: TenantId,
  wrap: Pick<KeyWrap, 'open'>,
): KeptContent {
  if (sealed === null || wrappedKey === null) return { ...row, state: 'erased', text: null };
  const text = openSealedText({ sealed, wrappedKey }, { tenantId, ...row }, wrap);
  return { ...row, state: text === null ? 'unreadable' : 'kept', text };
}
