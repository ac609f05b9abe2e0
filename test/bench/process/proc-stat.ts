// Reads Linux's /proc. Guarantees CPU time over all threads of a process, exited ones included, to 10 ms.
import { readdirSync, readFileSync } from 'node:fs';

/** USER_HZ: fixed at 100 for what /proc shows, on every Linux this runs on. */
const TICKS_PER_SECOND = 100;

/** CPU seconds (user + system) that a process has used; with `children`, also those of children it has reaped. */
export function cpuSeconds(pid: number, children = false): number {
  const fields = statFields(pid);
  // Fields 14 to 17 of proc(5), counted behind the command name: utime, stime, cutime, cstime.
  const ticks = fields.slice(11, children ? 15 : 13).reduce((sum, field) => sum + Number(field), 0);
  return ticks / TICKS_PER_SECOND;
}

/** CPU seconds that a core has been busy since boot, by anybody; waiting for disks is not busy, stolen time is. */
export function coreBusySeconds(core: number): number {
  const line = new RegExp(`^cpu${core} (.*)$`, 'm').exec(readFileSync('/proc/stat', 'utf8'));
  const ticks = (line?.[1] ?? '').split(' ').map(Number);
  // proc(5): user, nice, system, idle, iowait, irq, softirq, steal.
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = ticks;
  return (user + nice + system + irq + softirq + steal) / TICKS_PER_SECOND;
}

/** Resident memory in KiB. */
export function rssKiB(pid: number): number {
  const line = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(line?.[1] ?? 0);
}

/** All living descendants of a process. */
export function descendants(pid: number): number[] {
  const parents = new Map<number, number>();
  for (const entry of readdirSync('/proc')) {
    const id = Number(entry);
    if (!Number.isInteger(id)) continue;
    const parent = parentOf(id);
    if (parent !== null) parents.set(id, parent);
  }
  const found: number[] = [];
  const queue = [pid];
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    for (const [child, parent] of parents) if (parent === next) queue.push(child);
    if (next !== pid) found.push(next);
  }
  return found;
}

function parentOf(pid: number): number | null {
  try {
    return Number(statFields(pid)[1]);
  } catch {
    return null; // The process ended between the listing and the read.
  }
}

/** The fields behind `pid (command)`; a command may hold blanks and brackets, so split at its last bracket. */
function statFields(pid: number): string[] {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return text.slice(text.lastIndexOf(')') + 2).split(' ');
}
