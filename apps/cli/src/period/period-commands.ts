// `period`: the months of tenants, from open to closed.
import type { Command } from 'commander';
import type { TenantId } from '@trunkline/kernel';
import { calendarOf, PERIOD_CHECK_NAMES, type Period, type PeriodCheckName } from '@trunkline/ledger';
import {
  checklistOfPeriod,
  closePeriod,
  listPeriods,
  loadCompany,
  periodOfTenant,
  periodTotals,
  softClosePeriod,
  tenantsOfPeriod,
  waiveCheck,
  type CloseRequest,
  type PeriodRecord,
} from '@trunkline/ledger/adapters/prisma';
import type { TenancyContext } from '@trunkline/tenancy/adapters/prisma';
import { becauseOf, withActor, withBecause, type BecauseFlags } from '../actor.js';
import { tenantNamed, periodOf } from '../ledger/scope-flags.js';
import type { Row } from '../output.js';
import type { RunCommand } from '../run-command.js';
import { tenantNames } from '../tenant-names.js';
import { checkRows, periodRow, totalRows } from './period-rows.js';

interface ScopeFlags {
  readonly tenant?: string;
}

interface ActFlags extends ScopeFlags {
  readonly actor: string;
  readonly singlePerson?: true;
}

/** Adds `period` to the program. */
export function addPeriodCommands(program: Command, run: RunCommand): void {
  const period = program.command('period').description('the months of the books, from open to closed');
  addReading(period, run);
  const soft = ofTenants(period.command('soft-close <month>')).description('ends a month for all but late usage');
  withActor(soft).action((month: string, flags: ActFlags, command: Command) =>
    run(command, (tenancy) =>
      forEachTenant(tenancy, { month, flags }, async (tenantId, of) =>
        softClosePeriod(tenancy.db, { tenantId, period: of, actor: flags.actor }),
      ),
    ),
  );
  const close = ofTenants(period.command('close <month>')).description('asks to close a month; somebody else approves');
  withActor(close)
    .option('--single-person', 'closes it without a second person, which is recorded')
    .action((month: string, flags: ActFlags, command: Command) =>
      run(command, (tenancy) => closed(tenancy, { month, flags }, flags.singlePerson ? 'single_person' : 'ask')),
    );
  const approve = ofTenants(period.command('approve <month>')).description(
    'closes a month that another person asked for',
  );
  withActor(approve).action((month: string, flags: ActFlags, command: Command) =>
    run(command, (tenancy) => closed(tenancy, { month, flags }, 'approve')),
  );
  withBecause(ofTenants(period.command('waive <month>')))
    .description('answers for what stands in the way of a close, as it is now')
    .requiredOption('--check <check>', PERIOD_CHECK_NAMES.join(', '), checkOf)
    .action((month: string, flags: BecauseFlags & ScopeFlags & { readonly check: PeriodCheckName }, command: Command) =>
      run(command, (tenancy) => waived(tenancy, month, flags)),
    );
}

function addReading(period: Command, run: RunCommand): void {
  period
    .command('list')
    .description('months with bookings and how they stand')
    .option('--tenant <tenant>', 'slug or id; default: all')
    .action((flags: ScopeFlags, command: Command) =>
      run(command, async (tenancy) => {
        const tenantId = await tenantNamed(tenancy, flags.tenant);
        const nameOf = await tenantNames(tenancy);
        return (await listPeriods(tenancy.db, { tenantId })).map((record) => periodRow(record, nameOf));
      }),
    );
  ofTenants(period.command('show <month>'))
    .description('a month with its control totals: sealed once it is closed, until then as they are now')
    .action((month: string, flags: ScopeFlags, command: Command) =>
      run(command, (tenancy) => totalsOf(tenancy, periodOf(month), flags)),
    );
  ofTenants(period.command('check <month>'))
    .description('what stands in the way of closing a month')
    .action((month: string, flags: ScopeFlags, command: Command) =>
      run(command, async (tenancy) => {
        const rows: Row[] = [];
        const nameOf = await tenantNames(tenancy);
        for (const tenantId of await tenantsIn(tenancy, month, flags)) {
          const checklist = await checklistOfPeriod(tenancy.db, { tenantId, period: periodOf(month) });
          rows.push(...checkRows(nameOf(tenantId), checklist));
        }
        return rows;
      }),
    );
}

