// A small checkout in a temporary folder with our real scripts, and with stand-ins for npm, the client generator, the
// compiler and the bundler that note when they run. What the bootstrap does can be seen in seconds, without a network.
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';

// Installs what the lockfile says by writing npm's own record of it, and the compiler with it.
const NPM = `#!/usr/bin/env node
import fs from 'node:fs';
fs.appendFileSync('steps.log', 'npm ' + process.argv.slice(2).join(' ') + '\\n');
console.log('noise of npm');
fs.mkdirSync('node_modules/@nestjs/cli/bin', { recursive: true });
fs.mkdirSync('node_modules/vite/bin', { recursive: true });
fs.copyFileSync('package-lock.json', 'node_modules/.package-lock.json');
fs.copyFileSync('compiler.js', 'node_modules/@nestjs/cli/bin/nest.js');
fs.copyFileSync('bundler.js', 'node_modules/vite/bin/vite.js');
`;
const COMPILER = `import fs from 'node:fs';
fs.appendFileSync('steps.log', 'compile\\n');
console.log('noise of the compiler');
const source = fs.readFileSync('apps/standalone/main.ts', 'utf8');
if (source.includes('wrong')) process.exit(1);
fs.rmSync('dist', { recursive: true, force: true });
fs.mkdirSync('dist/apps/standalone', { recursive: true });
fs.writeFileSync('dist/apps/standalone/main.js', source);
`;
const BUNDLER = `import fs from 'node:fs';
fs.appendFileSync('steps.log', 'bundle\\n');
fs.mkdirSync('dist/apps/dashboard', { recursive: true });
`;
const GENERATOR = `import { appendFileSync } from 'node:fs';
appendFileSync('steps.log', 'generate\\n');
`;

/** What a script did. */
export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The checkout and what can be done with it. */
export interface Checkout {
  write(path: string, text: string): void;
  /** Runs `node scripts/<script>` to its end. */
  run(script: string, ...args: string[]): Promise<Outcome>;
  /** Starts `node scripts/<script>` with its output piped. */
  start(script: string, ...args: string[]): ChildProcess;
  /** Starts the real `npm start` of our package.json. */
  npmStart(): ChildProcess;
  /** The steps since the last call: `npm ci ...`, `generate`, `compile`, `bundle`. */
  steps(): string[];
  remove(): void;
}

/** Makes a checkout as fresh as a clone, with a program that prints its arguments. */
export function freshCheckout(): Checkout {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'trunkline-checkout-')));
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  };
  cpSync(join(process.cwd(), 'scripts'), join(folder, 'scripts'), { recursive: true });
  write('scripts/generate.mjs', GENERATOR);
  write('bin/npm', NPM);
  chmodSync(join(folder, 'bin/npm'), 0o755);
  write('compiler.js', COMPILER);
  write('bundler.js', BUNDLER);
  cpSync(join(process.cwd(), 'package.json'), join(folder, 'package.json'));
  write('package-lock.json', JSON.stringify({ packages: { '': {}, 'node_modules/ws': { version: '8.0.0' } } }));
  write('prisma/schema/base.prisma', 'model Tenant {}');
  write('apps/standalone/main.ts', 'console.log(JSON.stringify(process.argv.slice(2)));');
  write('apps/dashboard/index.html', '<p>a page</p>');
  write('steps.log', '');
  const spawnHere = (command: string, args: readonly string[]) =>
    spawn(command, args, {
      cwd: folder,
      env: { ...process.env, PATH: `${join(folder, 'bin')}${delimiter}${process.env['PATH'] ?? ''}` },
      stdio: ['ignore', 'pipe', 'pipe'],
      // A process group of its own, like a command at a terminal.
      detached: true,
    });
  const start = (script: string, ...args: string[]) =>
    spawnHere(process.execPath, [join(folder, 'scripts', script), ...args]);
  return {
    write,
    start,
    npmStart: () =>
      spawnHere(execFileSync('/bin/sh', ['-c', 'command -v npm'], { encoding: 'utf8' }).trim(), ['start', '--silent']),
    run: (script, ...args) => outcomeOf(start(script, ...args)),
    steps: () => {
      const steps = readFileSync(join(folder, 'steps.log'), 'utf8').split('\n').filter(Boolean);
      write('steps.log', '');
      return steps;
    },
    remove: () => rmSync(folder, { recursive: true }),
  };
}

/** Waits for the end of a script and collects what it said. */
export function outcomeOf(child: ChildProcess): Promise<Outcome> {
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, stdout, stderr }));
  });
}
