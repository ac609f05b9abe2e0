// Waits for a program that says nothing when it is ready. Guarantees an end: listening, exited, or the deadline.
import type { ChildProcess } from 'node:child_process';
import { connect } from 'node:net';
import { stopProcess } from '../process/pinned.js';

const START_DEADLINE_MS = 10_000;
const LOOK_MS = 50;

/** Resolves once `port` of 127.0.0.1 takes connections; else ends the program and throws `complaint`. */
export async function untilListening(child: ChildProcess, port: number, complaint: string): Promise<void> {
  const until = performance.now() + START_DEADLINE_MS;
  while (!(await accepts(port))) {
    if (child.exitCode !== null || performance.now() > until) {
      await stopProcess(child);
      throw new Error(complaint);
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect({ host: '127.0.0.1', port });
    probe.once('connect', () => resolve(true)).once('error', () => resolve(false));
    probe.once('connect', () => probe.destroy());
  });
}
