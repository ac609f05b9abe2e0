// What postmaster.pid in a PostgreSQL data folder says, and whether that server still lives. Guarantees never to take a
// recycled process id for a server: the process must be a PostgreSQL that was started on this very folder.
import { execFile } from 'node:child_process';
import { readFile, realpath, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The server that a data folder's postmaster.pid names. */
export interface Postmaster {
  readonly pid: number;
  /** Loopback TCP port, 0 when the file was not yet complete. */
  readonly port: number;
  readonly ready: boolean;
}

/** The server that runs on this folder, or null when there is none (no file, or its process is gone). */
export async function findRunningPostmaster(clusterDir: string): Promise<Postmaster | null> {
  const text = await readFile(join(clusterDir, 'postmaster.pid'), 'utf8').catch(() => '');
  const lines = text.split('\n');
  const pid = Number(lines[0]);
  if (!Number.isSafeInteger(pid) || pid <= 1) return null;
  if (!(await isPostgresOn(pid, clusterDir))) return null;
  return { pid, port: Number(lines[3] ?? 0) || 0, ready: lines[7]?.trim() === 'ready' };
}

async function isPostgresOn(pid: number, clusterDir: string): Promise<boolean> {
  // A server always works inside its data folder; the kernel's link is exact where it exists.
  const workDir = await readlink(`/proc/${pid}/cwd`).catch(() => null);
  if (workDir !== null) return workDir === (await realpath(clusterDir).catch(() => clusterDir));
  const shown = await run('ps', ['-o', 'command=', '-p', String(pid)]).catch(() => null);
  return shown !== null && shown.stdout.includes('postgres') && shown.stdout.includes(clusterDir);
}
