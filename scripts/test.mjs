// `npm test`: brings the checkout up to date and runs the tests in three passes: what may share the machine, then the
// suites that start whole products, two at once (they mostly wait), then those that measure or break things, alone.
// Arguments go to jest, in one pass: `npm test -- libs/kernel`. With CI=true every suite must be able to run.
import './require-node.mjs';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { bootstrap } from './bootstrap.mjs';
import { captureStep, runStep } from './child.mjs';
import { prepareValidator } from './focus-validator.mjs';
import { JEST, ROOT, fail, say, since } from './project.mjs';
import { describeTotals, expectResults, readTotals, resultFile } from './test-totals.mjs';
import { TOOLS, findProgram } from './tools.mjs';

// Suites that watch the clock or take the machine's load as theirs: two at once on two cores would measure each other.
const ALONE = '/test/(faults/|e2e/(budget-race|failover|moderation-hooks)\\.)';
const WHOLE_PRODUCTS = '/test/(e2e|faults|sim|conformance)/';
const AT_ONCE = 2;
// A test that starts a process or a database is not wrong because the machine is busy; only one that hangs is.
const TEST_MAX_MS = 30_000;
// Needs a package that is not of npm: without it, and with nobody asking for it, it is left out and that is said.
const FOCUS_VALIDATOR = 'scripts/focus-validator.spec.ts';
const FOCUS_VALIDATOR_MS_MAX = 40_000;
const WORKERS = Math.min(4, Math.max(2, availableParallelism() - 1));

const args = process.argv.slice(2);
await bootstrap({ build: true });
const specs = await listSpecs();
refuseMissingTools();
const leftOut = specs.includes(FOCUS_VALIDATOR) && !(await hasFocusValidator()) ? `|${FOCUS_VALIDATOR}` : '';
const passes = plan();
expectResults(passes.map((pass) => pass.name));
let clean = true;
for (const pass of passes) clean = (await runPass(pass)) && clean;
const totals = readTotals();
process.stdout.write(`${describeTotals(totals)}\n`);
process.exitCode = clean && totals.failed === 0 ? 0 : 1;

function plan() {
  if (args.length > 0) return [{ name: 'chosen', args }];
  return [
    { name: 'shared', args: [`--maxWorkers=${WORKERS}`, `--testPathIgnorePatterns=${WHOLE_PRODUCTS}${leftOut}`] },
    // Suites with child processes and sockets: what one of them leaves behind must not keep the verdict from being given.
    {
      name: 'products',
      args: [
        `--maxWorkers=${AT_ONCE}`,
        '--forceExit',
        `--testPathPatterns=${WHOLE_PRODUCTS}`,
        `--testPathIgnorePatterns=${ALONE}`,
      ],
    },
    { name: 'alone', args: ['--runInBand', '--forceExit', `--testPathPatterns=${ALONE}`] },
  ];
}

async function listSpecs() {
  const { code, output } = await captureStep(process.execPath, [...JEST, '--listTests', ...args]);
  if (code !== 0) fail(`jest could not list the tests:\n${output}`);
  const paths = output.split('\n').filter((line) => line.startsWith(ROOT) && line.endsWith('.spec.ts'));
  if (paths.length === 0) fail(`no test file matches ${args.join(' ')}: give part of a path, such as libs/kernel`);
  return paths.map((path) => path.slice(ROOT.length + 1)).sort();
}

/** Says which specs need a program that is not here. They fail by themselves; under CI nothing may even start. */
function refuseMissingTools() {
  const missing = TOOLS.filter((tool) => findProgram(tool.name) === null)
    .map((tool) => ({
      ...tool,
      specs: specs.filter((spec) => tool.mentions.test(readFileSync(join(ROOT, spec), 'utf8'))),
    }))
    .filter((tool) => tool.specs.length > 0);
  for (const tool of missing)
    say(`${tool.name} is missing: apt-get install ${tool.package}. It is needed by ${tool.specs.join(', ')}`);
  if (missing.length > 0 && process.env.CI === 'true') fail('with CI=true every suite must be able to run');
}

async function hasFocusValidator() {
  const { missing } = await prepareValidator(FOCUS_VALIDATOR_MS_MAX);
  if (missing !== undefined) say(`${missing} is missing or not to be had. It is needed by ${FOCUS_VALIDATOR}`);
  return missing === undefined;
}

async function runPass({ name, args: passArgs }) {
  const startedMs = performance.now();
  // With --outputFile the JSON goes to the file only; the readable report is on stderr.
  const common = [`--testTimeout=${TEST_MAX_MS}`, '--json', `--outputFile=${resultFile(name)}`];
  const code = await runStep(process.execPath, [...JEST, ...common, ...passArgs]);
  say(`tests (${name}): ${code === 0 ? 'passed' : 'failed'} in ${since(startedMs)}`);
  return code === 0;
}
