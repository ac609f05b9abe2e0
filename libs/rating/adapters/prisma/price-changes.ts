// Drafts, approvals and rejections of prices. One change at a time is decided, so that its check sees what the one before
// added. Nothing is ever altered: a decision is a row of its own, and prices are rows that name their change.
import { err, isSamePerson, mintId, ok, type PriceChangeId, type Result } from '@trunkline/kernel';
import type { Database, Queryable } from '@trunkline/platform/database';
import { applyChange, countOf, type AppliedChange, type ChangeRules, type PriceCatalogue } from '@trunkline/rating';
import { insertChange, insertContent, insertDecision, selectChanges, type StoredPriceChange } from './change-rows.js';
import { selectCatalogue } from './load-price-book.js';

/** What the services need beside the database. */
export interface PriceContext {
  readonly db: Database;
  readonly clock: { nowMs(): number };
  readonly randomBytes: (n: number) => Uint8Array;
}

/** A draft as somebody hands it in. */
export interface PriceDraft {
  readonly content: PriceCatalogue;
  /** Who writes it: the signed-in principal, or the operating system's user at a terminal. */
  readonly author: string;
  readonly reason: string;
  /** It may take effect in the past and take the place of stored prices with the same start. */
  readonly correction: boolean;
}

/** Who decides. */
export interface PriceVerdict {
  readonly actor: string;
  /** Why; needed to reject. */
  readonly reason: string | null;
}

/** An approval. */
export interface PriceApproval extends PriceVerdict {
  /** The author may approve it as well: said explicitly, and recorded. */
  readonly singlePerson: boolean;
}

/** Why a change was not taken, each line naming its rows and saying what to do. */
export type PriceProblems = readonly string[];

// One at a time, so that the check for overlaps sees what the other one added. Any constant of our own will do.
const CHANGE_LOCK = 7_270_737_001n;

/** Stores a draft that could be approved now. It holds for nobody until it is. */
export async function draftPrices(
  context: PriceContext,
  draft: PriceDraft,
): Promise<Result<{ readonly change: StoredPriceChange; readonly applied: AppliedChange }, PriceProblems>> {
  const nowMs = context.clock.nowMs();
  if (draft.author.trim() === '') return err(['a draft needs its author']);
  if (draft.reason.trim() === '') return err(['a draft needs a reason: what changed, and where it was read']);
  if (countOf(draft.content) === 0)
    return err([
      'there is no price in it: write {"versions": [...]}, sheets, aliases, plans or uplifts (docs/prices.md)',
    ]);
  const applied = applyChange(await selectCatalogue(context.db), draft.content, rulesOf(draft.correction, nowMs));
  if (!applied.ok) return applied;
  if (countOf(applied.value.added) === 0) return err(['nothing would change: all of it is in the price book already']);
  const id = mintId('pch', nowMs, context.randomBytes);
  const change: StoredPriceChange = { ...draft, id, authoredAtMs: nowMs, decision: null };
  return context.db.$transaction(async (tx) => {
    await insertChange(tx, change);
    return ok({ change, applied: applied.value });
  });
}

/** Puts a draft in force from the dates in it. Checked again: other prices may have come since it was written. */
export async function approvePrices(
  context: PriceContext,
  id: string,
  approval: PriceApproval,
): Promise<Result<{ readonly change: StoredPriceChange; readonly applied: AppliedChange }, PriceProblems>> {
  return decided(context.db, id, async (tx, change) => {
    const { actor, reason, singlePerson } = approval;
    if (actor.trim() === '') return err(['an approval needs to say who approves']);
    const onePerson = isSamePerson(actor, change.author);
    if (onePerson && !singlePerson)
      return err([
        `${change.id} was written by ${change.author}: a second person has to approve it. Where there is only one, say ` +
          'so (`--single-person`, over the API "single_person": true); it is recorded',
      ]);
    const nowMs = context.clock.nowMs();
    const applied = applyChange(await selectCatalogue(tx), change.content, rulesOf(change.correction, nowMs));
    if (!applied.ok) return applied;
    const decision = { outcome: 'approved', actor, decidedAtMs: nowMs, reason, singlePerson: onePerson } as const;
    if (!(await insertDecision(tx, change.id, decision))) return err([decidedMeanwhile(change.id)]);
    await insertContent(tx, applied.value.added, change.id);
    return ok({ change: { ...change, decision }, applied: applied.value });
  });
}

/** Turns a draft down, for good. Its author may do so as well. */
export async function rejectPrices(
  context: PriceContext,
  id: string,
  { actor, reason }: PriceVerdict,
): Promise<Result<StoredPriceChange, PriceProblems>> {
  return decided(context.db, id, async (tx, change) => {
    if (actor.trim() === '') return err(['a rejection needs to say who rejects']);
    if (reason === null || reason.trim() === '') return err(['a rejection needs a reason']);
    const decidedAtMs = context.clock.nowMs();
    const decision = { outcome: 'rejected', actor, decidedAtMs, reason, singlePerson: false } as const;
    if (!(await insertDecision(tx, change.id, decision))) return err([decidedMeanwhile(change.id)]);
    return ok({ ...change, decision });
  });
}

/** What a change would add if it were approved now, and to what. */
export async function previewPrices(
  { db, clock }: Pick<PriceContext, 'db' | 'clock'>,
  id: string,
): Promise<Result<{ readonly stored: PriceCatalogue; readonly applied: AppliedChange }, PriceProblems>> {
  const change = await findPriceChange(db, id);
  if (change === null) return err([`there is no price change ${id}: see \`price list\``]);
  const stored = await selectCatalogue(db);
  const applied = applyChange(stored, change.content, rulesOf(change.correction, clock.nowMs()));
  return applied.ok ? ok({ stored, applied: applied.value }) : applied;
}

/** The newest changes first. */
export async function listPriceChanges(db: Queryable, limit: number): Promise<StoredPriceChange[]> {
  return selectChanges(db, { limit });
}

/** One change, or null. */
export async function findPriceChange(db: Queryable, id: string): Promise<StoredPriceChange | null> {
  const [change] = await selectChanges(db, { id, limit: 1 });
  return change ?? null;
}

/** Runs work as the only one that changes prices. Others wait; a failure leaves everything as it was. */
export async function changingPrices<T>(db: Database, work: (tx: Queryable) => Promise<T>): Promise<T> {
  return db.$transaction(async (tx) => {
    await tx.$queryRaw`SELECT pg_advisory_xact_lock(${CHANGE_LOCK})::text`;
    return work(tx);
  });
}

async function decided<T>(
  db: Database,
  id: string,
  work: (tx: Queryable, change: StoredPriceChange) => Promise<Result<T, PriceProblems>>,
): Promise<Result<T, PriceProblems>> {
  return changingPrices(db, async (tx) => {
    const change = await findPriceChange(tx, id);
    if (change === null) return err([`there is no price change ${id}: see \`price list\``]);
    if (change.decision === null) return work(tx, change);
    const { outcome, actor, decidedAtMs } = change.decision;
    return err([`${id} was ${outcome} by ${actor} at ${new Date(decidedAtMs).toISOString()}: draft another change`]);
  });
}

function decidedMeanwhile(id: PriceChangeId): string {
  return `${id} was decided by somebody else at the same time: see \`price list\``;
}

function rulesOf(correction: boolean, nowMs: number): ChangeRules {
  return { mayStartInPast: correction, mayCorrect: correction, nowMs };
}
