// `moderation review`: what people have to look at, and what they make of it.
import { InvalidArgumentError, Option, type Command } from 'commander';
import { parseId, type ReviewItemId, type TenantId } from '@trunkline/kernel';
import type { VerdictCount } from '@trunkline/metering';
import {
  REVIEW_DECISIONS,
  REVIEW_STATES,
  type ReviewDecision,
  type ReviewState,
  type ReviewStep,
} from '@trunkline/moderation';
import {
  findReviewItem,
  listReviewItems,
  reviewStatistics,
  stepReview,
  type ReviewCase,
  type ReviewItem,
} from '@trunkline/moderation/adapters/prisma';
import { findTenant } from '@trunkline/tenancy/adapters/prisma';
import { withActor, type ActorFlag } from '../actor.js';
import { numberOf } from '../flag-values.js';
import { formatCsv, type Answer, type Row } from '../output.js';
import { done, type ReviewInstallation, type RunOnReviews } from '../run-command.js';

const DAY_MS = 86_400_000;
const LIST_MAX = 1_000;
const STATISTICS_DAYS_MAX = 3_660;

interface ListFlags {
  readonly state?: ReviewState;
  readonly after?: ReviewItemId;
  readonly limit: number;
  readonly csv?: true;
}
interface StepFlags extends ActorFlag {
  readonly note?: string;
}
interface DecideFlags extends StepFlags {
  readonly again?: true;
}
interface StatsFlags {
  readonly days: number;
  readonly csv?: true;
}

/** Adds the commands to `moderation`. */
export function addReviewCommands(moderation: Command, run: RunOnReviews, nowMs: number): void {
  const review = moderation.command('review').description('what people have to look at: flagged, blocked, ended');
  review
    .command('list <tenant>')
    .description('what waits for a decision, the oldest first')
    .addOption(new Option('--state <state>', 'default: open and assigned').choices([...REVIEW_STATES]))
    .option('--after <item>', 'the last item of the page before', itemIdOf)
    .option('--limit <n>', 'at most so many', numberOf, 100)
    .option('--csv', 'as CSV')
    .action((named: string, flags: ListFlags, command: Command) => run(command, (at) => list(at, named, flags)));
  review
    .command('show <tenant> <item>')
    .description('an item: its session, what was found, what reviewers did')
    .action((named: string, item: string, _flags: object, command: Command) =>
      run(command, async (at) => {
        const tenantId = await tenantOf(at, named);
        const found = await findReviewItem(at.tenancy.db, tenantId, itemIdOf(item));
        if (found === null) throw new Error(`the tenant has no review item ${item}: see \`moderation review list\``);
        return caseAnswer(found);
      }),
    );
  const step = (taking: Command, read: (text: string, flags: DecideFlags) => ReviewStep): void => {
    withActor(taking)
      .option('--note <text>', 'why, for the record')
      .action((named: string, item: string, ...[text, flags, command]: [string, DecideFlags, Command]) =>
        run(command, (at) => take(at, { named, item, step: read(text, flags), flags })),
      );
  };
  step(
    review.command('assign <tenant> <item> <reviewer>').description('to somebody, or with `none` to nobody'),
    (reviewer) => ({ kind: 'assign', assignee: reviewer === 'none' ? null : reviewer }),
  );
  step(
    review
      .command('decide <tenant> <item> <decision>')
      .description(`${REVIEW_DECISIONS.join(', ')}; what is escalated is open again, for somebody else`)
      .option('--again', 'replaces a decision'),
    (decision, { again = false }) => ({ kind: 'decide', decision: decisionOf(decision), again }),
  );
  withActor(review.command('note <tenant> <item> <text>'))
    .description('says something about an item; kept for good')
    .action((named: string, item: string, ...[note, { actor }, command]: [string, ActorFlag, Command]) =>
      run(command, (at) => take(at, { named, item, step: { kind: 'note' }, flags: { actor, note } })),
    );
  review
    .command('stats <tenant>')
    .description('by hook and category: how many items, and how many of the decided were dismissed')
    .option('--days <n>', 'opened in the last so many days', numberOf, 30)
    .option('--csv', 'as CSV')
    .action((named: string, flags: StatsFlags, command: Command) =>
      run(command, (at) => stats(at, named, flags, nowMs)),
    );
}

