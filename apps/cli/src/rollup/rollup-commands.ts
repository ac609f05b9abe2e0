// `rollup`: whether the sums that dashboards read are what the ledger says, and computing them anew.
import { InvalidArgumentError, type Command } from 'commander';
import type { TenantId } from '@trunkline/kernel';
import { checkRollups, rebuildRollups, type RollupCheck, type RollupSpan } from '@trunkline/reporting/adapters/prisma';
import { findTenant, type TenancyContext } from '@trunkline/tenancy/adapters/prisma';
import type { Row } from '../output.js';
import { done, type RunCommand } from '../run-command.js';

interface SpanFlags {
  readonly from: Date;
  readonly to: Date;
  readonly tenant?: string;
}

const DAY_MS = 86_400_000;

/** Adds the commands to the program. `nowMs` ends the range that `verify` looks at when none is given. */
export function addRollupCommands(program: Command, run: RunCommand, nowMs: number): void {
  const rollup = program.command('rollup').description('the sums of the ledger that dashboards read');
  rollup
    .command('rebuild')
    .description('computes them anew from the ledger and replaces them; may be repeated')
    .requiredOption('--from <day>', 'first UTC day, 2026-11-01', dayOf)
    .requiredOption('--to <day>', 'the UTC day after the last', dayOf)
    .option('--tenant <tenant>', 'slug or id; default: all')
    .action((flags: SpanFlags, command: Command) =>
      run(command, async (tenancy) => (await rebuildRollups(tenancy.db, await spanOf(tenancy, flags))).map(rowOf)),
    );
  rollup
    .command('verify')
    .description(
      'says whether they are what would be computed now and the totals of the ledger; fails when they are not, and changes nothing (not_compared: booked for all the time, run it again or end it before them)',
    )
    .option('--from <day>', 'first UTC day; default: 90 days ago', dayOf, new Date(nowMs - 90 * DAY_MS))
    .option('--to <day>', 'the UTC day after the last; default: tomorrow', dayOf, new Date(nowMs + DAY_MS))
    .option('--tenant <tenant>', 'slug or id; default: all')
    .action((flags: SpanFlags, command: Command) => run(command, (tenancy) => verify(tenancy, flags)));
}

async function verify(tenancy: TenancyContext, flags: SpanFlags): Promise<Row[]> {
  const checks = await checkRollups(tenancy.db, await spanOf(tenancy, flags));
  const found = (of: (check: RollupCheck) => readonly string[]): string =>
    checks
      .filter((check) => of(check).length > 0)
      .map((check) => `${check.table} (${of(check).join(', ')})`)
      .join('; ');
  const wrong = found((check) => check.wrong);
  if (wrong !== '')
    throw new Error(`not as the ledger says: ${wrong}. Mend it with \`rollup rebuild --from ... --to ...\``);
  // Computed anew they came out the same, so a rebuild would not help.
  const unlike = found((check) => check.unlikeLedger);
  if (unlike !== '')
    throw new Error(`computed right and yet not the totals of the ledger: ${unlike}. That is a bug: please report it`);
  return checks.map(rowOf);
}

async function spanOf(tenancy: TenancyContext, { from, to, tenant }: SpanFlags): Promise<RollupSpan> {
  if (!(from < to)) throw new Error('--from must be before --to, both days such as 2026-11-01');
  const tenantId: TenantId | null = tenant === undefined ? null : done(await findTenant(tenancy, tenant)).id;
  return { fromMs: from.getTime(), toMs: to.getTime(), tenantId };
}

function rowOf({ table, rows, before, after, wrong, unlikeLedger, notCompared }: RollupCheck): Row {
  return {
    table,
    rows,
    before: before.slice(0, 16),
    after: after.slice(0, 16),
    changed: wrong.length === 0 ? null : wrong,
    unlike_ledger: unlikeLedger.length === 0 ? null : unlikeLedger,
    // Something was booked for these all the time: run it again, or with a `--to` before them.
    not_compared: notCompared.length === 0 ? null : notCompared,
  };
}

function dayOf(text: string): Date {
  const day = /^\d{4}-\d{2}-\d{2}$/.test(text) ? new Date(text) : new Date(Number.NaN);
  // 30 February is read as 2 March.
  if (Number.isNaN(day.getTime()) || !day.toISOString().startsWith(text))
    throw new InvalidArgumentError('Write a day such as 2026-11-01.');
  return day;
}
