// The sum over all test runs, from the results that jest left in coverage/jest. Run alone it prints `N passed, N failed`,
// the closing line of .ci/run.
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './project.mjs';

const FOLDER = join(ROOT, 'coverage/jest');

/** Forgets earlier results and expects one of each name. Until its run has ended, a name counts as a failure. */
export function expectResults(names) {
  rmSync(FOLDER, { recursive: true, force: true });
  mkdirSync(FOLDER, { recursive: true });
  for (const name of names) writeFileSync(resultFile(name), '{}');
}

/** Where the run of that name writes its JSON. */
export function resultFile(name) {
  return join(FOLDER, `${name}.json`);
}

/** Tests passed; tests failed, files that could not run and runs without a result. No run at all is a failure. */
export function readTotals() {
  const files = existsSync(FOLDER) ? readdirSync(FOLDER) : [];
  const results = files.map((file) => JSON.parse(readFileSync(join(FOLDER, file), 'utf8')));
  const failures = results.map((result) => (result.numFailedTests ?? 1) + (result.numRuntimeErrorTestSuites ?? 0));
  return {
    passed: sum(results.map((result) => result.numPassedTests ?? 0)),
    failed: results.length === 0 ? 1 : sum(failures),
  };
}

/** `N passed, N failed`. */
export function describeTotals({ passed, failed }) {
  return `${passed} passed, ${failed} failed`;
}

function sum(numbers) {
  return numbers.reduce((total, each) => total + each, 0);
}

if (process.argv[1] === import.meta.filename) process.stdout.write(`${describeTotals(readTotals())}\n`);
