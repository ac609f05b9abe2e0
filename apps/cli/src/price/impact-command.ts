// `price impact`: what a month would have cost at the prices of a draft, or of a markup that nobody has drafted yet.
import type { Command } from 'commander';
import type { TenantId } from '@trunkline/kernel';
import { calendarOf, parsePeriod, previousPeriod, type Calendar, type Period } from '@trunkline/ledger';
import { loadCompany } from '@trunkline/ledger/adapters/prisma';
import { NO_PRICES, type PriceCatalogue } from '@trunkline/rating';
import { findPriceChange, impactOfChange } from '@trunkline/rating/adapters/prisma';
import { findTenant, type PoolContext } from '@trunkline/tenancy/adapters/prisma';
import type { Row } from '../output.js';
import { done as outcomeOf, type RunCommand } from '../run-command.js';
import { tenantNames } from '../tenant-names.js';
import { done } from './done.js';
import { bpsOf } from './plan-commands.js';
import { impactRows } from './price-rows.js';

interface ImpactFlags {
  readonly month?: string;
  readonly tenant?: string;
  readonly markup?: number;
}

/** Adds the command to `price`. */
export function addImpactCommand(price: Command, run: RunCommand): void {
  price
    .command('impact [change]')
    .description('what a month would have cost under a draft, by tenant and model; as if its prices had held all month')
    .option('--month <month>', 'such as 2026-10; default: last month')
    .option('--tenant <tenant>', 'slug or id; default: all')
    .option('--markup <percent>', 'instead of a draft: this markup for --tenant', bpsOf)
    .action((id: string | undefined, flags: ImpactFlags, command: Command) =>
      run(
        command,
        (context) => impact(context, id, flags),
        'no usage is booked in that month: there is nothing to compare',
      ),
    );
}

async function impact(context: PoolContext, id: string | undefined, flags: ImpactFlags): Promise<Row[]> {
  const { db } = context;
  const calendar = calendarOf((await loadCompany(db)).timeZone);
  const { fromMs, toMs } = calendar.boundsOf(monthOf(flags, calendar, context.clock.nowMs()));
  const tenantId = flags.tenant === undefined ? null : outcomeOf(await findTenant(context, flags.tenant)).id;
  const wanted = id === undefined ? markupOf(flags, tenantId) : await contentOf(context, id, flags);
  const impacts = await impactOfChange(db, wanted, { fromMs, toMs, tenantId });
  const nameOf = await tenantNames(context);
  const rows: Row[] = [];
  for await (const each of done(impacts, 'these prices contradict what is in force'))
    rows.push(...impactRows(each, nameOf));
  return rows;
}

function monthOf({ month }: ImpactFlags, calendar: Calendar, nowMs: number): Period {
  if (month === undefined) return previousPeriod(calendar.periodOf(nowMs));
  const period = parsePeriod(month);
  if (period === null) throw new Error('--month must be a month such as 2026-10');
  return period;
}

function markupOf({ markup }: ImpactFlags, tenantId: TenantId | null): PriceCatalogue {
  if (markup === undefined || tenantId === null) throw new Error('name a draft, or --markup with --tenant');
  return { ...NO_PRICES, plans: [{ tenantId, effectiveFrom: 0, revision: 0, markupBps: markup }] };
}

async function contentOf({ db }: PoolContext, id: string, { markup }: ImpactFlags): Promise<PriceCatalogue> {
  if (markup !== undefined) throw new Error('name a draft, or --markup with --tenant, not both');
  const change = await findPriceChange(db, id);
  if (change === null) throw new Error(`there is no price change ${id}: see \`price list\``);
  return change.content;
}
