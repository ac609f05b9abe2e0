// `reconcile`: our books against the vendor's own. Nothing is ever booked by it; a person decides what a difference means.
import { readFileSync } from 'node:fs';
import { InvalidArgumentError, type Command } from 'commander';
import { parsePeriod } from '@trunkline/ledger';
import { recordPeriodCheck } from '@trunkline/ledger/adapters/prisma';
import { openAiBooks } from '@trunkline/providers/adapters/openai-usage';
import { loadPriceBook } from '@trunkline/rating/adapters/prisma';
import { reconcilingPrices } from '@trunkline/reporting';
import {
  addNote,
  findRun,
  findSources,
  listRuns,
  reconcilePool,
  setSource,
  type FoundSources,
  type ReconcileContext,
  type ReconciliationRun,
  type RunView,
  type SourceSettings,
} from '@trunkline/reporting/adapters/prisma';
import { findPool, type PoolContext } from '@trunkline/tenancy/adapters/prisma';
import { withActor } from '../actor.js';
import { listOf, numberOf } from '../flag-values.js';
import type { Row } from '../output.js';
import { done, type RunCommand } from '../run-command.js';
import { poolNames, type NameOf } from '../tenant-names.js';

const DAY_MS = 86_400_000;
const LIST_MAX = 1_000;

interface RunFlags {
  readonly day?: number;
  readonly pool?: string;
  readonly actor: string;
}
interface SourceFlags {
  readonly pool: string;
  readonly adminKeyFile?: string;
  readonly projectIds?: string[];
  readonly apiKeyIds?: string[];
}
interface NoteFlags {
  readonly line?: number;
  readonly text: string;
  readonly actor: string;
}

/** The vendor's side by the settings of a command. */
export type VendorOf = (command: Command) => Promise<SourceSettings>;

/** Adds the commands to the program. */
export function addReconcileCommands(program: Command, run: RunCommand, vendorOf: VendorOf): void {
  const reconcile = program.command('reconcile').description("our books against the vendor's, day by day (UTC)");
  withActor(reconcile.command('run'))
    .description('compares a day now; the worker does so 1, 3 and 7 days after each day by itself')
    .option('--day <day>', '2026-11-01; default: yesterday', dayOf)
    .option('--pool <pool>', 'slug or id; default: all')
    .action((flags: RunFlags, command: Command) =>
      run(command, async (context) => runDay(context, flags, await vendorOf(command))),
    );
  reconcile
    .command('list')
    .description('the newest runs')
    .option('--limit <n>', 'at most so many', numberOf, 50)
    .action(({ limit }: { limit: number }, command: Command) =>
      run(command, async (installation) => {
        if (!Number.isInteger(limit) || limit < 1 || limit > LIST_MAX)
          throw new Error(`--limit must be a whole number from 1 to ${LIST_MAX}`);
        const nameOf = await poolNames(installation);
        return (await listRuns(installation.db, limit)).map((view) => rowOfView(view, nameOf));
      }),
    );
  reconcile
    .command('show <run>')
    .description('its differences, each with its class, and what was said about them')
    .action((id: string, _flags: object, command: Command) => run(command, (installation) => show(installation, id)));
  withActor(reconcile.command('note <run>'))
    .description('says something about a run, or one line of it; kept for good')
    .requiredOption('--text <text>')
    .option('--line <n>', 'a line of `reconcile show`', numberOf)
    .action((id: string, flags: NoteFlags, command: Command) =>
      run(command, (installation) => note(installation, id, flags)),
    );
  const sources = reconcile.command('source').description("how pools are found in the vendor's books");
  sources
    .command('list')
    .description('which pools can be reconciled, how, and what keeps the others from it; shows no key')
    .action((_flags: object, command: Command) =>
      run(command, async ({ db }) => sourceRows(await findSources(db, await vendorOf(command)))),
    );
  sources
    .command('set')
    .description('what is not named stays')
    .requiredOption('--pool <pool>', 'slug or id')
    .option('--admin-key-file <file>', 'an admin key of its own; without one that of OPENAI_ADMIN_KEY is used')
    .option('--project-ids <ids>', 'comma-separated; default: the whole account', listOf)
    .option('--api-key-ids <ids>', "the vendor's ids of this pool's keys; use by any other key is then foreign", listOf)
    .action((flags: SourceFlags, command: Command) => run(command, (installation) => source(installation, flags)));
}

async function runDay(
  installation: PoolContext,
  { day, pool, actor }: RunFlags,
  settings: SourceSettings,
): Promise<Row[]> {
  const { db, clock } = installation;
  const nowMs = clock.nowMs();
  const dayMs = day ?? Math.floor(nowMs / DAY_MS) * DAY_MS - DAY_MS;
  if (dayMs > nowMs) throw new Error('--day lies in the future');
  const { sources, problems } = await findSources(db, settings);
  const only = pool === undefined ? null : done(await findPool(installation, pool)).id;
  const wanted = sources.filter(({ poolId }) => only === null || poolId === only);
  if (wanted.length === 0) throw new Error(`nothing can be reconciled: ${problems.join('; ') || 'there is no pool'}`);
  const { books } = await loadPriceBook(db);
  const booksOf = ({ baseUrl, adminKey: key }: (typeof sources)[number]) => openAiBooks({ baseUrl, adminKey: key });
  const context = {
    db,
    nowMs,
    prices: reconcilingPrices(books),
    booksOf,
    sources,
    recordMonth: recordMonthAs(actor),
  };
  const rows: Row[] = [];
  for (const each of wanted) {
    const made = await reconcilePool(context, each, { dayMs, trigger: 'manual', actor });
    if (made !== null) rows.push(rowOfRun(each.poolSlug, made));
  }
  return rows;
}

