// `price`: drafts of prices, their approval, and what they change.
import type { Command } from 'commander';
import { differenceOfChange, differenceOverTime, type AppliedChange } from '@trunkline/rating';
import {
  approvePrices,
  draftPrices,
  importPrices,
  listPriceChanges,
  loadPriceBook,
  previewPrices,
  rejectPrices,
  type StoredPriceChange,
} from '@trunkline/rating/adapters/prisma';
import { readPriceSheets } from '@trunkline/rating/adapters/seed';
import type { PoolContext } from '@trunkline/tenancy/adapters/prisma';
import { dayOf, timeOf } from '../flag-values.js';
import type { Row } from '../output.js';
import type { RunCommand } from '../run-command.js';
import { withActor, type ActorFlag } from '../actor.js';
import { allNames, tenantNames } from '../tenant-names.js';
import { done } from './done.js';
import { addImpactCommand } from './impact-command.js';
import { addPlanCommands } from './plan-commands.js';
import { readPriceFile } from './price-file.js';
import { changeRow, differenceRow, versionRow } from './price-rows.js';

const CHANGES_MAX = 200;

/** Adds the commands to the program. */
export function addPriceCommands(program: Command, run: RunCommand): void {
  const price = program.command('price').description('the price book: what the vendor charges and what tenants pay');
  addImport(price, run);
  addChanges(price, run);
  addQuestions(price, run);
  addImpactCommand(price, run);
  addPlanCommands(price, run);
}

function addImport(price: Command, run: RunCommand): void {
  withActor(price.command('import <folder>'))
    .description(
      'adds the price sheets (*.json) of a folder, approved by whoever imports them; usage that waited is rated',
    )
    .option('--reason <text>', 'why, for the record', 'imported price sheets')
    .option('--effective-from <date>', 'the date of rows of published tables that have none, such as 2026-11-01', dayOf)
    .action((folder: string, { actor, reason, effectiveFrom }: ImportFlags, command: Command) =>
      run(command, async ({ db }) => {
        const list = done(await readPriceSheets(folder, effectiveFrom ?? null), 'nothing was imported');
        const imported = done(await importPrices(db, list, { actor, reason }), 'nothing was imported');
        return [{ ...imported, ...(list.leftOut.length === 0 ? {} : { leftOut: list.leftOut.join('; ') }) }];
      }),
    );
}

interface ImportFlags extends ActorFlag {
  readonly reason: string;
  readonly effectiveFrom?: string;
}

interface DraftFlags extends ActorFlag {
  readonly reason: string;
  readonly correction?: true;
}

interface ApproveFlags extends ActorFlag {
  readonly reason?: string;
  readonly singlePerson?: true;
}

function addChanges(price: Command, run: RunCommand): void {
  withActor(price.command('draft <file>'))
    .description('stores a change of prices for somebody else to approve; shows what it would change')
    .requiredOption('--reason <text>', 'why, and where the prices were read')
    .option('--correction', 'may take effect in the past and replace prices with the same start')
    .action((file: string, { actor, reason, correction }: DraftFlags, command: Command) =>
      run(command, async (context) => {
        const content = done(await readPriceFile(context, file), 'the file cannot be used');
        const draft = { content, author: actor, reason, correction: correction === true };
        return changed(done(await draftPrices(context, draft), 'nothing was drafted'));
      }),
    );
  withActor(price.command('approve <change>'))
    .description('puts a draft of somebody else in force, from the dates in it')
    .option('--reason <text>', 'for the record')
    .option('--single-person', 'one person drafts and approves here; recorded')
    .action((id: string, { actor, reason, singlePerson }: ApproveFlags, command: Command) =>
      run(command, async (context) => {
        const approval = { actor, reason: reason ?? null, singlePerson: singlePerson === true };
        return changed(done(await approvePrices(context, id, approval), 'nothing was approved'));
      }),
    );
  withActor(price.command('reject <change>'))
    .description('turns a draft down, for good')
    .requiredOption('--reason <text>', 'why')
    .action((id: string, { actor, reason }: ActorFlag & { reason: string }, command: Command) =>
      run(command, async (context) => [
        changeRow(done(await rejectPrices(context, id, { actor, reason }), 'nothing was rejected')),
      ]),
    );
}

interface ListFlags {
  readonly inForce?: true;
  readonly at?: Date;
}

interface DiffFlags {
  readonly from?: Date;
  readonly to?: Date;
}

function addQuestions(price: Command, run: RunCommand): void {
  price
    .command('list')
    .description('changes of prices, newest first; or the prices in force')
    .option('--in-force', 'the prices, not the changes')
    .option('--at <time>', 'the prices in force then', timeOf)
    .action(({ inForce, at }: ListFlags, command: Command) =>
      run(command, async (context) =>
        inForce === true || at !== undefined
          ? pricesAt(context, at?.getTime() ?? context.clock.nowMs())
          : (await listPriceChanges(context.db, CHANGES_MAX)).map(changeRow),
      ),
    );
  price
    .command('diff [change]')
    .description('what a draft would change, or what differs between two instants')
    .option('--from <time>', 'the earlier instant', timeOf)
    .option('--to <time>', 'the later one; default: now', timeOf)
    .action((id: string | undefined, flags: DiffFlags, command: Command) =>
      run(command, (context) => (id === undefined ? overTime(context, flags) : ofChange(context, id))),
    );
}

async function overTime(context: PoolContext, { from, to }: DiffFlags): Promise<Row[]> {
  const { db, clock } = context;
  const [fromMs, toMs] = [from?.getTime() ?? Number.NaN, to?.getTime() ?? clock.nowMs()];
  if (!(fromMs < toMs)) throw new Error('name a change, or --from before --to, both ISO 8601 (2026-11-01)');
  const { books } = await loadPriceBook(db);
  const nameOf = await allNames(context);
  return differenceOverTime(books, fromMs, toMs).map((each) => differenceRow(each, nameOf));
}

async function ofChange(context: PoolContext, id: string): Promise<Row[]> {
  const { stored, applied } = done(await previewPrices(context, id), 'it cannot be compared');
  const nameOf = await allNames(context);
  return differenceOfChange(stored, applied.added).map((each) => differenceRow(each, nameOf));
}

async function pricesAt(context: PoolContext, atMs: number): Promise<Row[]> {
  if (Number.isNaN(atMs)) throw new Error('--at must be a time in ISO 8601: 2026-11-01 or 2026-11-01T12:00:00Z');
  const { books } = await loadPriceBook(context.db);
  const nameOf = await tenantNames(context);
  return books.versions
    .filter((version) => version.effectiveFrom <= atMs && (version.effectiveTo === null || atMs < version.effectiveTo))
    .map((version) => versionRow(version, nameOf));
}

function changed({ change, applied }: { change: StoredPriceChange; applied: AppliedChange }): Row[] {
  const { id, state, author, decided_by } = changeRow(change);
  const row = { id: id ?? null, state: state ?? null, author: author ?? null, decided_by: decided_by ?? null };
  return [{ ...row, added: change.decision === null ? null : countAdded(applied), kept: applied.kept }];
}

function countAdded({ added }: AppliedChange): number {
  return added.versions.length + added.aliases.length + added.plans.length + added.uplifts.length;
}
