// Tells one process from a later one that got the same number. A process id alone cannot: ids are reused, and every
// container starts at 1. So the identity adds when the process started, which boot of the machine, and which id space.
import { execFile } from 'node:child_process';
import { readFile, readlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import { promisify } from 'node:util';
import { z } from 'zod';

const run = promisify(execFile);

/** What is written down about a process. Fields are null where the system does not tell. */
export const ProcessIdentity = z.object({
  pid: z.int().positive(),
  /** Changes when the id is reused; comparable only on one machine and boot. */
  startedAs: z.string().nullable(),
  bootId: z.string().nullable(),
  pidSpace: z.string().nullable(),
  hostname: z.string(),
});
export type ProcessIdentity = z.infer<typeof ProcessIdentity>;

/** This process. */
export async function identifySelf(): Promise<ProcessIdentity> {
  const [startedAs, bootId, pidSpace] = await Promise.all([
    startOf(process.pid),
    readFile('/proc/sys/kernel/random/boot_id', 'utf8').then(
      (text) => text.trim(),
      () => null,
    ),
    readlink('/proc/self/ns/pid').catch(() => null),
  ]);
  return { pid: process.pid, startedAs, bootId, pidSpace, hostname: hostname() };
}

/** Whether that process still runs: `unknown` when it belongs to another machine or container. */
export async function isAlive(other: ProcessIdentity, self: ProcessIdentity): Promise<'yes' | 'no' | 'unknown'> {
  const sameHost = other.hostname === self.hostname;
  if (other.bootId !== self.bootId) return sameHost ? 'no' : 'unknown'; // The same machine, restarted since.
  const sameIds = other.pidSpace === self.pidSpace && (self.bootId !== null || sameHost);
  if (!sameIds) return 'unknown';
  const startedAs = await startOf(other.pid);
  return startedAs !== null && startedAs === other.startedAs ? 'yes' : 'no';
}

// Linux: field 22 of stat, clock ticks from boot to start; the name before it may hold spaces and parentheses.
async function startOf(pid: number): Promise<string | null> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
  if (stat !== null) return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  const shown = await run('ps', ['-o', 'lstart=', '-p', String(pid)]).catch(() => null);
  const started = shown?.stdout.trim() ?? '';
  return started === '' ? null : started;
}
