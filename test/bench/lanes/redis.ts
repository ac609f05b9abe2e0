// A private Redis for a measurement, on the load's core: it never shares the core of what is measured with it.
import type { ChildProcess } from 'node:child_process';
import { freePort } from './free-port.js';
import { CORE, spawnPinned } from '../process/pinned.js';

/** Starts one that keeps nothing. Stop it with `stopProcess`. */
export async function startRedis(folder: string): Promise<{ child: ChildProcess; url: string }> {
  const port = await freePort();
  const child = spawnPinned({
    core: CORE.load,
    command: 'redis-server',
    args: ['--port', `${port}`, '--bind', '127.0.0.1', '--dir', folder, '--save', '', '--appendonly', 'no'],
    stdio: 'ignore',
  });
  return { child, url: `redis://127.0.0.1:${port}` };
}
