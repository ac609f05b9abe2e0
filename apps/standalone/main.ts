// `npm start`: settings, start, the words that say what is running, and a stop that finishes calls. A second signal ends
// at once.
import { ConfigRefused, helpText, loadProcessConfig, printConfig, type LoadedConfig } from '@trunkline/platform/config';
import { openLog } from '@trunkline/platform/logging';
import { Shutdown } from '@trunkline/platform/shutdown';
import { welcome } from './src/welcome.js';
import { startStandalone } from './src/start-standalone.js';

async function main(): Promise<void> {
  const loaded = loadProcessConfig();
  if (loaded.asked.has('--help')) return void process.stdout.write(helpText('npm start --'));
  if (loaded.asked.has('--print-config')) return void process.stdout.write(printConfig(loaded));
  await run(loaded);
}

async function run({ config, warnings }: LoadedConfig): Promise<void> {
  const log = openLog(config.logLevel, config.json ? process.stderr : process.stdout);
  for (const warning of warnings) log.warn({ event: 'setting', detail: warning }, 'check the settings');
  const shutdown = new Shutdown((report) => {
    const { name, outcome } = report;
    if (outcome === 'closed') log.debug({ event: 'closed', name, ms: report.ms }, 'closed');
    else
      log.error(
        { event: 'close_failed', name, outcome, err: 'error' in report ? report.error : undefined },
        'not closed',
      );
  });
  try {
    const product = await startStandalone({ config, log, shutdown });
    stopOnSignals(shutdown, product.hurry, (signal) => log.info({ event: 'stopping', reason: signal }, 'stopping'));
    process.stdout.write(config.json ? `${JSON.stringify(product.ready)}\n` : welcome(product.ready));
  } catch (error) {
    await shutdown.run();
    throw error;
  }
}

// SIGTERM is an orchestrator that gives us time (`--drain-soft`); SIGINT is a person at a terminal who wants it now.
function stopOnSignals(shutdown: Shutdown, hurry: () => void, report: (signal: string) => void): void {
  let stopping = false;
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (stopping) process.exit(1);
      stopping = true;
      report(signal);
      if (signal === 'SIGINT') hurry();
      void shutdown.run().then(() => process.exit(0));
    });
  }
}

main().catch((error: unknown) => {
  const message = error instanceof Error ? error.message : String(error);
  const cause = error instanceof Error && error.cause instanceof Error ? ` (${error.cause.message})` : '';
  process.stderr.write(`trunkline cannot start: ${message}${error instanceof ConfigRefused ? '' : cause}\n`);
  process.exit(1);
});
