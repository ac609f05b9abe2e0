// Where things are, and how a script speaks: one prefix, on stderr, so that stdout stays the program's own
// (`npm start -- --json` prints one line there).
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of package.json. */
export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

/** Folder for what a run leaves behind and nobody commits. */
export const ARTEFACTS = 'coverage';

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
