// The embedded database of one data folder, kept running. Guarantees: its address stays the same while it lives; a
// server that dies is reported and started again, later and later; `stop()` ends it in order and within its deadline.
// The caller holds the data folder's lock, so nobody else runs a server there.
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import pg from 'pg';
import { findPostgresBinaries } from './binaries.js';
import { CLUSTER_USER } from './cluster.js';
import { findRunningPostmaster } from './postmaster-pid.js';
import { reachableBinaries } from './reachable-binaries.js';
import { assertReachable, chooseRunAs } from './run-as.js';
import { startCluster, type ClusterStartOptions } from './start-cluster.js';
import type { PostgresServer, ServerExit } from './server.js';

const RESTART_MIN_MS = 250;
const RESTART_MAX_MS = 10_000;
// A server that ran this long did not die of what killed the one before.
const STABLE_MS = 60_000;

/** What happens to the server; for the log and the readiness check. */
export type PostgresEvent =
  | { readonly kind: 'initialised'; readonly clusterDir: string }
  | { readonly kind: 'orphan_stopped'; readonly pid: number }
  | { readonly kind: 'started'; readonly port: number; readonly pid: number; readonly tookMs: number }
  | { readonly kind: 'crashed'; readonly exit: ServerExit; readonly restartInMs: number }
  | { readonly kind: 'restart_failed'; readonly reason: string; readonly restartInMs: number }
  | { readonly kind: 'stopped' };

/** How to run it. */
export interface EmbeddedPostgresOptions {
  /** The folder that belongs to it, `postgresDir` of the data folder. */
  readonly dir: string;
  /** Password of its only user, kept in the data folder's secrets (`secretFile`). */
  readonly password: string;
  /** Loopback port; 0 picks one and keeps it over restarts. Default 0. */
  readonly port?: number;
  /** Default `trunkline`; made when missing. */
  readonly database?: string;
  /** Server settings by name. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly onEvent?: (event: PostgresEvent) => void;
}

/** A running embedded database. */
export interface EmbeddedPostgres {
  /** With the password: for connecting only. */
  readonly url: string;
  readonly port: number;
  /** False while a crashed server is being replaced. */
  isRunning(): boolean;
  /** Process id of the server that runs now. */
  pid(): number;
  /** Fast shutdown; killed after `deadlineMs` (default 20 s). Safe to call twice. */
  stop(deadlineMs?: number): Promise<void>;
}

/**
 * Starts the embedded database, making it on first use.
 * @throws PostgresBinariesMissing, RunAsRefused, ClusterRefused, ServerStartFailed: each message says what to do.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const report = options.onEvent ?? (() => undefined);
  const start = await prepare(options);
  const startedMs = performance.now();
  const { server, initialised, orphanPid } = await startCluster(start);
  if (orphanPid !== null) report({ kind: 'orphan_stopped', pid: orphanPid });
  if (initialised) report({ kind: 'initialised', clusterDir: start.clusterDir });
  const database = options.database ?? 'trunkline';
  await ensureDatabase(urlOf(server.port, options.password, 'postgres'), database).catch(async (error: unknown) => {
    await server.stop(5_000);
    throw error;
  });
  report({ kind: 'started', port: server.port, pid: server.pid, tookMs: Math.round(performance.now() - startedMs) });
  const supervisor = new Supervisor({ ...start, port: server.port }, server, report);
  return {
    url: urlOf(server.port, options.password, database),
    port: server.port,
    isRunning: () => supervisor.isRunning(),
    pid: () => supervisor.pid(),
    stop: (deadlineMs = 20_000) => supervisor.stop(deadlineMs),
  };
}

/**
 * The address of the embedded database that another process runs in this folder, or null when none runs.
 * For the command line, which works beside a running Trunkline.
 */
export async function findEmbeddedPostgres(
  dir: string,
  password: string,
  database = 'trunkline',
): Promise<string | null> {
  const running = await findRunningPostmaster(join(dir, 'cluster'));
  return running === null || running.port === 0 ? null : urlOf(running.port, password, database);
}

async function prepare(options: EmbeddedPostgresOptions): Promise<ClusterStartOptions> {
  const dir = resolve(options.dir);
  const clusterDir = join(dir, 'cluster');
  const runAs = await chooseRunAs(clusterDir);
  await mkdir(dir, { recursive: true, mode: runAs === null ? 0o700 : 0o711 });
  if (runAs !== null) await assertReachable(clusterDir, runAs);
  return {
    clusterDir,
    runAs,
    binaries: await reachableBinaries(await findPostgresBinaries(), runAs, dir),
    password: options.password,
    port: options.port ?? 0,
    portFile: join(dir, 'port'),
    settings: options.settings ?? {},
  };
}

class Supervisor {
  private running = true;
  private readonly stopping = new AbortController();
  private readonly watching: Promise<void>;
  private stopped: Promise<void> | null = null;

  constructor(
    private readonly options: ClusterStartOptions,
    private server: PostgresServer,
    private readonly report: (event: PostgresEvent) => void,
  ) {
    this.watching = this.watch();
  }

  isRunning(): boolean {
    return this.running;
  }

  pid(): number {
    return this.server.pid;
  }

  stop(deadlineMs: number): Promise<void> {
    this.stopped ??= this.stopNow(deadlineMs);
    return this.stopped;
  }

  private async stopNow(deadlineMs: number): Promise<void> {
    this.stopping.abort();
    await this.server.stop(deadlineMs);
    await this.watching;
    // A restart that was under way when we were asked to stop has put another server in place.
    await this.server.stop(deadlineMs);
    this.running = false;
    this.report({ kind: 'stopped' });
  }

  private async watch(): Promise<void> {
    let restartInMs = RESTART_MIN_MS;
    for (;;) {
      const startedMs = performance.now();
      const exit = await this.server.exited;
      if (this.stopping.signal.aborted) return;
      this.running = false;
      if (performance.now() - startedMs > STABLE_MS) restartInMs = RESTART_MIN_MS;
      this.report({ kind: 'crashed', exit, restartInMs });
      restartInMs = await this.restart(restartInMs);
      // Whoever stops waits for this loop before he ends a server that was being started.
      if (this.stopping.signal.aborted) return;
    }
  }

  // Never gives up: the gateway keeps its usage in the spool meanwhile, and readiness shows the state.
  private async restart(firstInMs: number): Promise<number> {
    for (let inMs = firstInMs; ; inMs = longer(inMs)) {
      await wait(inMs, undefined, { signal: this.stopping.signal }).catch(() => undefined);
      if (this.stopping.signal.aborted || (await this.startAgain(longer(inMs)))) return longer(inMs);
    }
  }

  private async startAgain(restartInMs: number): Promise<boolean> {
    const startedMs = performance.now();
    try {
      const { server } = await startCluster(this.options);
      this.server = server;
      this.running = true;
      this.report({
        kind: 'started',
        port: server.port,
        pid: server.pid,
        tookMs: Math.round(performance.now() - startedMs),
      });
      return true;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.report({ kind: 'restart_failed', reason, restartInMs });
      return false;
    }
  }
}

function longer(ms: number): number {
  return Math.min(ms * 2, RESTART_MAX_MS);
}

async function ensureDatabase(url: string, database: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rowCount } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [database]);
    if (rowCount === 0) await client.query(`CREATE DATABASE ${pg.escapeIdentifier(database)}`);
  } finally {
    await client.end();
  }
}

function urlOf(port: number, password: string, database: string): string {
  return `postgresql://${CLUSTER_USER}:${encodeURIComponent(password)}@127.0.0.1:${port}/${encodeURIComponent(database)}`;
}
