// `usage` and `costs`: what the journal and the ledger say, amounts to the last digit.
import type { Command } from 'commander';
import { formatAmount, parseId, type SessionId, type TenantId } from '@trunkline/kernel';
import {
  COST_DIMENSIONS,
  costOfSession,
  costsOfAllTenants,
  costsOfTenant,
  stuckUsageOfAllTenants,
  stuckUsageOfTenant,
  usageOfAllTenants,
  usageOfTenant,
  type CostDimension,
  type CostRow,
  type TimeRange,
} from '@trunkline/ledger/adapters/prisma';
import { formatQuantity, isMeter, meterEntry } from '@trunkline/metering';
import { loadPriceBook } from '@trunkline/rating/adapters/prisma';
import { findTenant, type TenancyContext } from '@trunkline/tenancy/adapters/prisma';
import type { Row } from './output.js';
import { done, type RunCommand } from './run-command.js';
import { tenantNames, type NameOf } from './tenant-names.js';

interface RangeFlags {
  readonly tenant?: string;
  readonly from: Date;
  readonly to: Date;
}

const DAY_MS = 86_400_000;
const STUCK_MAX = 1_000;
const BEGINNING_OF_TIME = new Date(0);
const END_OF_TIME = new Date('9999-12-31');

/** Adds the commands to the program. `nowMs` gives the default range: the last 30 days. @returns `usage` */
export function addMoneyCommands(program: Command, run: RunCommand, nowMs: number): Command {
  const usage = ranged(program.command('usage'), nowMs)
    .description('quantities by day, model and meter, rated or not')
    .action((flags: RangeFlags, command: Command) => run(command, (tenancy) => usageRows(tenancy, flags)));
  ranged(program.command('costs'), nowMs)
    .description('charges from the ledger; exact')
    .option('--by <dimensions>', `comma-separated: ${COST_DIMENSIONS.join(', ')}`, dimensionsOf, ['tenant', 'model'])
    .option('--session <id>', 'the lines of one session')
    .option('--unrated', 'usage that has no price or waits for a person, of all time unless told')
    .action((flags: CostFlags, command: Command) =>
      run(command, (tenancy) =>
        flags.unrated ? stuckRows(tenancy, flags, stuckRange(command, flags)) : costRows(tenancy, flags),
      ),
    );
  return usage;
}

interface CostFlags extends RangeFlags {
  readonly by: readonly CostDimension[];
  readonly session?: string;
  readonly unrated?: true;
}

function ranged(command: Command, nowMs: number): Command {
  return command
    .option('--tenant <tenant>', 'slug or id; default: all')
    .option('--from <time>', 'ISO 8601, inclusive', timeOf, new Date(nowMs - 30 * DAY_MS))
    .option('--to <time>', 'ISO 8601, exclusive', timeOf, new Date(nowMs + DAY_MS));
}

async function usageRows(tenancy: TenancyContext, flags: RangeFlags): Promise<Row[]> {
  const tenantId = await tenantOf(tenancy, flags.tenant);
  const range = rangeOf(flags);
  const rows = tenantId === null ? usageOfAllTenants(tenancy.db, range) : usageOfTenant(tenancy.db, tenantId, range);
  const nameOf = await tenantNames(tenancy);
  return (await rows).map((row) => ({
    day: row.day,
    tenant: nameOf(row.tenantId),
    model: row.model,
    meter: row.meter,
    quantity: formatQuantity(row.quantityMicro),
    events: row.events,
    evidence: row.evidence,
    state: row.ratingState,
  }));
}

async function costRows(tenancy: TenancyContext, flags: CostFlags): Promise<Row[]> {
  const range = rangeOf(flags);
  if (flags.session !== undefined) return sessionRows(tenancy, flags.session, flags.tenant);
  const tenantId = await tenantOf(tenancy, flags.tenant);
  const query = { ...range, by: flags.by };
  const rows = tenantId === null ? costsOfAllTenants(tenancy.db, query) : costsOfTenant(tenancy.db, tenantId, query);
  const nameOf = await tenantNames(tenancy);
  return (await rows).map((row) => ({
    ...Object.fromEntries(flags.by.map((dimension) => [dimension, valueOf(row, dimension, nameOf)])),
    charge_usd: formatAmount(row.tenantCharge),
    provider_cost_usd: formatAmount(row.providerCost),
    of_it_estimated_usd: formatAmount(row.estimatedCharge),
    cost_of_estimates_not_billed_usd: formatAmount(row.unbilledCost),
    events: row.events,
  }));
}

