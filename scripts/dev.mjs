// `npm run dev`: compiles on every save and restarts the standalone product when the code compiles. Flags go through:
// `npm run dev -- --json`. Not `nest start --watch`: it puts a shell between us and the program, which ends at a signal
// and leaves the program behind.
import './require-node.mjs';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { bootstrap } from './bootstrap.mjs';
import { ROOT, say } from './project.mjs';

const COMPILED = /Found 0 errors/;
// What a drain may take before a restart stops waiting for it.
const STOP_MAX_MS = 15_000;

await bootstrap({ build: false });
const compiler = spawn(
  process.execPath,
  ['node_modules/@nestjs/cli/bin/nest.js', 'build', '--watch', '--watchAssets', '--preserveWatchOutput'],
  {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 2],
    detached: true,
  },
);
let program = null;
let stopping = false;
// Restarts queue up behind each other, so that two quick saves never run two programs.
let turn = Promise.resolve();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => void finish());
compiler.once('exit', () => void finish());
for await (const line of createInterface(compiler.stdout)) {
  process.stderr.write(`${line}\n`);
  if (COMPILED.test(line) && !stopping) turn = turn.then(restart);
}

async function restart() {
  await stopProgram();
  if (stopping) return;
  say('starting');
  program = spawn(
    process.execPath,
    ['--enable-source-maps', join(ROOT, 'dist/apps/standalone/main.js'), ...process.argv.slice(2)],
    {
      cwd: ROOT,
      stdio: 'inherit',
      detached: true,
    },
  );
}

async function stopProgram() {
  if (program === null || program.exitCode !== null || program.signalCode !== null) return;
  const ended = once(program, 'exit');
  const deadline = setTimeout(() => program.kill('SIGKILL'), STOP_MAX_MS);
  program.kill('SIGTERM');
  await ended;
  clearTimeout(deadline);
}

async function finish() {
  if (stopping) return;
  stopping = true;
  compiler.kill('SIGTERM');
  await turn;
  await stopProgram();
  process.exit(program?.exitCode ?? 0);
}
