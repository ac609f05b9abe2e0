// Where the PostgreSQL programs may lie for the user that runs them. A project cloned into root's home cannot be entered
// by anybody else; then the programs are copied once into the data folder, which can.
import { chmod, cp, rename, rm, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { PostgresBinaries } from './binaries.js';
import { findBlockingFolder, type RunAs } from './run-as.js';

/** The same programs, at a place that the user can enter: where they are, or a copy under `copiesDir`. */
export async function reachableBinaries(
  binaries: PostgresBinaries,
  runAs: RunAs | null,
  copiesDir: string,
): Promise<PostgresBinaries> {
  if (runAs === null || (await findBlockingFolder(binaries.postgres, runAs)) === null) return binaries;
  const copyDir = join(copiesDir, `programs-${binaries.version}`);
  if ((await stat(copyDir).catch(() => null)) === null) await copy(binaries.homeDir, copyDir);
  const moved = (path: string): string => join(copyDir, relative(binaries.homeDir, path));
  return {
    ...binaries,
    initdb: moved(binaries.initdb),
    postgres: moved(binaries.postgres),
    homeDir: copyDir,
  };
}

// Copied whole under another name first: a copy that was cut short must not be taken for one.
async function copy(from: string, to: string): Promise<void> {
  const draft = `${to}.new`;
  await rm(draft, { recursive: true, force: true });
  await cp(from, draft, { recursive: true, verbatimSymlinks: true });
  await chmod(draft, 0o755);
  await rename(draft, to);
}
