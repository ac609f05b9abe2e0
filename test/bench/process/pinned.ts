// Starts and stops processes on one core. Guarantees that what was started is stopped by its own pid, first kindly.
// Node cannot pin threads itself, so `taskset` (util-linux) runs in front and replaces itself with the command.
import { type ChildProcess, execFile, spawn, type StdioOptions } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { setPriority } from 'node:os';
import { promisify } from 'node:util';

const run = promisify(execFile);
const STOP_DEADLINE_MS = 20_000;

const AUTOGROUP = '/proc/self/autogroup';

/** The two sides of a measurement: the proxy has one core to itself, everything else shares the other. */
export const CORE = { proxy: 0, load: 1 } as const;

/** What to start, where. */
export interface PinnedCommand {
  core: number;
  command: string;
  args: readonly string[];
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  stdio: StdioOptions;
}

/** Spawns a command pinned to a core. The pid is the command's own. */
export function spawnPinned({ core, command, args, env, cwd, stdio }: PinnedCommand): ChildProcess {
  return spawn('taskset', ['-c', String(core), command, ...args], {
    stdio,
    env: { ...process.env, ...env },
    ...(cwd === undefined ? {} : { cwd }),
  });
}

/**
 * Starts one of the benchmark's own scripts with an IPC channel and waits until it serves calls.
 * @param nodeArgs flags for Node itself.
 */
export async function forkPinned(
  core: number,
  script: string,
  nodeArgs: readonly string[],
  args: readonly string[],
): Promise<ChildProcess> {
  const child = spawnPinned({
    core,
    command: process.execPath,
    args: [...nodeArgs, script, ...args],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  await new Promise<void>((resolve, reject) => {
    child.once('message', () => resolve());
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`${script} exited with ${code} before it was ready`)));
  });
  return child;
}

/** Moves a running process with all its threads to a core; its future children follow. */
export async function repin(pid: number, core: number): Promise<void> {
  await run('taskset', ['-apc', String(core), String(pid)]);
}

/**
 * Sets the priority of this process and of all it will start. Linux weighs whole login sessions against each other
 * before it looks at nice values (autogroups), so the session's weight is set as well where there is one.
 */
export function setOwnPriority(nice: number): void {
  setPriority(nice);
  if (existsSync(AUTOGROUP)) writeFileSync(AUTOGROUP, String(nice));
}

/** Ends a process: SIGTERM, then SIGKILL at the deadline. */
export async function stopProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_DEADLINE_MS);
  await exited;
  clearTimeout(timer);
}
