// The worker as a process of its own, beside gateways that share its database: settings, ops listener, loop, and a stop
// that works off the queue. Migrations are for whoever installs; until they have run, passes fail and are tried again.
// A second signal ends at once.
import { systemClock } from '@trunkline/kernel';
import { assertDatabaseReachable, openDatabase } from '@trunkline/platform/database';
import { helpText, loadProcessConfig, type LoadedConfig } from '@trunkline/platform/config';
import { createOpsServer, listen } from '@trunkline/platform/http';
import { openLog } from '@trunkline/platform/logging';
import { Shutdown } from '@trunkline/platform/shutdown';
import { Metrics } from '@trunkline/telemetry/adapters/prom';
import { startWorker } from './src/index.js';

const STOP_MS_MAX = 5_000;
// One connection for the passes, one for whatever else is asked.
const CONNECTIONS_MAX = 2;

async function main(): Promise<void> {
  const loaded = loadProcessConfig();
  if (loaded.asked.has('--help')) return void process.stdout.write(helpText('worker'));
  await run(loaded);
}

async function run({ config, warnings }: LoadedConfig): Promise<void> {
  const { databaseUrl } = config;
  if (databaseUrl === null)
    throw new Error('DATABASE_URL is not set: a worker of its own shares the database of its gateways');
  const log = openLog(config.logLevel, process.stdout).with({ app: 'worker' });
  for (const warning of warnings) log.warn({ event: 'setting', detail: warning }, 'check the settings');
  const shutdown = new Shutdown(({ name, outcome }) => log.info({ event: 'closed', name, outcome }, 'closed'));
  try {
    await assertDatabaseReachable(databaseUrl);
    const db = openDatabase(databaseUrl, { poolMax: CONNECTIONS_MAX, applicationName: 'trunkline-worker' });
    shutdown.register('database', STOP_MS_MAX, () => db.$disconnect());
    const worker = await startWorker({ db, log, shutdown });
    const ops = createOpsServer({ metrics: new Metrics(), checks: [{ name: 'rating', problem: worker.problem }] });
    const port = await listen(ops, { host: config.host, port: config.metricsPort, flag: '--metrics-port' });
    shutdown.register('metrics', STOP_MS_MAX, () => void ops.close());
    stopOnSignals(shutdown);
    log.info({ event: 'ready', port, ms: Math.round(systemClock.monotonicMs()) }, 'rating usage');
  } catch (error) {
    await shutdown.run();
    throw error;
  }
}

function stopOnSignals(shutdown: Shutdown): void {
  let stopping = false;
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (stopping) process.exit(1);
      stopping = true;
      void shutdown.run().then(() => process.exit(0));
    });
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`worker cannot start: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
