// What billing costs: usage through spool, drain, rating and ledger at a rate and in bursts, the questions of dashboards over
// generated rollups, and exports of a generated month, on a private PostgreSQL. Prints Markdown tables, JSON with `--json`; exits with 1 when a count is
// not what it must be. `npm run bench -- billing`
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { z } from 'zod';
import { startProgram } from '../lanes/product.js';
import { CORE, repin, stopProcess } from '../process/pinned.js';
import { cpuSeconds, descendants } from '../process/proc-stat.js';
import { describeMachine } from '../report/machine.js';
import { generateMonth } from './generate-month.js';
import { generateRollups } from './generated-rollups.js';
import { EXPORT_FORMATS } from '@trunkline/reporting/adapters/export';
import { measureExports, type MeasuredExport } from './measure-exports.js';
import { measurePosting, type Load, type LoadFigures, type PostingCheck } from './posting.js';
import { startPrivatePostgres, type PrivatePostgres } from './private-postgres.js';
import { measureQueries, type QueryFigures } from './queries.js';

const DIST = join(dirname(fileURLToPath(import.meta.url)), '../../..');
const PROJECT = join(DIST, '..');
const PARTS = ['posting', 'queries', 'exports'] as const;
// The month that is exported: over whenever this runs, and closed for nobody.
const MONTH = { tenants: 30, keysPerTenant: 4, period: '2026-10' } as const;

interface Options {
  readonly seed: string;
  readonly parts: string;
  readonly seconds: string;
  readonly rate: string;
  readonly events: string;
  readonly formats: string;
  readonly json?: string;
}

/** Runs the benchmark; `args` as after `npm run bench -- billing`. */
export async function benchBilling(args: readonly string[]): Promise<void> {
  const options = new Command('billing')
    .description('Measures posting, dashboard queries and exports on a private PostgreSQL.')
    .option('--seed <n>', 'of the generated data', '20261128')
    .option('--parts <names>', `of ${PARTS.join(', ')}`, PARTS.join(','))
    .option('--seconds <n>', 'of sustained posting', '60')
    .option('--rate <n>', 'events a second of sustained posting', '1000')
    .option('--events <n>', 'usage events in the month that is exported', '1000000')
    .option('--formats <names>', 'to export the month in', EXPORT_FORMATS.map(({ id }) => id).join(','))
    .option('--json <file>', 'write every raw figure to this file')
    .parse([...args], { from: 'user' })
    .opts<Options>();
  const seed = wholeNumber('--seed', options.seed);
  const parts = options.parts.split(',').map((name) => name.trim());
  const unknown = parts.find((name) => !PARTS.some((part) => part === name));
  if (unknown !== undefined) throw new Error(`--parts takes ${PARTS.join(', ')}, not "${unknown}"`);
  process.stdout.write(`Seed ${seed}.\n\n`);
  const postgres = await startPrivatePostgres(PROJECT);
  try {
    const posting = parts.includes('posting') ? await posted(postgres, seed, loadsOf(options)) : null;
    const queries = parts.includes('queries') ? await asked(postgres, seed) : null;
    const exports = parts.includes('exports') ? await exported(postgres, seed, options) : null;
    if (posting !== null) process.stdout.write(postingTable(posting.figures, posting.check));
    if (queries !== null) process.stdout.write(queryTable(queries.figures, queries.rows));
    if (exports !== null) process.stdout.write(exportTable(exports, options.events));
    if (options.json !== undefined)
      writeFileSync(
        options.json,
        `${JSON.stringify({ machine: describeMachine(), options, posting, queries, exports }, null, 1)}\n`,
      );
    if (posting !== null && !isExact(posting.check)) {
      process.stderr.write(`FAILED: not everything is in the books once: ${JSON.stringify(posting.check)}\n`);
      process.exitCode = 1;
    }
  } finally {
    await postgres.stop();
  }
}

function loadsOf({ rate, seconds }: Options): readonly Load[] {
  return [
    // Compiles the programs, and the plans of the server.
    { name: 'warm-up, 200 a second', perSecond: 200, seconds: 10 },
    {
      name: `sustained, ${rate} a second`,
      perSecond: wholeNumber('--rate', rate),
      seconds: wholeNumber('--seconds', seconds),
    },
    { name: 'burst, 5,000 a second', perSecond: 5_000, seconds: 5 },
  ];
}

