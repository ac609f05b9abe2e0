// What is to be done about findings without a person, and that it was done: each action of a finding once, however many
// workers look. Doing it is for the caller, and must bear being done twice.
import { trustedId, type ApiKeyId, type ModerationFindingId, type TenantId } from '@trunkline/kernel';
import { strikesSchema, webhookTarget, type WebhookTarget } from '@trunkline/moderation';
import type { Database } from '@trunkline/platform/database';
import { z } from 'zod';

const dueRow = z.object({
  findingId: z.string().transform((text) => trustedId('mfd', text)),
  tenantId: z.string().transform((text) => trustedId('tnt', text)),
  keyId: z.string().transform((text): ApiKeyId => trustedId('key', text)),
  sessionId: z.string(),
  reviewItemId: z.string().nullable(),
  endUser: z.string().nullable(),
  hook: z.string(),
  action: z.string(),
  contentKind: z.string(),
  categories: z.array(z.object({ category: z.string(), score: z.number() })),
  occurredAt: z.date(),
  recordedAt: z.date(),
});

/** A finding about which something is to be done. */
export type DueAction = z.output<typeof dueRow>;

/** Findings that want this done and for which it was not yet, the oldest first. */
export async function dueActions(
  db: Pick<Database, '$queryRaw'>,
  action: 'suspend_key' | 'notify',
  { sinceMs, limit }: { readonly sinceMs: number; readonly limit: number },
): Promise<readonly DueAction[]> {
  const rows = await db.$queryRaw`
    SELECT found.id AS "findingId", found.tenant_id AS "tenantId", found.key_id AS "keyId",
           found.session_id AS "sessionId", found.review_item_id AS "reviewItemId", found.end_user AS "endUser",
           found.hook, found.action, found.content_kind AS "contentKind", found.categories,
           found.occurred_at AS "occurredAt", found.recorded_at AS "recordedAt"
      FROM moderation_finding AS found
     WHERE cardinality(found.then_do) > 0 AND ${action} = ANY(found.then_do)
       AND found.recorded_at >= ${new Date(sinceMs)}
       AND NOT EXISTS (SELECT FROM moderation_action AS done
                        WHERE done.finding_id = found.id AND done.action = ${action})
     ORDER BY found.recorded_at, found.id
     LIMIT ${limit}`;
  return z.array(dueRow).parse(rows);
}

/** What was done. */
export interface DoneAction {
  readonly tenantId: TenantId;
  readonly findingId: ModerationFindingId;
  readonly action: 'suspend_key' | 'refuse_end_user' | 'notify';
  /** The key, our hash of the end user, or the host that was told. */
  readonly subject: string;
  readonly outcome: string;
  readonly atMs: number;
}

/** Keeps it for good. @returns false when another worker had done it. */
export async function recordAction(db: Database, { atMs, ...action }: DoneAction): Promise<boolean> {
  const data = { ...action, at: new Date(atMs) };
  return (await db.moderationAction.createMany({ data: [data], skipDuplicates: true })).count > 0;
}

/** Whom a tenant's policy in force notifies; null: nobody, or nobody whom this release understands. */
export async function notifyTargetOf(
  db: Pick<Database, '$queryRaw'>,
  tenantId: TenantId,
): Promise<WebhookTarget | null> {
  const rows = await db.$queryRaw`
    SELECT policy -> 'notify' AS notify FROM moderation_policy
     WHERE tenant_id = ${tenantId} ORDER BY version DESC LIMIT 1`;
  const [newest] = z.array(z.object({ notify: z.unknown() })).parse(rows);
  return webhookTarget.safeParse(newest?.notify).data ?? null;
}

const strikePolicyRow = z.object({
  tenantId: z.string().transform((text) => trustedId('tnt', text)),
  strikes: strikesSchema,
});

/** A tenant whose policy in force counts strikes. */
export type StrikePolicy = z.output<typeof strikePolicyRow>;

/** All of them. Only this part of a policy is read: the rest may be thousands of terms, and this is asked often. */
export async function strikePolicies(db: Pick<Database, '$queryRaw'>): Promise<readonly StrikePolicy[]> {
  const rows = await db.$queryRaw`
    SELECT * FROM (SELECT DISTINCT ON (tenant_id) tenant_id AS "tenantId", policy -> 'strikes' AS strikes
                     FROM moderation_policy ORDER BY tenant_id, version DESC) AS newest
     WHERE jsonb_typeof(strikes) = 'object'`;
  // What a newer release counts by, this one leaves to it.
  return z
    .array(z.unknown())
    .parse(rows)
    .flatMap((row) => strikePolicyRow.safeParse(row).data ?? []);
}

const strikesRow = z.object({
  endUser: z.string(),
  strikes: z.bigint().transform(Number),
  lastFindingId: z.string().transform((text) => trustedId('mfd', text)),
});

/** An end user who has as many strikes as the policy allows. */
export type Strikes = z.output<typeof strikesRow>;

/** What is counted. */
export interface StrikeQuestion {
  readonly count: number;
  /** Strikes from then on, Unix milliseconds. */
  readonly sinceMs: number;
  /** Only of end users of whom something was recorded from then on: the others were counted before. */
  readonly newSinceMs: number;
}

/**
 * End users with that many strikes in a range of time, since they were last refused for it. One for each item, however much
 * was found in it; none for what a reviewer dismissed,
 * and none for what could not be judged.
 */
export async function strikesDue(
  db: Pick<Database, '$queryRaw'>,
  tenantId: TenantId,
  { count, sinceMs, newSinceMs }: StrikeQuestion,
): Promise<readonly Strikes[]> {
  const rows = await db.$queryRaw`
    SELECT found.end_user AS "endUser", count(DISTINCT found.review_item_id) AS strikes,
           (array_agg(found.id ORDER BY found.occurred_at DESC, found.id DESC))[1] AS "lastFindingId"
      FROM moderation_finding AS found
      JOIN review_item AS item ON item.id = found.review_item_id
     WHERE found.tenant_id = ${tenantId} AND found.action IN ('block', 'end') AND found.failure IS NULL
       AND found.end_user IN (
             SELECT end_user FROM moderation_finding
              WHERE tenant_id = ${tenantId} AND recorded_at >= ${new Date(newSinceMs)} AND end_user IS NOT NULL
                AND review_item_id IS NOT NULL AND action IN ('block', 'end') AND failure IS NULL)
       AND found.occurred_at >= ${new Date(sinceMs)} AND item.decision IS DISTINCT FROM 'dismiss'
       AND found.occurred_at > coalesce((
             SELECT max(last.occurred_at) FROM moderation_action AS done JOIN moderation_finding AS last ON last.id = done.finding_id
              WHERE done.tenant_id = found.tenant_id AND done.subject = found.end_user AND done.action = 'refuse_end_user'
           ), '-infinity')
     GROUP BY found.end_user
    HAVING count(DISTINCT found.review_item_id) >= ${count}`;
  return z.array(strikesRow).parse(rows);
}