async function sessionRows(tenancy: TenancyContext, session: string, tenant: string | undefined): Promise<Row[]> {
  const sessionId = parseId('ses', session);
  if (sessionId === null) throw new Error(`${session} is no session id: they look like ses_01...`);
  const tenantId = (await tenantOf(tenancy, tenant)) ?? (await tenantOfSession(tenancy, sessionId));
  const cost = await costOfSession(tenancy.db, tenantId, sessionId);
  const { pending, unrated, parked } = cost.events;
  const open = pending + unrated + parked;
  return [
    ...cost.lines.map((line) => ({
      model: line.model,
      meter: line.meter,
      quantity: formatQuantity(line.quantityMicro),
      price_usd:
        `${formatAmount(line.price)} per ${line.per} ${isMeter(line.meter) ? meterEntry(line.meter).unit : ''}`.trim(),
      amount_usd: formatAmount(line.amount),
    })),
    {
      model: 'total',
      meter: open === 0 ? null : `without ${open} events that are not rated`,
      quantity: null,
      price_usd: null,
      amount_usd: formatAmount(cost.amount),
    },
  ];
}

// What waits holds up the close of months long past, and a clock that was wrong may have dated it in the future.
function stuckRange(command: Command, flags: CostFlags): TimeRange {
  const isSaid = (option: 'from' | 'to'): boolean => command.getOptionValueSource(option) !== 'default';
  const from = isSaid('from') ? flags.from : BEGINNING_OF_TIME;
  const to = isSaid('to') ? flags.to : END_OF_TIME;
  return rangeOf({ ...flags, from, to });
}

async function stuckRows(tenancy: TenancyContext, flags: CostFlags, range: TimeRange): Promise<Row[]> {
  const { db } = tenancy;
  const tenantId = await tenantOf(tenancy, flags.tenant);
  const { books } = await loadPriceBook(db);
  const query = { ...range, books, limit: STUCK_MAX };
  const stuck = tenantId === null ? stuckUsageOfAllTenants(db, query) : stuckUsageOfTenant(db, tenantId, query);
  const nameOf = await tenantNames(tenancy);
  return (await stuck).map(({ id, sessionId, model, occurredAtMs, state, why, ...row }) => ({
    id,
    tenant: nameOf(row.tenantId),
    session: sessionId,
    model,
    occurred_at: new Date(occurredAtMs).toISOString(),
    state,
    why,
  }));
}

async function tenantOf(tenancy: TenancyContext, named: string | undefined): Promise<TenantId | null> {
  return named === undefined ? null : done(await findTenant(tenancy, named)).id;
}

// For the installation's administrator, who may see every tenant.
async function tenantOfSession({ db }: TenancyContext, sessionId: SessionId): Promise<TenantId> {
  const row = await db.session.findUnique({ where: { id: sessionId }, select: { tenantId: true } });
  const tenantId = row && parseId('tnt', row.tenantId);
  if (tenantId === null || tenantId === undefined)
    throw new Error(`there is no session ${sessionId} in the journal (it may still be on its way: try again)`);
  return tenantId;
}

function rangeOf({ from, to }: RangeFlags): TimeRange {
  if (!(from < to)) throw new Error('--from must be before --to, both ISO 8601 (2026-11-01 or 2026-11-01T12:00:00Z)');
  return { fromMs: from.getTime(), toMs: to.getTime() };
}

function valueOf(row: CostRow, dimension: CostDimension, nameOf: NameOf): string | null {
  switch (dimension) {
    case 'tenant':
      return row.tenantId === null ? null : nameOf(row.tenantId);
    case 'key':
      return row.keyId;
    case 'model':
    case 'day':
    case 'period':
      return row[dimension];
  }
}

function dimensionsOf(text: string): CostDimension[] {
  return text.split(',').map((name) => {
    const dimension = COST_DIMENSIONS.find((known) => known === name.trim());
    if (dimension === undefined) throw new Error(`--by ${name}: choose from ${COST_DIMENSIONS.join(', ')}`);
    return dimension;
  });
}

function timeOf(text: string): Date {
  return new Date(text);
}