function recordMonthAs(actor: string): ReconcileContext['recordMonth'] {
  return async (tx, { month, state, reason }) => {
    const period = parsePeriod(month);
    if (period === null) throw new Error(`${month} is no month`);
    await recordPeriodCheck(tx, { tenantId: null, period, check: 'reconciled', state, reason, actor });
  };
}

async function show({ db }: PoolContext, id: string): Promise<Row[]> {
  const found = await findRun(db, id);
  if (found === null) throw new Error(`there is no run ${id}: see \`reconcile list\``);
  const lines = found.differences.map((each) => ({
    line: each.line,
    class: each.class,
    what: each.lineItem ?? `${each.model} ${each.meter}`,
    foreign_key: each.upstreamKeyId,
    ours: each.ours,
    of_it_estimated: each.estimated,
    theirs: each.theirs,
    difference: each.difference,
    amount_usd: each.amount,
    notes: found.notes.filter(({ line }) => line === each.line).map(({ actor, text }) => `${actor}: ${text}`),
  }));
  const whole = found.notes.filter(({ line }) => line === null).map(({ actor, text }) => `${actor}: ${text}`);
  return [...lines, { line: null, class: `${found.run.equal} of ${found.run.compared} equal`, notes: whole }];
}

async function note({ db }: PoolContext, id: string, { line, text, actor }: NoteFlags): Promise<Row[]> {
  if (text.trim() === '' || text.length > 2_000) throw new Error('--text must be 1 to 2,000 characters');
  if (!(await addNote(db, id, { line: line ?? null, actor, text })))
    throw new Error(`there is no ${line === undefined ? 'run' : `line ${line} of`} ${id}: see \`reconcile list\``);
  return [{ run: id, line: line ?? null, actor, text }];
}

async function source(installation: PoolContext, flags: SourceFlags): Promise<Row[]> {
  const { id, slug } = done(await findPool(installation, flags.pool));
  const key = flags.adminKeyFile === undefined ? undefined : readFileSync(flags.adminKeyFile, 'utf8').trim();
  if (key !== undefined && !/^[\x21-\x7e]{1,512}$/.test(key))
    throw new Error('--admin-key-file holds no key: one line is wanted');
  const { projectIds, apiKeyIds } = flags;
  const named = {
    ...(key === undefined ? {} : { adminKeySealed: installation.sealUpstreamKey(key, id) }),
    ...(projectIds === undefined ? {} : { projectIds }),
    ...(apiKeyIds === undefined ? {} : { apiKeyIds }),
  };
  await installation.db.$transaction((tx) => setSource(tx, id, named));
  return [{ pool: slug, project_ids: projectIds ?? 'as before', api_key_ids: apiKeyIds ?? 'as before' }];
}

function sourceRows({ sources: found, problems }: FoundSources): Row[] {
  const rows = found.map(({ poolSlug, baseUrl, projectIds, apiKeyIds }) => ({
    pool: poolSlug,
    address: baseUrl,
    project_ids: projectIds.length === 0 ? 'the whole account' : projectIds,
    api_key_ids: apiKeyIds ?? 'every key',
    problem: null,
  }));
  const none = { pool: null, address: null, project_ids: null, api_key_ids: null };
  return [...rows, ...problems.map((problem) => ({ ...none, problem }))];
}

function rowOfRun(pool: string, made: ReconciliationRun): Row {
  return {
    run: made.id,
    pool,
    day: made.day,
    stage: made.stage,
    equal: `${made.equal} of ${made.compared}`,
    differences: made.differences.map((each) => each.class),
    unbooked: made.unbooked,
    alarming: made.alarming ? 'yes' : 'no',
  };
}

function rowOfView(view: RunView, nameOf: NameOf): Row {
  const {
    id,
    poolId,
    day,
    stage,
    equal,
    compared,
    classes,
    alarming,
    oursCost,
    theirsCost,
    unexplained,
    ranAt,
    notes,
  } = view;
  return {
    run: id,
    pool: nameOf(poolId),
    day,
    stage,
    equal: `${equal} of ${compared}`,
    differences: Object.entries(classes).map(([name, count]) => `${name} ${count}`),
    ours_usd: oursCost,
    theirs_usd: theirsCost,
    unexplained_usd: unexplained,
    alarming: alarming ? 'yes' : 'no',
    ran_at: ranAt,
    notes,
  };
}

function dayOf(text: string): number {
  const ms = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN;
  if (Number.isNaN(ms)) throw new InvalidArgumentError('Write a day such as 2026-11-01.');
  return ms;
}