async function list(at: ReviewInstallation, named: string, flags: ListFlags): Promise<Answer | string> {
  const { state = null, after = null, limit, csv } = flags;
  if (!Number.isInteger(limit) || limit < 1 || limit > LIST_MAX)
    throw new Error(`--limit must be a whole number from 1 to ${LIST_MAX}`);
  const tenantId = await tenantOf(at, named);
  const rows = (await listReviewItems(at.tenancy.db, tenantId, { state, after, limit })).map(itemRow);
  return csv === true ? formatCsv(rows) : { json: rows, tables: [rows] };
}

interface Taking {
  readonly named: string;
  readonly item: string;
  readonly step: ReviewStep;
  readonly flags: StepFlags;
}

async function take(at: ReviewInstallation, { named, item, step, flags }: Taking): Promise<Answer> {
  const { actor, note = null } = flags;
  const tenantId = await tenantOf(at, named);
  const request = { step, actor, note, atMs: at.tenancy.clock.nowMs() };
  return caseAnswer(done(await stepReview(at.tenancy.db, tenantId, itemIdOf(item), request)));
}

async function stats(
  at: ReviewInstallation,
  named: string,
  { days, csv }: StatsFlags,
  nowMs: number,
): Promise<Answer | string> {
  if (!Number.isInteger(days) || days < 1 || days > STATISTICS_DAYS_MAX)
    throw new Error(`--days must be a whole number from 1 to ${STATISTICS_DAYS_MAX}`);
  const range = { fromMs: nowMs - days * DAY_MS, toMs: nowMs };
  const found = await reviewStatistics(at.tenancy.db, await tenantOf(at, named), range);
  const rows = found.map(({ dismissalRate, ...row }): Row => ({ ...row, dismissal_rate: dismissalRate }));
  return csv === true ? formatCsv(rows) : { json: rows, tables: [rows] };
}

async function tenantOf({ tenancy }: ReviewInstallation, named: string): Promise<TenantId> {
  return done(await findTenant(tenancy, named)).id;
}

function judgedText({ hook, verdict, dryRun, pieces }: VerdictCount): string {
  return `${hook}${dryRun ? ' (dry run)' : ''}: ${pieces} ${verdict}`;
}

function caseAnswer({ item, session, findings, events }: ReviewCase): Answer {
  const about = session ?? { model: null, openedAt: null, endCause: null, verdicts: null };
  const head: Row = {
    ...itemRow(item),
    model: about.model,
    session_opened: iso(about.openedAt),
    end_cause: about.endCause,
    judged: about.verdicts?.map(judgedText) ?? null,
  };
  const found = findings.map(({ occurredAt, hook, action, categories, ...each }): Row => {
    return {
      at: iso(occurredAt),
      hook,
      type: each.hookType,
      action,
      kind: each.contentKind,
      categories: categories.map(({ category, score }) => `${category} ${score}`),
      unjudged: each.failure,
      policy: each.policyVersion,
      vendor_id: each.itemId,
    };
  });
  const steps = events.map(({ at, actor, kind, before, after, note }): Row => {
    return { at: iso(at), actor, did: kind, before: standingText(before), after: standingText(after), note };
  });
  return { json: { item: head, findings: found, events: steps }, tables: [[head], found, steps] };
}

function itemRow(item: ReviewItem): Row {
  return {
    item: item.id,
    opened: iso(item.openedAt),
    state: item.state,
    assignee: item.assignee,
    decision: item.decision,
    actions: item.actions,
    categories: item.categories,
    unjudged: item.unjudged,
    kind: item.contentKind,
    direction: item.direction,
    session: item.sessionId,
    key: item.keyId,
    end_user: item.endUser,
    vendor_id: item.responseId ?? item.itemId,
  };
}

function standingText({ state, assignee, decision }: ReviewCase['events'][number]['before']): string {
  return [state, assignee, decision].filter((each) => each !== null).join(', ');
}

function iso(at: Date | null): string | null {
  return at?.toISOString() ?? null;
}

function itemIdOf(text: string): ReviewItemId {
  const id = parseId('mri', text);
  if (id === null) throw new InvalidArgumentError(`${text} is no id of a review item: see \`moderation review list\`.`);
  return id;
}

function decisionOf(text: string): ReviewDecision {
  const decision = REVIEW_DECISIONS.find((each) => each === text);
  if (decision === undefined) throw new InvalidArgumentError(`Decisions are ${REVIEW_DECISIONS.join(', ')}.`);
  return decision;
}
