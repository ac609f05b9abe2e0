// What puts booked or parked usage right: `ledger rerate` after a price with a date in the past, `usage release` for usage
// with a date that cannot be.
import type { Command } from 'commander';
import { formatAmount } from '@trunkline/kernel';
import { RerateSums } from '@trunkline/ledger';
import { releaseUsage, rerate, type RerateRequest } from '@trunkline/ledger/adapters/prisma';
import { loadPriceBook, storeDerivedPrices } from '@trunkline/rating/adapters/prisma';
import type { TenancyContext } from '@trunkline/tenancy/adapters/prisma';
import { becauseOf, withBecause, type BecauseFlags } from '../actor.js';
import { timeOf } from '../flag-values.js';
import type { Row } from '../output.js';
import { done, type RunCommand } from '../run-command.js';
import { tenantNames, type NameOf } from '../tenant-names.js';
import { tenantNamed } from './scope-flags.js';

interface RerateFlags extends BecauseFlags {
  readonly from: Date;
  readonly to: Date;
  readonly model?: string;
  readonly tenant?: string;
  readonly dryRun?: true;
}

/** Adds the commands to `ledger` and `usage`. */
export function addLedgerRepairCommands(ledger: Command, usage: Command, run: RunCommand): void {
  withBecause(ledger.command('rerate'))
    .description('rates booked usage by the prices known now; what differs is taken back and booked anew')
    .requiredOption('--from <time>', 'ISO 8601, inclusive', timeOf)
    .requiredOption('--to <time>', 'ISO 8601, exclusive', timeOf)
    .option('--model <model>', 'default: all')
    .option('--tenant <tenant>', 'slug or id; default: all')
    .option('--dry-run', 'shows the difference and books nothing')
    .action((flags: RerateFlags, command: Command) => run(command, (tenancy) => rerateRows(tenancy, flags)));
  withBecause(usage.command('release <event>'))
    .description('lets usage be rated that was parked for its date')
    .option('--occurred-at <time>', 'when it occurred in truth, ISO 8601; default: when it says', timeOf)
    .action((id: string, flags: BecauseFlags & { readonly occurredAt?: Date }, command: Command) =>
      run(command, async ({ db }) => {
        const occurredAtMs = flags.occurredAt?.getTime() ?? null;
        done(await releaseUsage(db, { usageEventId: id, occurredAtMs, because: becauseOf(flags) }));
        return [{ event: id, outcome: 'is rated by the next pass' }];
      }),
    );
}

async function rerateRows(tenancy: TenancyContext, flags: RerateFlags): Promise<Row[]> {
  const { from, to, model } = flags;
  if (!(from < to)) throw new Error('--from must be before --to, both ISO 8601 (2026-11-01 or 2026-11-01T12:00:00Z)');
  const tenantId = await tenantNamed(tenancy, flags.tenant);
  const { books } = await loadPriceBook(tenancy.db);
  const request: Omit<RerateRequest, 'dryRun'> = {
    ...{ fromMs: from.getTime(), toMs: to.getTime(), because: becauseOf(flags) },
    prices: { books, storeDerived: storeDerivedPrices },
    ...(tenantId === null ? {} : { tenantId }),
    ...(model === undefined ? {} : { model }),
  };
  const sums = new RerateSums();
  const started = rerate(tenancy.db, { ...request, dryRun: flags.dryRun === true });
  for await (const page of done(started)) sums.add(page);
  return differenceRows(sums, flags.dryRun === true ? 'would change' : 'changed', await tenantNames(tenancy));
}

function differenceRows(sums: RerateSums, outcome: string, nameOf: NameOf): Row[] {
  const rows = sums.sums().map(({ tenantId, model, purpose, transactions, before, after, difference }) => ({
    ...{ outcome, tenant: nameOf(tenantId), model, purpose, transactions },
    ...{ before_usd: formatAmount(before), after_usd: formatAmount(after), difference_usd: formatAmount(difference) },
  }));
  const none = { before_usd: null, after_usd: null, difference_usd: null };
  const rest = (what: string, transactions: number): Row => ({
    ...{ outcome: what, tenant: null, model: null, purpose: null, transactions, ...none },
  });
  return [...rows, rest('looked at', sums.looked), rest('left without a price', sums.unpriced)];
}
