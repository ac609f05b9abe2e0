// The folder that PostgreSQL keeps its data in ("cluster" is PostgreSQL's word). Guarantees that a cluster is made
// whole or not at all: it is initialised under another name and renamed. Starting a server on it is for the server.
//
// Trust: the server listens on loopback only and asks for a password (SCRAM) that is 32 random bytes, kept in the data
// folder where only its owner reads it. Loopback alone would let every local user read every tenant.
import { execFile } from 'node:child_process';
import { chmod, chown, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import type { PostgresBinaries } from './binaries.js';
import { handOver, type RunAs } from './run-as.js';
import { errorCodeOf } from '../error-code/index.js';

const run = promisify(execFile);

/** The superuser and the owner of everything in an embedded database. */
export const CLUSTER_USER = 'trunkline';

/** The cluster cannot be made or used; the message says what to do. */
export class ClusterRefused extends Error {
  override readonly name = 'ClusterRefused';
}

/** What is needed to make or check a cluster. */
export interface ClusterOptions {
  readonly clusterDir: string;
  readonly binaries: PostgresBinaries;
  readonly runAs: RunAs | null;
  readonly password: string;
}

/**
 * Makes the cluster on first use; later checks that it fits the programs and belongs to the user.
 * @returns whether it was made now.
 * @throws ClusterRefused when it was made by another major version or cannot be made.
 */
export async function prepareCluster(options: ClusterOptions): Promise<boolean> {
  const { clusterDir, binaries, runAs } = options;
  const madeBy = await readVersion(clusterDir);
  if (madeBy === null) {
    await initialise(options);
    return true;
  }
  if (Number(madeBy) !== binaries.major) throw new ClusterRefused(versionMessage(clusterDir, madeBy, binaries));
  // The top folder is handed over last, so its owner tells whether an earlier hand-over was finished.
  if (runAs !== null && (await stat(clusterDir)).uid !== runAs.uid) await handOver(clusterDir, runAs);
  return false;
}

async function readVersion(clusterDir: string): Promise<string | null> {
  try {
    return (await readFile(join(clusterDir, 'PG_VERSION'), 'utf8')).trim();
  } catch (error) {
    if (errorCodeOf(error) === 'ENOENT') return null;
    throw new ClusterRefused(
      `The embedded database in ${clusterDir} belongs to another user. Start Trunkline as that user or as root, or give ` +
        `the folder to this user: chown -R $(id -u):$(id -g) ${clusterDir}`,
      { cause: error },
    );
  }
}

function versionMessage(clusterDir: string, madeBy: string, binaries: PostgresBinaries): string {
  return (
    `The embedded database in ${clusterDir} was made by PostgreSQL ${madeBy}, and this version brings PostgreSQL ` +
    `${binaries.major}, which cannot read it. Start the earlier version of Trunkline, save the data with pg_dump, ` +
    'start this version on an empty data folder and load it there; or set DATABASE_URL to a server that you have.'
  );
}

async function initialise(options: ClusterOptions): Promise<void> {
  const { clusterDir, binaries, runAs, password } = options;
  const draftDir = `${clusterDir}.new`;
  const passwordFile = `${clusterDir}.password`;
  await mkdir(dirname(clusterDir), { recursive: true });
  await rm(draftDir, { recursive: true, force: true });
  try {
    await mkdir(draftDir, { mode: 0o700 });
    await writeFile(passwordFile, password, { mode: 0o600 });
    if (runAs !== null) for (const path of [draftDir, passwordFile]) await chown(path, runAs.uid, runAs.gid);
    await chmod(draftDir, 0o700);
    await runInitdb(binaries, draftDir, passwordFile, runAs);
    await rename(draftDir, clusterDir);
  } catch (error) {
    await rm(draftDir, { recursive: true, force: true });
    throw new ClusterRefused(`Cannot make the embedded database in ${clusterDir}: ${reasonOf(error)}`, {
      cause: error,
    });
  } finally {
    await rm(passwordFile, { force: true });
  }
}

// The C collation sorts by code point on every machine: an export's order must not depend on the system's locale.
async function runInitdb(
  binaries: PostgresBinaries,
  dir: string,
  passwordFile: string,
  runAs: RunAs | null,
): Promise<void> {
  const args = ['-D', dir, '-U', CLUSTER_USER, '-A', 'scram-sha-256', `--pwfile=${passwordFile}`];
  await run(binaries.initdb, [...args, '-E', 'UTF8', '--no-locale', '--no-instructions'], {
    cwd: '/',
    ...(runAs === null ? {} : { uid: runAs.uid, gid: runAs.gid }),
  });
}

// What initdb wrote says more than "command failed".
function reasonOf(error: unknown): string {
  const written = Written.safeParse(error).data?.stderr.trim() ?? '';
  if (written !== '') return written;
  return error instanceof Error ? error.message : String(error);
}

const Written = z.object({ stderr: z.string() });
