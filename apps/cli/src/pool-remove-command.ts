// `pool remove`: takes a drained pool out for good. Looks at the lines where they are counted, so that nobody's session loses
// its account under it.
import type { Command } from 'commander';
import { isRealtimeModel } from '@trunkline/providers/adapters/openai';
import { removePool } from '@trunkline/tenancy/adapters/prisma';
import { recorded } from './access/recorded.js';
import { withInstallation } from './context.js';
import { poolStatuses, type StatusFlags } from './pool-statuses.js';
import { done, type Inquire } from './run-command.js';

/** Adds the command to `pool`. */
export function addPoolRemoveCommand(pool: Command, inquire: Inquire): void {
  pool
    .command('remove <pool>')
    .description(
      'takes a pool out for good, with its shares; drain it first. What it carried stays in the books under its id; days ' +
        'that are not reconciled yet (up to 7 back) are not any more',
    )
    .action((named: string, _flags, command: Command) =>
      inquire(command, async (flags) => {
        const removed = await withInstallation(flags, async (tenancy) =>
          done(
            await removePool(recorded(tenancy, command), named, {
              linesOf: ({ id }) => linesIn(flags, id),
              isKnownModel: isRealtimeModel,
            }),
          ),
        );
        const { id, slug } = removed.pool;
        const row = { id, slug, removed: 'yes', shares_removed: removed.shares };
        return { json: [row], tables: [[row]] };
      }),
    );
}

async function linesIn(flags: StatusFlags, poolId: string): Promise<number | null> {
  const asked = poolStatuses(flags, { named: poolId, lines: null });
  // With a database of its own and no Redis named, nothing needs to run on this machine: the sessions on record must do.
  const [status] = await (flags.redis === null && flags.databaseUrl !== null ? asked.catch(() => []) : asked);
  if (status === undefined) return null;
  const { open, pending, kept, waiting } = status.totals;
  return open + pending + kept + waiting;
}
