// What is to be done about findings without a person, and that it was done: each action of a finding once, however many
// workers look. Doing it is for the caller, and must bear being done twice.
import { trustedId, type ApiKeyId, type ModerationFindingId, type TenantId } from '@trunkline/kernel';
import { strikesSchema, webhookTarget, type WebhookTarget } from '@trunkline/moderation';
import { Prisma, type Database } from '@trunkline/platform/database';
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

/** In the place of who was told, where nobody took it. */
export const GIVEN_UP = 'given up';

/** A finding about which something is to be done. */
export type DueAction = z.output<typeof dueRow>;

/** Of which findings it is asked what is due. */
export interface DueQuestion {
  /** Recorded from then on, Unix milliseconds. */
  readonly sinceMs: number;
  readonly limit: number;
  /** Absent: of all tenants. */
  readonly tenantId?: TenantId;
  /** Findings that are not asked for. */
  readonly except?: readonly ModerationFindingId[];
}

/** Findings that want this done and for which it was not yet, the oldest first. */
export async function dueActions(
  db: Pick<Database, '$queryRaw'>,
  action: 'suspend_key' | 'notify',
  { sinceMs, limit, tenantId, except = [] }: DueQuestion,
): Promise<readonly DueAction[]> {
  const whose = tenantId === undefined ? Prisma.empty : Prisma.sql`AND found.tenant_id = ${tenantId}`;
  const rows = await db.$queryRaw`
    SELECT found.id AS "findingId", found.tenant_id AS "tenantId", found.key_id AS "keyId",
           found.session_id AS "sessionId", found.review_item_id AS "reviewItemId", found.end_user AS "endUser",
           found.hook, found.action, found.content_kind AS "contentKind", found.categories,
           found.occurred_at AS "occurredAt", found.recorded_at AS "recordedAt"
      FROM moderation_finding AS found
     WHERE cardinality(found.then_do) > 0 AND ${action} = ANY(found.then_do) ${whose}
       AND found.recorded_at >= ${new Date(sinceMs)} AND found.id <> ALL(${except})
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

const noticesRow = z.object({
  tenantId: z.string().transform((text) => trustedId('tnt', text)),
  oldest: z.date(),
  // What a newer release wrote is nobody whom this one understands.
  target: z.unknown().transform((value): WebhookTarget | null => webhookTarget.safeParse(value).data ?? null),
});

/** A tenant whom notices wait for, and whom its policy in force notifies; null: nobody. */
export type NoticesDue = z.output<typeof noticesRow>;

/**
 * Every tenant with notices that wait, whose oldest waits longest first: how many a tenant has changes nothing for another.
 * @param except tenants that need not be looked for.
 */
export async function noticesDue(
  db: Pick<Database, '$queryRaw'>,
  { sinceMs, except }: { readonly sinceMs: number; readonly except: readonly TenantId[] },
): Promise<readonly NoticesDue[]> {
  const rows = await db.$queryRaw`
    SELECT judged.tenant_id AS "tenantId", oldest.recorded_at AS oldest, newest.target
      FROM (SELECT DISTINCT tenant_id FROM moderation_policy WHERE tenant_id <> ALL(${except})) AS judged
     CROSS JOIN LATERAL (
             SELECT found.recorded_at FROM moderation_finding AS found
              WHERE found.tenant_id = judged.tenant_id AND cardinality(found.then_do) > 0
                AND 'notify' = ANY(found.then_do) AND found.recorded_at >= ${new Date(sinceMs)}
                AND NOT EXISTS (SELECT FROM moderation_action AS done
                                 WHERE done.finding_id = found.id AND done.action = 'notify')
              ORDER BY found.recorded_at LIMIT 1) AS oldest
     CROSS JOIN LATERAL (
             SELECT policy -> 'notify' AS target FROM moderation_policy
              WHERE tenant_id = judged.tenant_id ORDER BY version DESC LIMIT 1) AS newest
     ORDER BY oldest.recorded_at, judged.tenant_id`;
  return z.array(noticesRow).parse(rows);
}

/** Notices that nobody took for too long. */
export interface GivenUpNotices {
  /** Recorded before then, Unix milliseconds. */
  readonly beforeMs: number;
  readonly why: string;
  readonly atMs: number;
}

/** Gives up all of a tenant's at once, for good. @returns how many. */
export async function giveUpNotices(
  db: Pick<Database, '$executeRaw'>,
  tenantId: TenantId,
  { beforeMs, why, atMs }: GivenUpNotices,
): Promise<number> {
  return db.$executeRaw`
    INSERT INTO moderation_action (tenant_id, finding_id, action, subject, outcome, at)
    SELECT found.tenant_id, found.id, 'notify', ${GIVEN_UP}, ${why}, ${new Date(atMs)}
      FROM moderation_finding AS found
     WHERE found.tenant_id = ${tenantId} AND cardinality(found.then_do) > 0 AND 'notify' = ANY(found.then_do)
       AND found.recorded_at < ${new Date(beforeMs)}
       AND NOT EXISTS (SELECT FROM moderation_action AS done
                        WHERE done.finding_id = found.id AND done.action = 'notify')
        ON CONFLICT (finding_id, action) DO NOTHING`;
}

/** How a tenant's notices stand. */
export interface NoticesStanding {
  readonly waiting: number;
  /** Since when the oldest waits; null when none does. */
  readonly oldest: Date | null;
  /** The newest of those that nobody took. */
  readonly givenUp: readonly { readonly findingId: string; readonly outcome: string; readonly at: Date }[];
}

const standingRow = z.object({ waiting: z.bigint().transform(Number), oldest: z.date().nullable() });

/** @param limit of those given up. */
export async function noticesStanding(db: Database, tenantId: TenantId, limit: number): Promise<NoticesStanding> {
  const rows = await db.$queryRaw`
    SELECT count(*) AS waiting, min(found.recorded_at) AS oldest FROM moderation_finding AS found
     WHERE found.tenant_id = ${tenantId} AND cardinality(found.then_do) > 0 AND 'notify' = ANY(found.then_do)
       AND NOT EXISTS (SELECT FROM moderation_action AS done
                        WHERE done.finding_id = found.id AND done.action = 'notify')`;
  const [standing = { waiting: 0, oldest: null }] = z.array(standingRow).parse(rows);
  const givenUp = await db.moderationAction.findMany({
    where: { tenantId, action: 'notify', subject: GIVEN_UP },
    select: { findingId: true, outcome: true, at: true },
    orderBy: [{ at: 'desc' }, { id: 'desc' }],
    take: limit,
  });
  return { ...standing, givenUp };
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
 * was found in it; none for what a reviewer dismissed, and none for what could not be judged. Only what end users say, type
 * and show counts, in a session that there was: instructions, tools and the model's words are not theirs, nor is what a client
 * secret begins with.
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
       AND found.content_kind IN ('typed_text', 'input_transcript', 'image') AND found.response_id IS NULL
       AND EXISTS (SELECT FROM session WHERE session.id = found.session_id AND session.tenant_id = found.tenant_id)
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
