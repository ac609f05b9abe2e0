// `npm run cli -- ...`: administration of an installation from a terminal, on the services that the HTTP API uses.
import { Command } from 'commander';
import { systemClock } from '@trunkline/kernel';
import { endUserHasher } from '@trunkline/moderation';
import { loadProcessConfig, processEnvironment } from '@trunkline/platform/config';
import { outboundExceptionsOf } from '@trunkline/platform/outbound';
import { installedPepper, secretSeal } from '@trunkline/platform/secrets';
import { exportPlaceOf } from '@trunkline/reporting/adapters/export';
import { addAuditCommands } from './src/access/audit-commands.js';
import { addLinkCommand } from './src/access/link-command.js';
import { addMemberCommands } from './src/access/member-commands.js';
import { recorded } from './src/access/recorded.js';
import { addTokenCommands } from './src/access/token-commands.js';
import { addAlertCommands } from './src/alert/alert-commands.js';
import type { RunSealing } from './src/alert/channel-commands.js';
import { withInstallation } from './src/context.js';
import { addBookingCommands } from './src/ledger/booking-commands.js';
import { addLedgerCommand } from './src/ledger/reading-commands.js';
import { addLedgerRepairCommands } from './src/ledger/repair-commands.js';
import { addCompanyCommands } from './src/period/company-commands.js';
import { addPeriodCommands } from './src/period/period-commands.js';
import { addCostCentreCommands } from './src/cost-centre/cost-centre-commands.js';
import { addExportCommands } from './src/export/export-commands.js';
import { addStatementCommand } from './src/statement/statement-command.js';
import { addIssuerCommands } from './src/issuer-commands.js';
import { addKeyCommands } from './src/key-commands.js';
import { addSecretCommands } from './src/secret-commands.js';
import { addModerationCommands, type HookServicesOf } from './src/moderation/moderation-commands.js';
import { addContentCommands } from './src/moderation/content-commands.js';
import { addReviewCommands } from './src/moderation/review-commands.js';
import { addUserCommands } from './src/moderation/user-commands.js';
import { addMoneyCommands } from './src/money-commands.js';
import { formatAnswer, formatRows } from './src/output.js';
import { addConfigCommands, type ConfigRun } from './src/config/config-commands.js';
import { addPoolCommands } from './src/pool-commands.js';
import { addPoolRemoveCommand } from './src/pool-remove-command.js';
import { addPoolStatusCommand } from './src/pool-status-command.js';
import { addPriceCommands } from './src/price/price-commands.js';
import { addRepairCommands } from './src/repair-commands.js';
import { addRollupCommands } from './src/rollup/rollup-commands.js';
import { addReconcileCommands, type VendorOf } from './src/reconcile/reconcile-commands.js';
import type { Inquire, RunCommand, RunOnBooks, RunOnReviews } from './src/run-command.js';
import { addShareCommands } from './src/share-commands.js';
import { addTenantCommands } from './src/tenant-commands.js';
import { addWhatIfCommand } from './src/what-if/what-if-command.js';

interface GlobalFlags {
  readonly json?: true;
  readonly dataDir?: string;
  readonly databaseUrl?: string;
  readonly redisUrl?: string;
  readonly adminKey?: string;
  readonly usageUrl?: string;
}

const program = new Command('trunkline')
  .description('Administration of a Trunkline installation: the one in the data folder, or the one at DATABASE_URL.')
  .option('--json', 'print JSON')
  .option('--data-dir <dir>', 'folder of the installation')
  .option('--database-url <url>', 'its PostgreSQL, when that is not the embedded one')
  .option('--admin-key <key>', "the vendor's admin key, to reconcile; better in OPENAI_ADMIN_KEY")
  .option('--usage-url <url>', "where the vendor's usage API is")
  .option('--redis-url <url>', 'where its gateways count lines, when that is Redis');

const run: RunCommand = async (command, work, ifNone) => {
  const { asJson, ...flags } = flagsOf(command);
  process.stdout.write(
    formatRows(await withInstallation(flags, (tenancy) => work(recorded(tenancy, command))), asJson, ifNone),
  );
};

const runOnBooks: RunOnBooks = async (command, work) => {
  const { asJson, ...flags } = flagsOf(command);
  const answer = await withInstallation(flags, (tenancy, databaseUrl) =>
    work({ tenancy: recorded(tenancy, command), exports: { db: tenancy.db, databaseUrl, ...flags.exports } }),
  );
  process.stdout.write(typeof answer === 'string' ? answer : formatRows(answer, asJson));
};