async function totalsOf(tenancy: TenancyContext, period: Period, { tenant }: ScopeFlags): Promise<Row[]> {
  const { db } = tenancy;
  const tenantId = await tenantNamed(tenancy, tenant);
  const found = tenantId === null ? await listPeriods(db, { period }) : [await periodOfTenant(db, tenantId, period)];
  const nameOf = await tenantNames(tenancy);
  const rows: Row[] = [];
  for (const record of found)
    rows.push(...totalRows(record, record.totals ?? (await periodTotals(db, record)), nameOf));
  return rows;
}

function ofTenants(command: Command): Command {
  return command.option('--tenant <tenant>', 'slug or id; default: all');
}

async function tenantsIn(tenancy: TenancyContext, month: string, { tenant }: ScopeFlags): Promise<readonly TenantId[]> {
  const tenantId = await tenantNamed(tenancy, tenant);
  if (tenantId !== null) return [tenantId];
  const { timeZone } = await loadCompany(tenancy.db);
  return tenantsOfPeriod(tenancy.db, periodOf(month), calendarOf(timeZone));
}

type Step = (tenantId: TenantId, period: Period) => Promise<{ ok: true; value: PeriodRecord } | Refused>;
type Refused = { readonly ok: false; readonly error: { readonly message: string } };

// Each tenant is a step of its own: what was done stays done, and running it again goes on with the rest.
async function forEachTenant(
  tenancy: TenancyContext,
  { month, flags }: { readonly month: string; readonly flags: ScopeFlags },
  step: Step,
): Promise<Row[]> {
  const rows: Row[] = [];
  const refusals: string[] = [];
  const nameOf = await tenantNames(tenancy);
  for (const tenantId of await tenantsIn(tenancy, month, flags)) {
    const outcome = await step(tenantId, periodOf(month));
    if (outcome.ok) rows.push(periodRow(outcome.value, nameOf));
    else refusals.push(`${nameOf(tenantId)}: ${outcome.error.message}`);
  }
  if (refusals.length === 0) return rows;
  throw new Error(`${rows.length} done, ${refusals.length} not:\n${refusals.join('\n')}`);
}

async function closed(
  tenancy: TenancyContext,
  which: { readonly month: string; readonly flags: ActFlags },
  step: CloseRequest['step'],
): Promise<Row[]> {
  const { actor } = which.flags;
  return forEachTenant(tenancy, which, (tenantId, period) =>
    closePeriod(tenancy.db, { tenantId, period, actor, step }),
  );
}

// Of all tenants, those where nothing stands in the way need no waiver; where that is nobody, there is nothing to waive.
async function waived(
  tenancy: TenancyContext,
  month: string,
  flags: BecauseFlags & ScopeFlags & { readonly check: PeriodCheckName },
): Promise<Row[]> {
  const { check } = flags;
  const [period, because, nameOf] = [periodOf(month), becauseOf(flags), await tenantNames(tenancy)];
  const rows: Row[] = [];
  const refusals: string[] = [];
  for (const tenantId of await tenantsIn(tenancy, month, flags)) {
    const outcome = await waiveCheck(tenancy.db, { tenantId, period, check, because });
    if (outcome.ok) rows.push({ tenant: nameOf(tenantId), month, check, covers: outcome.value.covered });
    else if (outcome.error.isWell) refusals.push(`${nameOf(tenantId)}: ${outcome.error.message}`);
    else throw new Error(outcome.error.message);
  }
  if (rows.length > 0) return rows;
  throw new Error(refusals.join('\n') || `there are no tenants in ${month}`);
}

function checkOf(text: string): PeriodCheckName {
  const check = PERIOD_CHECK_NAMES.find((known) => known === text);
  if (check === undefined) throw new Error(`--check ${text}: choose from ${PERIOD_CHECK_NAMES.join(', ')}`);
  return check;
}
