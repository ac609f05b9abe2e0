// `company`: whose books these are, and where its months begin.
import type { Command } from 'commander';
import { loadCompany, updateCompany, type Company, type CompanyChange } from '@trunkline/ledger/adapters/prisma';
import { numberOf } from '../flag-values.js';
import type { Row } from '../output.js';
import { done, type RunCommand } from '../run-command.js';

interface Flags {
  readonly name?: string;
  readonly billingAccount?: string;
  readonly timeZone?: string;
  readonly graceDays?: number;
}

/** Adds `company` to the program. */
export function addCompanyCommands(program: Command, run: RunCommand): void {
  const company = program.command('company').description('whose books these are');
  company
    .command('show')
    .action((_flags, command: Command) => run(command, async ({ db }) => [companyRow(await loadCompany(db))]));
  company
    .command('set')
    .description('the time zone is refused where it would move a day of anything booked, or a month that closes')
    .option('--name <name>')
    .option('--billing-account <id>', 'what exports call the account that is billed')
    .option('--time-zone <zone>', 'IANA name such as Europe/Berlin: where months begin and end')
    .option('--grace-days <n>', 'days after a month before it may be closed', numberOf)
    .action((flags: Flags, command: Command) =>
      run(command, async ({ db }) => [companyRow(done(await updateCompany(db, changeOf(flags))))]),
    );
}

function changeOf({ name, billingAccount, timeZone, graceDays }: Flags): CompanyChange {
  return {
    ...(name === undefined ? {} : { name }),
    ...(billingAccount === undefined ? {} : { billingAccountId: billingAccount }),
    ...(timeZone === undefined ? {} : { timeZone }),
    ...(graceDays === undefined ? {} : { graceDays }),
  };
}

function companyRow({ name, billingAccountId, timeZone, graceDays }: Company): Row {
  return { name, billing_account: billingAccountId, time_zone: timeZone, grace_days: graceDays };
}
