// `npm run cli -- ...`: administration of an installation from a terminal, on the services that the HTTP API uses.
import { Command } from 'commander';
import { systemClock } from '@trunkline/kernel';
import { loadProcessConfig, processEnvironment } from '@trunkline/platform/config';
import { withInstallation } from './src/context.js';
import { addKeyCommands } from './src/key-commands.js';
import { addMoneyCommands } from './src/money-commands.js';
import { formatRows } from './src/output.js';
import { addPoolCommands } from './src/pool-commands.js';
import { addRepairCommands } from './src/repair-commands.js';
import type { RunCommand } from './src/run-command.js';
import { addShareCommands } from './src/share-commands.js';
import { addTenantCommands } from './src/tenant-commands.js';

interface GlobalFlags {
  readonly json?: true;
  readonly dataDir?: string;
  readonly databaseUrl?: string;
}

const program = new Command('trunkline')
  .description('Administration of a Trunkline installation: the one in the data folder, or the one at DATABASE_URL.')
  .option('--json', 'print JSON')
  .option('--data-dir <dir>', 'folder of the installation')
  .option('--database-url <url>', 'its PostgreSQL, when that is not the embedded one');

const run: RunCommand = async (command, work) => {
  const flags = command.optsWithGlobals<GlobalFlags>();
  const { config } = loadProcessConfig([
    ...(flags.dataDir === undefined ? [] : ['--data-dir', flags.dataDir]),
    ...(flags.databaseUrl === undefined ? [] : ['--database-url', flags.databaseUrl]),
  ]);
  const { dataDir, databaseUrl, keyPepper } = config;
  const rows = await withInstallation({ dataDir, databaseUrl, keyPepper }, work);
  process.stdout.write(formatRows(rows, flags.json === true));
};

addTenantCommands(program, run);
addKeyCommands(program, run);
addPoolCommands(program, run, processEnvironment());
addShareCommands(program, run);
addMoneyCommands(program, run, systemClock.nowMs());
addRepairCommands(program, run);

try {
  await program.parseAsync();
} catch (error) {
  process.stderr.write(`trunkline: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
