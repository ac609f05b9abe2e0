// `pool`: upstream accounts.
import type { Command } from 'commander';
import type { PoolRecord } from '@trunkline/tenancy';
import { listPools, setPoolCap } from '@trunkline/tenancy/adapters/prisma';
import { numberOrNone } from './flag-values.js';
import type { Row } from './output.js';
import { done, type RunCommand } from './run-command.js';

/** Adds the commands to the program. */
export function addPoolCommands(program: Command, run: RunCommand): void {
  const pool = program.command('pool').description('upstream accounts');
  pool
    .command('list')
    .action((_flags, command: Command) => run(command, async (tenancy) => (await listPools(tenancy)).map(poolRow)));
  pool
    .command('set-cap <pool>')
    .description('sessions open at once upstream; a cap below what is open ends nobody')
    .requiredOption('--sessions-max <n>', 'a number, or none', numberOrNone)
    .action((slug: string, flags: { sessionsMax: number | null }, command: Command) =>
      run(command, async (tenancy) => [poolRow(done(await setPoolCap(tenancy, slug, flags.sessionsMax)))]),
    );
}

function poolRow({ id, slug, sessionsMax, models }: PoolRecord): Row {
  return { id, slug, sessions_max: sessionsMax, models };
}
