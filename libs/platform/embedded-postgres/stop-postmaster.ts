// Stops a server that is not our child: one whose parent died (kill -9) and left it running. Guarantees that the folder
// is free when it returns.
import { setTimeout as wait } from 'node:timers/promises';
import { findRunningPostmaster } from './postmaster-pid.js';
import { errorCodeOf } from '../error-code/index.js';

const FAST_MS = 20_000;
const KILL_MS = 5_000;
const POLL_MS = 20;

/**
 * Stops whatever server runs on the folder: fast shutdown first, killed when that takes longer than 20 s.
 * @returns the process id that was stopped, or null when none ran.
 * @throws Error when it cannot be signalled or does not end.
 */
export async function stopPostmasterOn(clusterDir: string): Promise<number | null> {
  const found = await findRunningPostmaster(clusterDir);
  if (found === null) return null;
  signal(found.pid, 'SIGINT');
  if (await isGone(clusterDir, FAST_MS)) return found.pid;
  signal(found.pid, 'SIGKILL');
  if (await isGone(clusterDir, KILL_MS)) return found.pid;
  throw new Error(
    `PostgreSQL (process ${found.pid}) on ${clusterDir} does not end. Stop it with: kill -9 ${found.pid}`,
  );
}

function signal(pid: number, name: 'SIGINT' | 'SIGKILL'): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if (errorCodeOf(error) === 'ESRCH') return;
    throw new Error(
      `PostgreSQL (process ${pid}) belongs to another user. Stop it as that user, or use another folder.`,
      {
        cause: error,
      },
    );
  }
}

async function isGone(clusterDir: string, withinMs: number): Promise<boolean> {
  const deadline = performance.now() + withinMs;
  while (performance.now() < deadline) {
    if ((await findRunningPostmaster(clusterDir)) === null) return true;
    await wait(POLL_MS);
  }
  return false;
}
