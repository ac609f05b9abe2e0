// `price plan` and `price uplift`: what is added to list prices, for whom and from when. Each `set` drafts a change, like
// any other change of prices; with `--single-person` it is approved at once.
import type { Command } from 'commander';
import { formatBps, NO_PRICES, type PriceCatalogue, type UpliftScope } from '@trunkline/rating';
import { approvePrices, draftPrices, selectCatalogue } from '@trunkline/rating/adapters/prisma';
import { findPool, findTenant, type PoolContext } from '@trunkline/tenancy/adapters/prisma';
import { InvalidArgumentError } from 'commander';
import { listOf, timeOf } from '../flag-values.js';
import type { Row } from '../output.js';
import { done as outcomeOf, type RunCommand } from '../run-command.js';
import { withActor, type ActorFlag } from '../actor.js';
import { allNames, type NameOf } from '../tenant-names.js';
import { changeRow, named } from './price-rows.js';

interface SetFlags extends ActorFlag {
  readonly from: Date;
  readonly reason: string;
  readonly correction?: true;
  readonly singlePerson?: true;
}

interface UpliftFlags extends SetFlags {
  readonly tenant?: string;
  readonly pool?: string;
  readonly percent: number;
  readonly models: readonly string[];
}

/** Adds the commands to `price`. */
export function addPlanCommands(price: Command, run: RunCommand): void {
  const plan = price.command('plan').description('markups of tenants over the vendor’s prices');
  setter(plan.command('set <tenant>'))
    .description('drafts a markup; 0 ends it, a negative one is a discount')
    .requiredOption('--markup <percent>', 'such as 15 or 12.5', bpsOf)
    .action((named: string, flags: SetFlags & { markup: number }, command: Command) =>
      run(command, async (context) => {
        const { id: tenantId } = outcomeOf(await findTenant(context, named));
        const plans = [{ tenantId, effectiveFrom: startOf(flags), revision: 0, markupBps: flags.markup }];
        return drafted(context, { ...NO_PRICES, plans }, flags);
      }),
    );
  plan
    .command('list')
    .description('all markups and uplifts, and from when they hold')
    .action((_flags, command: Command) =>
      run(command, async (context) => termRows(await selectCatalogue(context.db), await allNames(context))),
    );
  setter(price.command('uplift').description('what the vendor adds to its list').command('set <name>'))
    .description('drafts an uplift such as data-residency for a pool or a tenant; 0 ends it')
    .option('--pool <pool>', 'slug or id')
    .option('--tenant <tenant>', 'slug or id')
    .option('--models <models>', 'priced models that it holds for; default: all', listOf, [])
    .requiredOption('--percent <percent>', 'such as 10', bpsOf)
    .action((name: string, flags: UpliftFlags, command: Command) =>
      run(command, async (context) => {
        const scope = await scopeOf(context, flags);
        const uplift = { scope, name, effectiveFrom: startOf(flags), revision: 0, upliftBps: flags.percent };
        return drafted(context, { ...NO_PRICES, uplifts: [{ ...uplift, models: flags.models }] }, flags);
      }),
    );
}

function setter(command: Command): Command {
  return withActor(command)
    .requiredOption('--from <time>', 'from when it holds, ISO 8601', timeOf)
    .requiredOption('--reason <text>', 'why, for the record')
    .option('--correction', 'may take effect in the past and replace one with the same start')
    .option('--single-person', 'one person drafts and approves here: in force at once; recorded');
}

async function drafted(context: PoolContext, content: PriceCatalogue, flags: SetFlags): Promise<Row[]> {
  const { actor, reason, correction, singlePerson } = flags;
  const draft = { content, author: actor, reason, correction: correction === true };
  const stored = await draftPrices(context, draft);
  if (!stored.ok) throw new Error(`nothing was drafted:\n${stored.error.join('\n')}`);
  if (singlePerson !== true) return [changeRow(stored.value.change)];
  const approved = await approvePrices(context, stored.value.change.id, { actor, reason: null, singlePerson: true });
  if (!approved.ok)
    throw new Error(`the draft ${stored.value.change.id} was not approved:\n${approved.error.join('\n')}`);
  return [changeRow(approved.value.change)];
}

async function scopeOf(context: PoolContext, { pool, tenant }: UpliftFlags): Promise<UpliftScope> {
  if ((pool === undefined) === (tenant === undefined)) throw new Error('name one of --pool and --tenant');
  if (pool !== undefined) return `pool:${outcomeOf(await findPool(context, pool)).id}`;
  return `tenant:${outcomeOf(await findTenant(context, tenant ?? '')).id}`;
}

function termRows({ plans, uplifts }: PriceCatalogue, nameOf: NameOf): Row[] {
  const rows = [
    ...plans.map((plan) => ({ ...plan, what: 'markup', scope: `tenant:${plan.tenantId}`, bps: plan.markupBps })),
    ...uplifts.map((uplift) => ({ ...uplift, what: `uplift ${uplift.name}`, bps: uplift.upliftBps })),
  ].sort((a, b) => a.effectiveFrom - b.effectiveFrom || a.revision - b.revision);
  return rows.map(({ what, scope, bps, effectiveFrom, revision }) => ({
    what,
    scope: named(scope, nameOf),
    added: formatBps(bps),
    from: new Date(effectiveFrom).toISOString(),
    correction: revision === 0 ? null : revision,
  }));
}

function startOf({ from }: SetFlags): number {
  const ms = from.getTime();
  if (Number.isNaN(ms)) throw new Error('--from must be a time in ISO 8601: 2026-12-01 or 2026-12-01T00:00:00Z');
  return ms;
}

/** A percentage with at most two decimals, in basis points: `12.5` is 1250. */
export function bpsOf(text: string): number {
  const [, sign = '', whole, fraction = ''] = /^(-?)(\d{1,4})(?:\.(\d{1,2}))?%?$/.exec(text.trim()) ?? [];
  if (whole === undefined)
    throw new InvalidArgumentError('Write a percentage with at most two decimals, such as 12.5.');
  const bps = Number(whole) * 100 + Number(fraction.padEnd(2, '0'));
  return sign === '-' ? -bps : bps;
}
