// `statement`: what a tenant or a cost centre owes for a month, as a page, CSV or JSON.
import { writeFile } from 'node:fs/promises';
import { Option, type Command } from 'commander';
import { parsePeriod, type Period } from '@trunkline/ledger';
import { statementCsv, statementJson, UNASSIGNED, type Statement } from '@trunkline/reporting';
import { writeStatement, type StatementRequest } from '@trunkline/reporting/adapters/export';
import { statementPage } from '@trunkline/reporting/adapters/html';
import { findTenant, type TenancyContext } from '@trunkline/tenancy/adapters/prisma';
import { done, type RunOnBooks } from '../run-command.js';

const WRITERS = { html: statementPage, csv: statementCsv, json: statementJson };

interface StatementFlags {
  readonly period: string;
  readonly tenant?: string;
  readonly costCentre?: string;
  readonly as: keyof typeof WRITERS;
  readonly out?: string;
}

/** Adds the command to the program. */
export function addStatementCommand(program: Command, run: RunOnBooks): void {
  program
    .command('statement')
    .description('what a tenant or a cost centre owes for a month; each line rounded once')
    .requiredOption('--period <month>', 'such as 2026-11')
    .option('--tenant <tenant>', 'slug or id')
    .option('--cost-centre <code>', `or ${UNASSIGNED} for what belongs to none`)
    .addOption(new Option('--as <form>', 'how it is written').choices(Object.keys(WRITERS)).default('csv'))
    .option('--out <file>', 'write it there instead of printing it')
    .action((flags: StatementFlags, command: Command) =>
      run(command, async ({ tenancy, exports }) => {
        const statement = await writeStatement(exports, await requestOf(tenancy, flags));
        if (statement === null) throw new Error(`there is no cost centre ${flags.costCentre}: see cost-centre list`);
        return shown(statement, flags);
      }),
    );
}

async function requestOf(tenancy: TenancyContext, flags: StatementFlags): Promise<StatementRequest> {
  const period = periodOf(flags.period);
  if ((flags.tenant === undefined) === (flags.costCentre === undefined))
    throw new Error('say whose: either --tenant or --cost-centre');
  if (flags.tenant !== undefined) return { period, tenantId: done(await findTenant(tenancy, flags.tenant)).id };
  return { period, costCentre: flags.costCentre === UNASSIGNED ? null : (flags.costCentre ?? null) };
}

async function shown(statement: Statement, { as, out }: StatementFlags) {
  const text = WRITERS[as](statement);
  if (out === undefined) return text;
  await writeFile(out, text, { mode: 0o600 });
  return [{ file: out, status: statement.preliminary ? 'PRELIMINARY' : 'FINAL' }];
}

/** A month. @throws Error that says how one is written. */
export function periodOf(text: string): Period {
  const period = parsePeriod(text);
  if (period === null) throw new Error(`${text} is no month: write it as 2026-11`);
  return period;
}
