// The relay benchmark: voice sessions through Trunkline, nginx and nothing, side by side in one run. Prints Markdown
// tables, writes all raw figures as JSON, and exits with 1 when a frame was lost, reordered or altered, or when a lane
// could not be measured. See docs/performance.md for how it measures and how to read it.
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { benchAdmission } from './admission/main.js';
import { benchBilling } from './billing/main.js';
import { benchGates } from './gates/main.js';
import { lanesNamed } from './lanes/registry.js';
import { CORE, repin, setOwnPriority } from './process/pinned.js';
import { goalRows, isIntact } from './report/goals.js';
import { describeMachine } from './report/machine.js';
import { Results } from './report/medians.js';
import { goalTable, laneTables } from './report/table.js';
import { makeCertificate } from './run/certificate.js';
import { Load } from './run/load.js';
import { planFor } from './run/plan.js';
import { type RunContext, runPlan } from './run/rounds.js';

const HERE = dirname(fileURLToPath(import.meta.url));

interface Options {
  quick?: boolean;
  lanes: string;
  modes?: string;
  rounds?: string;
  json?: string;
  product: string;
  subject: string;
  portkey?: string;
  nice?: string;
  patience?: string;
  keep?: boolean;
}

const list = (text: string): string[] => text.split(',').map((name) => name.trim());

const program = new Command('bench')
  .description('Measures voice sessions through Trunkline beside nginx and a direct connection.')
  .option('--quick', 'one round with short windows, under two minutes: a smoke test, not a measurement')
  .option('--lanes <names>', 'lanes, separated by commas', 'direct,nginx,trunkline')
  .option('--modes <names>', 'of memory, paced, saturation, handshakes, slow (these by default), scale')
  .option('--rounds <n>', 'rounds to take medians over')
  .option('--json <file>', 'write every raw figure to this file')
  .option('--product <folder>', 'the compiled product', join(HERE, '../..'))
  .option('--subject <lane>', 'the lane that is held against the goals', 'trunkline')
  .option('--portkey <folder>', "where Portkey's gateway was installed: adds the lane portkey")
  .option('--patience <seconds>', 'how long all waiting for a quiet machine may take together')
  .option('--nice <n>', 'priority of everything started, -20 to 19; a negative one needs root and disturbs others')
  .option('--keep', 'keep the folder with configurations and logs')
  .addHelpText(
    'after',
    '\n`admission`, `billing` or `gates` as the first word measures that instead: see `admission --help` and so on.',
  );

const [command, ...rest] = process.argv.slice(2);
run().catch((error: unknown) => {
  process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});

function run(): Promise<void> {
  if (command === 'admission') return benchAdmission(rest);
  if (command === 'billing') return benchBilling(rest);
  if (command === 'gates') return benchGates(rest);
  return main(program.parse().opts<Options>());
}

function wholeNumber(option: string, text: string): number {
  const value = Number(text);
  if (Number.isInteger(value)) return value;
  throw new Error(`${option} takes a whole number, not "${text}"`);
}

async function main(options: Options): Promise<void> {
  const lanes = lanesNamed(list(options.lanes), options.portkey);
  const plan = planFor({
    quick: options.quick ?? false,
    ...(options.modes === undefined ? {} : { modes: list(options.modes) }),
    ...(options.rounds === undefined ? {} : { rounds: wholeNumber('--rounds', options.rounds) }),
    ...(options.patience === undefined ? {} : { patienceMs: wholeNumber('--patience', options.patience) * 1000 }),
  });
  // Children inherit both: the priority, and the core, which all but the proxies keep.
  if (options.nice !== undefined) setOwnPriority(wholeNumber('--nice', options.nice));
  await repin(process.pid, CORE.load);
  const workDir = mkdtempSync(join(tmpdir(), 'trunkline-bench-'));
  // The product's PostgreSQL runs as another user when we are root, and must be able to reach its folder.
  chmodSync(workDir, 0o711);
  const certificate = await makeCertificate(workDir);
  const load = await Load.start(certificate);
  const context: RunContext = {
    load,
    certificate,
    workDir,
    upstream: load.ports,
    productDir: options.product,
    log: (line) => process.stderr.write(`${line}\n`),
  };
  try {
    const samples = await runPlan(plan, lanes, context);
    report(
      new Results(
        samples,
        lanes.map((lane) => lane.name),
      ),
      options,
    );
    const measured = lanes.filter((lane) => !lane.isReference);
    const failed = measured.filter((lane) => !isIntact(samples, lane.name));
    for (const lane of failed) process.stderr.write(`FAILED: ${lane.name} did not carry every frame; see its faults\n`);
    process.exitCode = failed.length > 0 ? 1 : 0;
  } finally {
    await load.stop();
    if (options.keep) process.stderr.write(`configurations and logs: ${workDir}\n`);
    else rmSync(workDir, { recursive: true, force: true });
  }
}

function report(results: Results, options: Options): void {
  const { samples } = results;
  const machine = describeMachine();
  const goals = results.lanes.includes(options.subject) ? goalRows(results, options.subject) : [];
  const { date, cpu, cores, node, nginx, kernel } = machine;
  const parts = [
    `${date}, ${cpu}, ${cores} cores, Linux ${kernel}, Node ${node}, nginx ${nginx ?? 'not installed'}.`,
    `Other programs used ${noiseText(results, 'othersOnProxyCore')} of the proxy core and ` +
      `${noiseText(results, 'othersOnLoadCore')} of the load core (median, worst).`,
    ...(goals.length > 0 ? [`**Goals: ${options.subject}**\n\n${goalTable(goals)}`] : []),
    laneTables(results),
  ];
  process.stdout.write(`${parts.join('\n\n')}\n`);
  if (options.json !== undefined) {
    writeFileSync(options.json, `${JSON.stringify({ machine, options, goals, samples }, null, 1)}\n`);
  }
}

function noiseText(results: Results, name: 'othersOnProxyCore' | 'othersOnLoadCore'): string {
  const { median, worst } = results.noise(name);
  const percent = (share: number | null): string => (share === null ? '-' : `${Math.round(share * 100)} %`);
  return `${percent(median)} (${percent(worst)})`;
}
