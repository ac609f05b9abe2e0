// What admission costs: 50 tenants hold 1,000 lines each in one Redis; then lines are asked for, renewed and handed over.
// Prints a table, and JSON with `--json`. `npm run bench -- admission`
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { stopProcess } from '../process/pinned.js';
import { startRedis } from '../lanes/redis.js';
import { describeMachine } from '../report/machine.js';
import { AdmissionBench, type AdmissionFigures } from './measure.js';

const ROUNDS = 3;

/** Runs the benchmark; `args` as after `npm run bench -- admission`. */
export async function benchAdmission(args: readonly string[]): Promise<void> {
  const { json } = new Command('admission')
    .description('Measures admission, renewal and handing over of lines on a private Redis.')
    .option('--json <file>', 'write every raw figure to this file')
    .parse([...args], { from: 'user' })
    .opts<{ json?: string }>();
  const folder = mkdtempSync(join(tmpdir(), 'trunkline-admission-'));
  const redis = await startRedis(folder);
  try {
    const bench = await AdmissionBench.start(redis.url);
    const rounds: AdmissionFigures[] = [];
    for (let i = 0; i < ROUNDS; i++) rounds.push(await bench.round());
    bench.stop();
    process.stdout.write(tableOf(rounds));
    if (json !== undefined) writeFileSync(json, JSON.stringify({ machine: describeMachine(), rounds }, null, 2));
  } finally {
    await stopProcess(redis.child);
    rmSync(folder, { recursive: true, force: true });
  }
}

const ROWS: readonly (readonly [title: string, figure: keyof AdmissionFigures])[] = [
  ['admissions a second (acquire and confirm), 64 at once', 'admissionsPerSecond'],
  ['one admission, median ms', 'admissionMsP50'],
  ['one admission, p99 ms', 'admissionMsP99'],
  ['commands to Redis for an admission', 'commandsPerAdmission'],
  ['time in Redis for an admission, us', 'redisUsPerAdmission'],
  ['acquisitions alone a second, 64 at once', 'acquiresPerSecond'],
  ['one acquisition, median ms', 'acquireMsP50'],
  ['one acquisition, p99 ms', 'acquireMsP99'],
  ['one acquisition while 1,000 wait for the same pool (refused), median ms', 'acquireInLineMsP50'],
  ['time in Redis for that, us', 'acquireInLineRedisUs'],
  ['one acquisition while 1,000 wait for another pool, median ms', 'acquireBesideLineMsP50'],
  ['time in Redis for that, us', 'acquireBesideLineRedisUs'],
  ['renewing 5,000 leases, ms', 'renewMs'],
  ['commands to Redis for that', 'renewCommands'],
  ['time in Redis for a look at 1,000 calls in line, ms', 'lookRedisMs'],
  ['commands to Redis for that', 'lookCommands'],
  ['from a release to the waiting call, median ms', 'handOverMsP50'],
  ['the same, p99 ms', 'handOverMsP99'],
];

function tableOf(rounds: readonly AdmissionFigures[]): string {
  const rows = ROWS.map(([title, figure]) => {
    const values = rounds.map((round) => round[figure]).sort((a, b) => a - b);
    const [least, median, most] = [values[0], values[values.length >> 1], values.at(-1)].map((value) =>
      (value ?? 0).toPrecision(3),
    );
    return `| ${title} | ${Number(median)} | ${Number(least)} to ${Number(most)} |`;
  });
  return ['| 50 tenants with 1,000 lines each | median of 3 | from, to |', '| --- | --- | --- |', ...rows, ''].join(
    '\n',
  );
}
