// Changes of prices and what became of them, as SQL. Both tables are append-only; a change has at most one decision, by
// the key of the decision's table.
import { trustedId, type PriceChangeId } from '@trunkline/kernel';
import { numberText, type Queryable } from '@trunkline/platform/database';
import { parsePriceContent, priceContent, type PriceCatalogue } from '@trunkline/rating';
import { z } from 'zod';
import { insertPlans, insertUplifts } from './plan-rows.js';
import { insertAliases, insertVersions } from './price-rows.js';

/** What became of a change. */
export interface PriceDecision {
  readonly outcome: 'approved' | 'rejected';
  readonly actor: string;
  readonly decidedAtMs: number;
  readonly reason: string | null;
  /** One person wrote and approved it, and said so. */
  readonly singlePerson: boolean;
}

/** A change as it is kept; a draft while nobody has decided. */
export interface StoredPriceChange {
  readonly id: PriceChangeId;
  readonly author: string;
  readonly authoredAtMs: number;
  readonly reason: string;
  readonly correction: boolean;
  readonly content: PriceCatalogue;
  readonly decision: PriceDecision | null;
}

const content = z.unknown().transform((stored, context): PriceCatalogue => {
  const parsed = parsePriceContent(stored);
  if (parsed.ok) return parsed.value;
  for (const problem of parsed.error) context.addIssue(problem);
  return z.NEVER;
});

const changeRow = z
  .object({
    id: z.string().transform((text) => trustedId('pch', text)),
    author: z.string(),
    authoredAtMs: numberText,
    reason: z.string(),
    correction: z.boolean(),
    content,
    outcome: z.enum(['approved', 'rejected']).nullable(),
    actor: z.string().nullable(),
    decidedAtMs: numberText.nullable(),
    decisionReason: z.string().nullable(),
    singlePerson: z.boolean().nullable(),
  })
  .transform(({ outcome, actor, decidedAtMs, decisionReason, singlePerson, ...change }): StoredPriceChange => {
    if (outcome === null || actor === null || decidedAtMs === null) return { ...change, decision: null };
    const reason = decisionReason;
    return { ...change, decision: { outcome, actor, decidedAtMs, reason, singlePerson: singlePerson === true } };
  });

/** The newest changes, or the one of an id; drafts have no decision. */
export async function selectChanges(
  db: Queryable,
  { id = null, limit }: { readonly id?: string | null; readonly limit: number },
): Promise<StoredPriceChange[]> {
  const rows = await db.$queryRaw`
    SELECT c.id, c.author, (extract(epoch FROM c.authored_at) * 1000)::bigint::text AS "authoredAtMs", c.reason,
           c.correction, c.content, d.outcome, d.actor,
           (extract(epoch FROM d.decided_at) * 1000)::bigint::text AS "decidedAtMs", d.reason AS "decisionReason",
           d.single_person AS "singlePerson"
      FROM price_change c LEFT JOIN price_change_decision d ON d.change_id = c.id
     WHERE ${id}::text IS NULL OR c.id = ${id}
     ORDER BY c.authored_at DESC, c.id DESC
     LIMIT ${limit}`;
  return z.array(changeRow).parse(rows);
}

/** Stores a draft. */
export async function insertChange(db: Queryable, change: Omit<StoredPriceChange, 'decision'>): Promise<void> {
  await db.$executeRaw`
    INSERT INTO price_change (id, author, authored_at, reason, correction, content)
    VALUES (${change.id}, ${change.author}, to_timestamp(${change.authoredAtMs}::float8 / 1000), ${change.reason},
            ${change.correction}, ${JSON.stringify(priceContent(change.content))}::jsonb)`;
}

/** Stores a decision. @returns whether it is the first one. */
export async function insertDecision(db: Queryable, id: PriceChangeId, decision: PriceDecision): Promise<boolean> {
  const { outcome, actor, decidedAtMs, reason, singlePerson } = decision;
  const inserted = await db.$executeRaw`
    INSERT INTO price_change_decision (change_id, outcome, actor, decided_at, reason, single_person)
    VALUES (${id}, ${outcome}, ${actor}, to_timestamp(${decidedAtMs}::float8 / 1000), ${reason}, ${singlePerson})
        ON CONFLICT DO NOTHING`;
  return inserted === 1;
}

/** Stores what an approved change adds. */
export async function insertContent(db: Queryable, added: PriceCatalogue, changeId: PriceChangeId): Promise<void> {
  await insertVersions(db, added.versions, changeId);
  await insertAliases(db, added.aliases, changeId);
  await insertPlans(db, added.plans, changeId);
  await insertUplifts(db, added.uplifts, changeId);
}
