// What every program of ours does around its own start: settings, the log, the words when it is ready, and a stop on a
// signal that closes what was opened. A second signal ends at once; a start that fails closes what it had opened.
import { ConfigRefused, helpText, loadProcessConfig, printConfig, type Config } from '../config/index.js';
import { openLog, type Log } from '../logging/index.js';
import { Shutdown, type CloseReport } from '../shutdown/index.js';

/** What a program starts with. */
export interface ProcessBase {
  readonly config: Config;
  readonly log: Log;
  /** Whatever the start opens is registered here. */
  readonly shutdown: Shutdown;
}

/** A program that is up. */
export interface StartedProcess {
  /** Printed when ready: one JSON line with `--json`, text otherwise. */
  readonly ready: { readonly json: object; readonly text: string };
  /** A person at a terminal wants it to stop now (SIGINT); an orchestrator's SIGTERM leaves time. */
  readonly hurry?: () => void;
}

/** A program. */
export interface ProcessSpec {
  /** As in "NAME cannot start". */
  readonly name: string;
  /** How it is called, for `--help`. */
  readonly command: string;
  /** Rejects with an error whose message says what to do. */
  readonly start: (base: ProcessBase) => Promise<StartedProcess>;
}

/** Runs the program in this process until a signal. */
export function runProcess(spec: ProcessSpec): void {
  run(spec).catch((error: unknown) => {
    const message = error instanceof Error ? error.message : String(error);
    const cause = error instanceof Error && error.cause instanceof Error ? ` (${error.cause.message})` : '';
    process.stderr.write(`${spec.name} cannot start: ${message}${error instanceof ConfigRefused ? '' : cause}\n`);
    process.exit(1);
  });
}

async function run(spec: ProcessSpec): Promise<void> {
  const loaded = loadProcessConfig();
  const { config, asked, warnings } = loaded;
  if (asked.has('--help')) return void process.stdout.write(helpText(spec.command));
  if (asked.has('--print-config')) return void process.stdout.write(printConfig(loaded));
  const log = openLog(config.logLevel, config.json ? process.stderr : process.stdout);
  for (const warning of warnings) log.warn({ event: 'setting', detail: warning }, 'check the settings');
  const shutdown = new Shutdown((report) => reportClose(log, report));
  try {
    const started = await spec.start({ config, log, shutdown });
    stopOnSignals(log, shutdown, started.hurry);
    const { json, text } = started.ready;
    process.stdout.write(config.json ? `${JSON.stringify(json)}\n` : text);
  } catch (error) {
    await shutdown.run();
    throw error;
  }
}

function reportClose(log: Log, report: CloseReport): void {
  const { name, outcome } = report;
  if (outcome === 'closed') log.debug({ event: 'closed', name, ms: report.ms }, 'closed');
  else
    log.error(
      { event: 'close_failed', name, outcome, err: 'error' in report ? report.error : undefined },
      'not closed',
    );
}

function stopOnSignals(log: Log, shutdown: Shutdown, hurry?: () => void): void {
  let stopping = false;
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (stopping) process.exit(1);
      stopping = true;
      log.info({ event: 'stopping', reason: signal }, 'stopping');
      if (signal === 'SIGINT') hurry?.();
      void shutdown.run().then(() => process.exit(0));
    });
  }
}
