// The real product as a process of its own: `standalone` from the build, on free ports and a data folder of its own.
// What it writes to standard error is kept, so that a failing test can say what the gateway said.
import { spawn, type ChildProcess } from 'node:child_process';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const START_MS_MAX = 60_000;
const STOP_MS_MAX = 40_000;
const OUTPUT_CHARS_MAX = 100_000;

const gatewayReady = z.object({
  httpUrl: z.string(),
  httpsUrl: z.string(),
  caFile: z.string(),
  metricsUrl: z.string(),
  upstreamUrl: z.string(),
});
const ready = gatewayReady.extend({
  adminUrl: z.string(),
  simulator: z.boolean(),
  tenantId: z.string(),
  apiKey: z.string(),
});

const workerReady = z.object({ metricsUrl: z.string() });
const adminApiReady = z.object({ adminUrl: z.string() });

/** What `npm start -- --json` prints when it is ready. */
export type Ready = z.infer<typeof ready>;
/** What a gateway of its own prints. */
export type GatewayReady = z.infer<typeof gatewayReady>;
/** What a worker of its own prints. */
export type WorkerReady = z.infer<typeof workerReady>;
/** What a control plane of its own prints. */
export type AdminApiReady = z.infer<typeof adminApiReady>;

/** How the process ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stderr: string;
}

/** A running program; the whole product unless said otherwise. */
export interface Product<R = Ready> {
  readonly ready: R;
  readonly dataDir: string;
  readonly pid: number;
  readonly exited: Promise<Exit>;
  /** All it has written to standard error so far. */
  stderr(): string;
  /** SIGTERM and wait for the drain; the data folder stays. */
  stop(): Promise<Exit>;
  /** SIGKILL and wait. The embedded PostgreSQL stays behind, as after a real crash. */
  kill(): Promise<Exit>;
}

export interface ProductOptions {
  /** Reused across restarts; made (and to be removed with `removeDataDir`) by `makeDataDir`. */
  readonly dataDir: string;
  /** Further flags, e.g. `--seed-caps`, `5`. */
  readonly flags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** A data folder that an unprivileged database process can reach. */
export async function makeDataDir(): Promise<string> {
  const dataDir = await mkdtemp(join(tmpdir(), 'trunkline-e2e-'));
  // The embedded database of a root process runs as another user, who must be able to walk through.
  await chmod(dataDir, 0o711);
  return dataDir;
}

/** Removes a data folder. Stop the product first. */
export async function removeDataDir(dataDir: string): Promise<void> {
  await rm(dataDir, { recursive: true, force: true, maxRetries: 5 });
}

/** Starts the product and waits until it is ready; rejects with its own words when it exits instead. */
export function startProduct(options: ProductOptions): Promise<Product> {
  return start('standalone', ready, options);
}

/** Starts a gateway of its own, beside a product that owns the database. */
export function startGateway(options: ProductOptions): Promise<Product<GatewayReady>> {
  return start('gateway', gatewayReady, options);
}

/** Starts a control plane of its own, beside a product that owns the database. */
export function startAdminApi(options: ProductOptions): Promise<Product<AdminApiReady>> {
  return start('api', adminApiReady, options);
}

/** Starts a worker of its own, beside gateways that share its database. */
export function startOwnWorker(options: ProductOptions): Promise<Product<WorkerReady>> {
  return start('worker', workerReady, options);
}

async function start<R>(app: string, shape: z.ZodType<R>, options: ProductOptions): Promise<Product<R>> {
  const flags = ['--http-port', '0', '--https-port', '0', '--admin-port', '0', '--metrics-port', '0'];
  const child = spawn(
    process.execPath,
    [
      join(ROOT, `dist/apps/${app}/main.js`),
      '--json',
      '--data-dir',
      options.dataDir,
      ...flags,
      ...(options.flags ?? []),
    ],
    { cwd: ROOT, env: { ...process.env, ...options.env }, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const output = collect(child);
  const exited = new Promise<Exit>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal, stderr: output() }));
  });
  const line = await firstLine(child, exited);
  const end = async (signal: NodeJS.Signals): Promise<Exit> => {
    child.kill(signal);
    return withDeadline(exited, STOP_MS_MAX, () => `did not exit after ${signal}:\n${output()}`);
  };
  return {
    ready: shape.parse(JSON.parse(line)),
    dataDir: options.dataDir,
    pid: child.pid ?? 0,
    exited,
    stderr: output,
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
  };
}

/** Runs a compiled command-line program to its end, e.g. `apps/cli` with `costs --json`. */
export async function runProgram(
  app: 'cli' | 'talk' | 'standalone' | 'gateway',
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }> {
  const child = spawn(process.execPath, [join(ROOT, `dist/apps/${app}/main.js`), ...args], {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  const stderr = collect(child);
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, stdout, stderr: stderr() };
}

function collect(child: ChildProcess): () => string {
  let text = '';
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => (text = (text + chunk).slice(-OUTPUT_CHARS_MAX)));
  return () => text;
}

async function firstLine(child: ChildProcess, exited: Promise<Exit>): Promise<string> {
  const { stdout } = child;
  if (!stdout) throw new Error('the child has no standard output');
  const line = new Promise<string>((resolve) => createInterface({ input: stdout }).once('line', resolve));
  const failed = exited.then((exit) => {
    throw new Error(`the product exited with ${exit.code ?? exit.signal} before it was ready:\n${exit.stderr}`);
  });
  return withDeadline(Promise.race([line, failed]), START_MS_MAX, () => 'the product was not ready in time');
}

async function withDeadline<T>(work: Promise<T>, deadlineMs: number, what: () => string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(what())), deadlineMs);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}
