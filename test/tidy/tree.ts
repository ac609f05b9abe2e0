// The repository as tidy sees it: every text file that is committed or about to be, without the fixtures, which are wrong
// on purpose.
import { execFileSync } from 'node:child_process';
import { lstatSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TreeFile } from './txtar.js';

const NO_TEXT = /\.(wav|png|jpg|ico|pcm|gz|woff2?)$/;
const FIXTURES = /^test\/(tidy\/)?fixtures\//;

/** Reads the working tree: tracked and untracked files that git does not ignore. */
export function readTree(root: string): TreeFile[] {
  const args = ['ls-files', '-z', '--cached', '--others', '--exclude-standard'];
  const paths = execFileSync('git', args, { cwd: root, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 }).split('\0');
  return [...new Set(paths)]
    .filter((path) => path !== '' && !NO_TEXT.test(path) && !FIXTURES.test(path) && isFile(join(root, path)))
    .sort()
    .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));
}

function isFile(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}
