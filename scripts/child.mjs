// Child processes of the scripts: a step that must succeed, and the product itself, which gets our signals once.
import { spawn } from 'node:child_process';
import { constants as osConstants } from 'node:os';
import { ROOT } from './project.mjs';

// A terminal's Ctrl-C reaches npm and this script; npm then forwards it as well. Both copies arrive within
// milliseconds; a person who presses again does so later and means it.
const REPEAT_MS = 500;

/** Runs a step with its output on our stderr. Resolves with its exit code (128 + signal number when killed). */
export function runStep(command, args, env = process.env) {
  const child = spawn(command, args, { cwd: ROOT, env, stdio: ['ignore', 2, 2] });
  return exitOf(child);
}

/** Runs a step and keeps its output. Resolves with `{code, output}`. */
export async function captureStep(command, args) {
  const child = spawn(command, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text));
  return { code: await exitOf(child), output };
}

/**
 * Runs the program and ends as it ends: same exit code, or the same signal. The program gets a process group of its own,
 * so that a signal to our group does not reach it twice: it hears each signal once, from us.
 */
export async function becomeProgram(command, args) {
  const child = spawn(command, args, { cwd: ROOT, stdio: 'inherit', detached: true });
  const lastSentMs = new Map();
  const forward = (signal) => {
    const nowMs = performance.now();
    if (nowMs - (lastSentMs.get(signal) ?? -Infinity) < REPEAT_MS) return;
    lastSentMs.set(signal, nowMs);
    child.kill(signal);
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'];
  for (const signal of signals) process.on(signal, forward);
  await ended(child);
  for (const signal of signals) process.removeListener(signal, forward);
  if (child.signalCode !== null) process.kill(process.pid, child.signalCode);
  else process.exit(child.exitCode ?? 1);
}

async function exitOf(child) {
  await ended(child);
  return child.exitCode ?? 128 + (osConstants.signals[child.signalCode] ?? 0);
}

function ended(child) {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
}