const runOnReviews: RunOnReviews = async (command, work) => {
  const { asJson, ...flags } = flagsOf(command);
  const pepper = await installedPepper(flags);
  const secrets = { hashEndUser: endUserHasher(pepper), contentSeal: secretSeal(flags.contentKey ?? pepper) };
  const answer = await withInstallation(flags, (tenancy) => work({ tenancy: recorded(tenancy, command), ...secrets }));
  process.stdout.write(typeof answer === 'string' ? answer : formatAnswer(answer, asJson));
};

const runSealing: RunSealing = async (command, work) => {
  const { asJson, ...flags } = flagsOf(command);
  const seal = secretSeal(await installedPepper(flags));
  const rows = await withInstallation(flags, (tenancy) => work(recorded(tenancy, command), seal));
  process.stdout.write(formatRows(rows, asJson));
};

const runOnFile: ConfigRun['run'] = async (command, work) => {
  const { asJson: _, ...flags } = flagsOf(command);
  const seal = secretSeal(await installedPepper(flags));
  process.stdout.write(await withInstallation(flags, (tenancy) => work(recorded(tenancy, command), seal)));
};

const inquire: Inquire = async (command, work) => {
  const { asJson, ...flags } = flagsOf(command);
  process.stdout.write(formatAnswer(await work(flags), asJson));
};

function flagsOf(command: Command) {
  const flags = command.optsWithGlobals<GlobalFlags>();
  const { config } = loadProcessConfig([
    ...(flags.dataDir === undefined ? [] : ['--data-dir', flags.dataDir]),
    ...(flags.databaseUrl === undefined ? [] : ['--database-url', flags.databaseUrl]),
    ...(flags.redisUrl === undefined ? [] : ['--redis-url', flags.redisUrl]),
    ...(flags.adminKey === undefined ? [] : ['--admin-key', flags.adminKey]),
    ...(flags.usageUrl === undefined ? [] : ['--usage-url', flags.usageUrl]),
  ]);
  const { dataDir, databaseUrl, redis, keyPepper, contentKey, adminKey, usageUrl } = config;
  const exports = exportPlaceOf(config);
  const { upstreamUrl, upstreamKey: apiKey } = config;
  const hooks = {
    webhookExceptions: outboundExceptionsOf(config.webhookAllow),
    account:
      upstreamUrl === null || apiKey === null
        ? null
        : { baseUrl: upstreamUrl, apiKey, vendor: 'openai' as const, deployments: new Map<string, string>() },
  };
  const secrets = { keyPepper, contentKey, adminKey };
  return { dataDir, databaseUrl, redis, ...secrets, usageUrl, exports, hooks, asJson: flags.json === true };
}

const vendorOf: VendorOf = async (command) => {
  const { adminKey, usageUrl, ...flags } = flagsOf(command);
  return { adminKey, baseUrl: usageUrl, open: secretSeal(await installedPepper(flags)).open };
};

const servicesOf: HookServicesOf = (command) => {
  const { hooks, ...flags } = flagsOf(command);
  return { ...hooks, seal: async () => secretSeal(await installedPepper(flags)) };
};

addTenantCommands(program, run);
addKeyCommands(program, run);
addSecretCommands(program, run);
addIssuerCommands(program, run);
const pool = addPoolCommands(program, run, processEnvironment());
addPoolStatusCommand(pool, inquire);
addPoolRemoveCommand(pool, inquire);
addWhatIfCommand(pool, inquire);
addShareCommands(program, run);
const moderation = addModerationCommands(program, { run, inquire, servicesOf });
addReviewCommands(moderation, runOnReviews, systemClock.nowMs());
addContentCommands(moderation, runOnReviews);
addUserCommands(moderation, runOnReviews);
const usage = addMoneyCommands(program, run, systemClock.nowMs());
const ledger = addLedgerCommand(program, run);
addBookingCommands(ledger, run);
addLedgerRepairCommands(ledger, usage, run);
addPeriodCommands(program, run);
addCompanyCommands(program, run);
addPriceCommands(program, run);
addCostCentreCommands(program, run);
addStatementCommand(program, runOnBooks);
addExportCommands(program, runOnBooks);
addRepairCommands(program, run);
addRollupCommands(program, run, systemClock.nowMs());
addReconcileCommands(program, run, vendorOf);
addLinkCommand(addMemberCommands(program, run), inquire);
addTokenCommands(program, run);
addAuditCommands(program, run);
addAlertCommands(program, { run, runSealing, env: processEnvironment() });
const DRIFT = 2;
addConfigCommands(program, {
  run: runOnFile,
  env: processEnvironment(),
  onDrift: () => (process.exitCode = DRIFT),
});

try {
  await program.parseAsync();
} catch (error) {
  process.stderr.write(`trunkline: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
