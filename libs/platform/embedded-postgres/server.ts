// One PostgreSQL server process: spawned, waited for until it answers, stopped with a deadline. Guarantees that a
// failed start leaves no process behind and says what the server said. Restarts, orphans and ports are for the
// supervisor.
import { spawn, type ChildProcess } from 'node:child_process';
import { setTimeout as wait } from 'node:timers/promises';
import pg from 'pg';
import { CLUSTER_USER, type ClusterOptions } from './cluster.js';
import { isPortTaken } from './free-port.js';
import { findRunningPostmaster } from './postmaster-pid.js';

// Recovery after a crash may replay much; the server says "starting up" all the while.
const START_DEADLINE_MS = 120_000;
const POLL_MS = 25;
const LOG_LINES_MAX = 40;

/** How to start one server. */
export interface ServerOptions extends ClusterOptions {
  readonly port: number;
  /** Server settings by name, such as `max_connections`. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** A server that answers. */
export interface PostgresServer {
  readonly pid: number;
  readonly port: number;
  /** Resolves when the process ends, whatever the reason. */
  readonly exited: Promise<ServerExit>;
  /** Fast shutdown: open transactions are rolled back, data is written. Killed after `deadlineMs`. Safe to call twice. */
  stop(deadlineMs: number): Promise<void>;
}

/** How a server process ended. */
export interface ServerExit {
  readonly code: number | null;
  readonly signal: string | null;
  /** The last lines it wrote. */
  readonly log: string;
}

/** The server did not start. */
export class ServerStartFailed extends Error {
  override readonly name = 'ServerStartFailed';
  constructor(
    message: string,
    readonly reason: 'port_taken' | 'folder_in_use' | 'other',
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/**
 * Starts the server and waits until it answers a query.
 * @throws ServerStartFailed with what the server wrote.
 */
export async function startServer(options: ServerOptions): Promise<PostgresServer> {
  const child = spawnServer(options);
  const log = collectLog(child);
  const exited = new Promise<ServerExit>((resolve) => {
    child.once('error', (error) => resolve({ code: null, signal: null, log: error.message }));
    // 'close' and not 'exit': by then everything it wrote has been read.
    child.once('close', (code, signal) => resolve({ code, signal, log: log() }));
  });
  const failed = await Promise.race([exited, untilAnswers(options, exited)]);
  if (failed !== null || child.pid === undefined) {
    child.kill('SIGKILL');
    throw await startFailure(failed?.log ?? 'it did not answer in time', options);
  }
  return { pid: child.pid, port: options.port, exited, stop: (deadlineMs) => stopServer(child, exited, deadlineMs) };
}

function spawnServer({ binaries, clusterDir, port, runAs, settings }: ServerOptions): ChildProcess {
  const all = {
    listen_addresses: '127.0.0.1',
    port: String(port),
    unix_socket_directories: '',
    log_min_messages: 'warning',
    ...settings,
  };
  return spawn(binaries.postgres, ['-D', clusterDir, ...Object.entries(all).flatMap(([k, v]) => ['-c', `${k}=${v}`])], {
    cwd: '/',
    stdio: ['ignore', 'ignore', 'pipe'],
    // Its own session: Ctrl-C in a terminal reaches every process of the group, and a database that shuts down before
    // the journal has drained would lose the orderly end.
    detached: true,
    ...(runAs === null ? {} : { uid: runAs.uid, gid: runAs.gid }),
  });
}

function collectLog(child: ChildProcess): () => string {
  const lines: string[] = [];
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    lines.push(...text.split('\n').filter((line) => line !== ''));
    lines.splice(0, Math.max(0, lines.length - LOG_LINES_MAX));
  });
  return () => lines.join('\n');
}

async function untilAnswers(options: ServerOptions, exited: Promise<ServerExit>): Promise<ServerExit | null> {
  const deadline = performance.now() + START_DEADLINE_MS;
  const running = { yes: true };
  void exited.then(() => (running.yes = false));
  while (running.yes && performance.now() < deadline) {
    if (await answers(options)) return null;
    await wait(POLL_MS);
  }
  return running.yes ? { code: null, signal: null, log: 'it did not answer within two minutes' } : exited;
}

// The folder is compared, too: where two servers race for a port, the one that answers may be somebody else's.
async function answers({ port, password, clusterDir }: ServerOptions): Promise<boolean> {
  const client = new pg.Client({
    host: '127.0.0.1',
    port,
    user: CLUSTER_USER,
    password,
    database: 'postgres',
    connectionTimeoutMillis: 2_000,
  });
  client.on('error', () => undefined); // A server that dies under us is reported by the failed query.
  try {
    await client.connect();
    const { rows } = await client.query<{ dir: string }>(`SELECT current_setting('data_directory') AS dir`);
    return rows[0]?.dir === clusterDir;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function stopServer(child: ChildProcess, exited: Promise<ServerExit>, deadlineMs: number): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGINT'); // PostgreSQL's "fast" shutdown; SIGTERM would wait for every client to leave.
  const timer = setTimeout(() => child.kill('SIGKILL'), deadlineMs);
  await exited;
  clearTimeout(timer);
}

// The server exits with the same code for every reason, so the reason is looked up and not read out of its words.
async function startFailure(log: string, options: ServerOptions): Promise<ServerStartFailed> {
  const said = `\nPostgreSQL said:\n${log}`;
  if ((await findRunningPostmaster(options.clusterDir)) !== null)
    return new ServerStartFailed(`Another PostgreSQL runs on ${options.clusterDir}.${said}`, 'folder_in_use');
  if (await isPortTaken(options.port))
    return new ServerStartFailed(`Port ${options.port} on 127.0.0.1 is taken by another program.${said}`, 'port_taken');
  return new ServerStartFailed(`The embedded database in ${options.clusterDir} did not start.${said}`, 'other');
}
