// `npm run check`: format, types, lint, layers, tidy, side by side on the cores there are, with one line each and the
// output of what failed at the end. Nothing is fixed: `npm run format` formats. Names choose: `npm run check -- types`.
import './require-node.mjs';
import { availableParallelism } from 'node:os';
import { bootstrap } from './bootstrap.mjs';
import { captureStep } from './child.mjs';
import { JEST, fail, say, since } from './project.mjs';

const CACHE = 'node_modules/.cache/trunkline';
// The slowest first, so that the quick ones fill the gaps.
const CHECKS = [
  {
    name: 'lint',
    // Cached by content. A file whose types come from a changed one may be passed over here; a fresh clone has no cache.
    args: [
      'node_modules/eslint/bin/eslint.js',
      '.',
      '--max-warnings=0',
      '--cache',
      '--cache-strategy=content',
      `--cache-location=${CACHE}/eslint`,
    ],
  },
  {
    name: 'types',
    args: [
      'node_modules/typescript/bin/tsc',
      '--noEmit',
      '--incremental',
      '--tsBuildInfoFile',
      `${CACHE}/check.tsbuildinfo`,
    ],
  },
  {
    // Browser code: other libraries of types, JSX, and a bundler that resolves.
    name: 'screens',
    args: [
      'node_modules/typescript/bin/tsc',
      '--project',
      'apps/dashboard',
      '--incremental',
      '--tsBuildInfoFile',
      `${CACHE}/screens.tsbuildinfo`,
    ],
  },
  {
    name: 'tidy',
    args: [...JEST, 'test/tidy', '--runInBand'],
  },
  {
    name: 'format',
    args: [
      'node_modules/prettier/bin/prettier.cjs',
      '--check',
      '.',
      '--log-level=warn',
      '--cache',
      '--cache-location',
      `${CACHE}/prettier`,
    ],
  },
  {
    name: 'layers',
    args: [
      'node_modules/dependency-cruiser/bin/dependency-cruise.mjs',
      '--output-type',
      'err-long',
      'apps',
      'libs',
      'test',
      'prisma',
    ],
  },
];

const startedMs = performance.now();
const chosen = choose(process.argv.slice(2));
await bootstrap({ build: false });
const failures = [];
const queue = [...chosen];
await Promise.all(Array.from({ length: Math.min(3, availableParallelism()) }, drain));
for (const { name, output } of failures) process.stdout.write(`\n--- ${name} ---\n${output.trim()}\n`);
const verdict = failures.length === 0 ? 'all passed' : `failed: ${failures.map((each) => each.name).join(', ')}`;
say(`check: ${verdict} in ${since(startedMs)}`);
process.exitCode = failures.length === 0 ? 0 : 1;

function choose(names) {
  const unknown = names.filter((name) => !CHECKS.some((check) => check.name === name));
  if (unknown.length > 0)
    fail(`no check is called ${unknown.join(', ')}; there are ${CHECKS.map((each) => each.name).join(', ')}`);
  return names.length === 0 ? CHECKS : CHECKS.filter((check) => names.includes(check.name));
}

async function drain() {
  for (let check = queue.shift(); check !== undefined; check = queue.shift()) {
    const checkStartedMs = performance.now();
    const { code, output } = await captureStep(process.execPath, check.args);
    say(`${check.name.padEnd(7)} ${code === 0 ? 'ok' : 'FAILED'} ${since(checkStartedMs)}`);
    if (code !== 0) failures.push({ name: check.name, output });
  }
}
