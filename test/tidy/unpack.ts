// Fixture trees on disk, for tools that read files: a temporary folder that is gone when the test is.
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type TreeFile } from './txtar.js';

/** A new empty folder and its removal. */
export function temporaryFolder(): { readonly path: string; remove(): void } {
  const path = realpathSync(mkdtempSync(join(tmpdir(), 'trunkline-tidy-')));
  return { path, remove: () => rmSync(path, { recursive: true }) };
}

/** Writes the files below a folder. */
export function unpack(into: string, files: readonly TreeFile[]): void {
  for (const { path, text } of files) {
    mkdirSync(dirname(join(into, path)), { recursive: true });
    writeFileSync(join(into, path), text);
  }
}
