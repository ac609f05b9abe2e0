// Where things are, and how a script speaks: one prefix, on stderr, so that stdout stays the program's own
// (`npm start -- --json` prints one line there).
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of package.json. */
export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

/** How jest is run: ES modules in its sandbox are behind a flag of Node's. */
export const JEST = [
  '--disable-warning=ExperimentalWarning',
  '--experimental-vm-modules',
  'node_modules/jest/bin/jest.js',
];

/** One line for the person at the terminal. */
export function say(text) {
  process.stderr.write(`[trunkline] ${text}\n`);
}

/** `1.3 s`, from a `performance.now()` instant. */
export function since(startedMs) {
  return `${((performance.now() - startedMs) / 1000).toFixed(1)} s`;
}

/** Ends the script with a sentence that says what to do. */
export function fail(text) {
  say(text);
  process.exit(1);
}
