// Starting a program of the product for a lane and reading the line it prints when it is ready.
import type { ChildProcess } from 'node:child_process';
import { openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { z } from 'zod';
import { spawnPinned, stopProcess } from '../process/pinned.js';
import { GC_ON_SIGNAL } from './lane.js';

const READY_DEADLINE_MS = 90_000;
/** Any free port for every listener of ours. */
export const ANY_PORT = ['--http-port', '0', '--https-port', '0', '--admin-port', '0', '--metrics-port', '0'];

/** What to start. */
export interface ProductProgram<Ready> {
  readonly name: string;
  readonly main: string;
  readonly core: number;
  /** For Node itself. */
  readonly nodeArgs?: readonly string[];
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** For logs; exists. */
  readonly folder: string;
  readonly ready: z.ZodType<Ready>;
}

/** A program that is up. */
export interface RunningProgram<Ready> {
  readonly child: ChildProcess;
  readonly ready: Ready;
}

/** Starts a program and waits for its ready line; ends it when that does not come. */
export async function startProgram<Ready>(program: ProductProgram<Ready>): Promise<RunningProgram<Ready>> {
  const { name, main, core, nodeArgs = [], args, env, folder } = program;
  const child = spawnPinned({
    core,
    command: process.execPath,
    args: [...GC_ON_SIGNAL, ...nodeArgs, main, '--json', ...args],
    env,
    stdio: ['ignore', 'pipe', openSync(join(folder, `${name}.stderr.log`), 'a')],
  });
  try {
    return { child, ready: await readyLine(child, program) };
  } catch (error) {
    await stopProcess(child);
    throw error;
  }
}

/** Waits for the line and keeps the rest of the output, so that a full pipe never stops the program. */
function readyLine<Ready>(child: ChildProcess, { name, folder, ready: shape }: ProductProgram<Ready>): Promise<Ready> {
  return new Promise((resolve, reject) => {
    const logPath = join(folder, `${name}.stdout.log`);
    const log = openSync(logPath, 'a');
    const fail = (why: string): void => {
      clearTimeout(deadline);
      reject(new Error(`${name} ${why}. It said: ${tail(join(folder, `${name}.stderr.log`))}${tail(logPath)}`));
    };
    const deadline = setTimeout(() => fail(`was not ready after ${READY_DEADLINE_MS} ms`), READY_DEADLINE_MS);
    child.once('error', reject);
    child.once('exit', (code) => fail(`exited with ${code} before it was ready`));
    if (!child.stdout) return;
    createInterface({ input: child.stdout }).on('line', (line) => {
      writeSync(log, `${line}\n`);
      if (!line.includes('Url"')) return;
      const ready = shape.safeParse(JSON.parse(line));
      if (!ready.success) return;
      clearTimeout(deadline);
      resolve(ready.data);
    });
  });
}

/** The end of a log, enough to hold the sentence that says what to do. */
function tail(path: string): string {
  return readFileSync(path, 'utf8').slice(-600);
}
