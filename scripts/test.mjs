// `npm test`: brings the checkout up to date and runs the tests in two passes: first what may share the machine, then
// the suites that start whole products and watch the clock, one file at a time. Arguments go to jest, in one pass:
// `npm test -- libs/kernel`. Results are left as JSON in coverage/ for .ci/run. With CI=true nothing may be missing.
import './require-node.mjs';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { bootstrap } from './bootstrap.mjs';
import { captureStep, runStep } from './child.mjs';
import { ARTEFACTS, ROOT, fail, say, since } from './project.mjs';
import { missingTools } from './tools.mjs';

const JEST = ['--disable-warning=ExperimentalWarning', '--experimental-vm-modules', 'node_modules/jest/bin/jest.js'];
// Suites with their own processes, ports and deadlines: two at once on two cores would measure each other.
const ALONE = '^test/(e2e|faults|sim|conformance)/';
const WORKERS = Math.min(4, Math.max(2, availableParallelism() - 1));

const args = process.argv.slice(2);
await bootstrap({ build: true });
rmSync(join(ROOT, ARTEFACTS, 'jest'), { recursive: true, force: true });
mkdirSync(join(ROOT, ARTEFACTS, 'jest'), { recursive: true });

const specs = await listSpecs(args);
refuseMissingTools(specs);
const passes = args.length > 0 ? [{ name: 'chosen', args }] : plannedPasses(specs);
let failed = false;
for (const pass of passes) failed = (await runPass(pass)) !== 0 || failed;
process.exitCode = failed || !reportTotals(passes) ? 1 : 0;

function plannedPasses(specs) {
  const alone = specs.filter((spec) => new RegExp(ALONE).test(spec));
  const rest = specs.filter((spec) => !alone.includes(spec));
  return [
    { name: 'shared', args: [`--maxWorkers=${WORKERS}`, '--runTestsByPath', ...rest], specs: rest },
    { name: 'alone', args: ['--runInBand', '--runTestsByPath', ...alone], specs: alone },
  ].filter((pass) => pass.specs.length > 0);
}

async function listSpecs(chosen) {
  const { code, output } = await captureStep(process.execPath, [...JEST, '--listTests', ...chosen]);
  const specs = output.split('\n').filter((line) => line.startsWith(ROOT) && line.endsWith('.spec.ts'));
  if (code !== 0) fail(`jest could not list the tests:\n${output}`);
  if (specs.length === 0) fail(`no test file matches ${chosen.join(' ')}: give part of a path, such as libs/kernel`);
  return specs.map((path) => path.slice(ROOT.length + 1)).sort();
}

function refuseMissingTools(specs) {
  const missing = missingTools(specs);
  for (const tool of missing)
    say(
      `${tool.name} is missing (${tool.use}): apt-get install ${tool.package}. It is needed by ${tool.specs.join(', ')}`,
    );
  if (missing.length > 0 && process.env.CI === 'true') fail('with CI=true every suite must be able to run');
}

async function runPass({ name, args: passArgs }) {
  const startedMs = performance.now();
  const output = ['--json', `--outputFile=${resultFile(name)}`];
  // With --outputFile the JSON goes to the file only; the readable report is on stderr.
  const code = await runStep(process.execPath, [...JEST, ...output, ...passArgs]);
  say(`tests (${name}): ${code === 0 ? 'passed' : 'failed'} in ${since(startedMs)}`);
  return code;
}

/** Prints the sum over the passes; false when anything failed, or when a pass left no result. */
function reportTotals(passes) {
  let passed = 0;
  let failures = 0;
  for (const { name } of passes) {
    if (!existsSync(join(ROOT, resultFile(name)))) failures += 1;
    else {
      const result = JSON.parse(readFileSync(join(ROOT, resultFile(name)), 'utf8'));
      passed += result.numPassedTests;
      failures += result.numFailedTests + result.numRuntimeErrorTestSuites;
    }
  }
  process.stdout.write(`${passed} passed, ${failures} failed\n`);
  return failures === 0;
}

function resultFile(pass) {
  return `${ARTEFACTS}/jest/${pass}.json`;
}