// The worker is the product's own program. This process stands for the gateways, so both have a core of their own as far
// as there are two; the server takes what is left of either.
async function posted(postgres: PrivatePostgres, seed: number, loads: readonly Load[]) {
  const { url, db, folder } = postgres;
  const worker = await startProgram({
    name: 'worker',
    main: join(DIST, 'apps/worker/main.js'),
    core: CORE.proxy,
    args: ['--data-dir', join(folder, 'worker'), '--metrics-port', '0'],
    env: { DATABASE_URL: url, OPENAI_API_KEY: 'sk-bench' },
    folder,
    ready: z.object({ metricsUrl: z.string() }),
  });
  try {
    await repin(process.pid, CORE.load);
    const cpu = {
      gateway: () => cpuSeconds(process.pid),
      worker: () => cpuSeconds(worker.child.pid ?? 0),
      postgres: () => serverCpuSeconds(postgres.pid),
    };
    return await measurePosting(db, { folder: join(folder, 'spool'), seed, loads, cpu });
  } finally {
    await stopProcess(worker.child);
  }
}

// Of the postmaster, of what it has reaped, and of what it has running.
function serverCpuSeconds(pid: number): number {
  return [pid, ...descendants(pid)].reduce((sum, each) => sum + cpuSeconds(each, each === pid), 0);
}

async function asked(
  { db, pid }: PrivatePostgres,
  seed: number,
): Promise<{ figures: QueryFigures[]; rows: { hours: number; days: number } }> {
  const rows = await generateRollups(db, seed);
  return { rows, figures: await measureQueries(db, () => serverCpuSeconds(pid) + cpuSeconds(process.pid)) };
}

async function exported(
  { pid, url }: PrivatePostgres,
  seed: number,
  { events, formats }: Options,
): Promise<readonly MeasuredExport[]> {
  await generateMonth(url, { ...MONTH, seed, events: wholeNumber('--events', events) });
  return measureExports(url, MONTH.period, {
    formats: formats.split(',').map((name) => name.trim()),
    serverCpuSeconds: () => serverCpuSeconds(pid),
  });
}

/** Each event once for each purpose, and the sums of the rollups those of the ledger. */
function isExact({ events, journalled, transactions, charged, summedUp }: PostingCheck): boolean {
  return journalled === events && transactions === 2 * events && charged === summedUp;
}

function postingTable(figures: readonly LoadFigures[], check: PostingCheck): string {
  const rows = figures.map((each) =>
    [
      each.name,
      each.appended,
      Math.round(each.appendedPerSecond),
      `${each.appendMsP50.toFixed(1)} / ${each.appendMsP99.toFixed(1)}`,
      each.behindAtEnd,
      each.catchUpSeconds.toFixed(1),
      Math.round(each.bookedPerSecond),
      [each.cpuMs.gateway, each.cpuMs.worker, each.cpuMs.postgres].map((ms) => ms.toFixed(2)).join(' + '),
    ].join(' | '),
  );
  const head =
    'load | events | appended a second | until durable, p50 / p99 ms | behind at the end | catching up, s | booked a second | CPU ms an event: gateway + worker + PostgreSQL';
  const { events, journalled, transactions, charged, summedUp } = check;
  const checked = `${events} events, ${journalled} journalled, ${transactions} transactions; charged ${charged}, summed up ${summedUp}.`;
  return `${tableOf(head, rows)}\n${isExact(check) ? 'Exact' : 'NOT EXACT'}: ${checked}\n\n`;
}

function queryTable(figures: readonly QueryFigures[], { hours, days }: { hours: number; days: number }): string {
  const rows = figures.map(
    ({ name, rows: found, msP50, msP95, cpuMs }) =>
      `${name} | ${found} | ${msP50.toFixed(0)} | ${msP95.toFixed(0)} | ${cpuMs.toFixed(0)}`,
  );
  return `${hours} rows of hours, ${days} rows of days.\n\n${tableOf('question | rows | p50 ms | p95 ms | CPU ms', rows)}\n`;
}

function exportTable(exports: readonly MeasuredExport[], events: string): string {
  const rows = exports.map(
    ({ format, seconds, cpuSeconds: own, serverCpuSeconds: server, rows: read, megabytes, peakMb }) =>
      [
        format,
        seconds.toFixed(1),
        `${own.toFixed(1)} + ${server.toFixed(1)}`,
        read,
        megabytes.toFixed(1),
        peakMb.toFixed(0),
      ].join(' | '),
  );
  const head = 'export | seconds | CPU seconds: process + server | rows | MB | peak MB of the process';
  return `\nA month of ${events} events.\n\n${tableOf(head, rows)}`;
}

function tableOf(head: string, rows: readonly string[]): string {
  const rule = head.replace(/[^|]+/g, ' --- ');
  return [head, rule, ...rows].map((row) => `| ${row.trim()} |\n`).join('');
}

function wholeNumber(option: string, text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new Error(`${option} takes a whole number above zero, not "${text}"`);
}
