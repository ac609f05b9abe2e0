// Who a process is, beyond its number: numbers are reused, and in containers every process is number 1 or 7. The kernel's
// start time, boot and pid namespace make it one process of one machine. Linux tells by /proc; elsewhere only the
// number is left, and a reused one then looks alive (an error that a person can clear, never two owners).
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { errorCode } from './files.js';

/** A process, as written down for others to check on. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks after boot at which it started; null where the system does not tell. */
  readonly startTicks: string | null;
  /** Where the pid means something: this boot of this machine and this pid namespace. */
  readonly place: string;
  /** For people. */
  readonly host: string;
}

/** How the spool tells processes apart; a port so that tests can be several of them. */
export interface Processes {
  /** This process. */
  own(): ProcessIdentity;
  /** Whether that process lives; `unknown` when it belongs to another machine or container and cannot be asked. */
  livenessOf(other: ProcessIdentity): 'alive' | 'dead' | 'unknown';
}

/** The machine's processes. */
export const systemProcesses: Processes = { own: ownIdentity, livenessOf };

function ownIdentity(): ProcessIdentity {
  return { pid: process.pid, startTicks: startTicks(process.pid), place: ownPlace(), host: hostname() };
}

function livenessOf(other: ProcessIdentity): 'alive' | 'dead' | 'unknown' {
  if (other.place !== ownPlace()) return 'unknown';
  if (other.startTicks !== null) return startTicks(other.pid) === other.startTicks ? 'alive' : 'dead';
  return answersSignal(other.pid) ? 'alive' : 'dead';
}

function ownPlace(): string {
  try {
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}/${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return hostname(); // No /proc: one machine is the best we know.
  }
}

// Field 22 of /proc/<pid>/stat, behind the name in brackets (which may hold anything). A zombie (state Z) holds nothing.
function startTicks(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? null : (fields[19] ?? null);
  } catch {
    return null;
  }
}

function answersSignal(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) === 'EPERM';
  }
}
