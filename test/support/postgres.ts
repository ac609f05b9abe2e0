// A private PostgreSQL for a test file, already migrated. The first caller on a machine initialises a data folder, runs
// the migrations and keeps it as a template in the temporary folder (named by their content); everyone else copies it
// and starts a server in about half a second. Nothing is shared between test files; nothing outlives `stop()`, and what
// a killed test run left behind is cleaned up by the next one.
import { createHash, randomBytes } from 'node:crypto';
import { cp, mkdir, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { migrate, openDatabase, type Database } from '@trunkline/platform/database';
import * as embedded from '@trunkline/platform/embedded-postgres';
import pg from 'pg';

const MIGRATIONS_DIR = fileURLToPath(new URL('../../prisma/migrations', import.meta.url));
// A throw-away server on loopback, with nothing but test data in it.
const PASSWORD = 'test-only';
const TEMPLATE = 'trunkline_template';
const PREFIX = 'trunkline-test-pg-';
const STOP_MS = 5_000;
const TEMPLATE_AGE_MAX_MS = 24 * 3_600_000;
// Outliving a power cut costs time, and a test database is deleted anyway; what was committed must outlive `crash()`.
const SETTINGS = { fsync: 'off', full_page_writes: 'off', shared_buffers: '32MB' };

/** A running private server with one migrated database. */
export interface TestPostgres {
  /** Address of the migrated database; user is superuser. */
  readonly url: string;
  /** The same database, opened. */
  readonly db: Database;
  /** A further migrated (`empty: false`) or empty database on the same server. */
  createDatabase(options?: { readonly empty?: boolean }): Promise<string>;
  /** Kills the server as a crash would; `restart()` brings it back on the same port with the same data. */
  crash(): Promise<void>;
  restart(): Promise<void>;
  /** Closes `db`, stops the server and deletes its folder. */
  stop(): Promise<void>;
}

/** Starts a private server. Call it in `beforeAll` (allow 30 s: the very first call initialises the template). */
export async function startTestPostgres(): Promise<TestPostgres> {
  const binaries = await embedded.findPostgresBinaries();
  const runAs = await embedded.chooseRunAs(join(tmpdir(), 'none'));
  const cluster = { binaries, runAs, password: PASSWORD };
  await removeLeftOvers();
  const templateDir = await ensureTemplate(cluster);
  const homeDir = await makeHome();
  const clusterDir = join(homeDir, 'pg');
  await cp(templateDir, clusterDir, { recursive: true });
  if (runAs !== null) await embedded.handOver(clusterDir, runAs);

  let server = await startOnFreePort({ ...cluster, clusterDir });
  const { port } = server;
  const createDatabase = async ({ empty = false } = {}): Promise<string> => {
    const name = `test_${randomBytes(6).toString('hex')}`;
    await query(urlOf(port, 'postgres'), `CREATE DATABASE ${name} TEMPLATE ${empty ? 'template0' : TEMPLATE}`);
    return urlOf(port, name);
  };
  const url = await createDatabase();
  const db = openDatabase(url, { poolMax: 5 });
  return {
    url,
    db,
    createDatabase,
    async crash() {
      process.kill(server.pid, 'SIGKILL');
      await server.exited;
    },
    async restart() {
      server = await embedded.startServer({ ...cluster, clusterDir, port, settings: SETTINGS });
    },
    async stop() {
      await db.$disconnect();
      await server.stop(STOP_MS);
      await rm(homeDir, { recursive: true, force: true });
    },
  };
}

type Cluster = Omit<embedded.ClusterOptions, 'clusterDir'>;

async function startOnFreePort(cluster: embedded.ClusterOptions): Promise<embedded.PostgresServer> {
  for (let attempt = 1; ; attempt++) {
    try {
      const port = await embedded.findFreePort();
      return await embedded.startServer({ ...cluster, port, settings: SETTINGS });
    } catch (error) {
      const retry = error instanceof embedded.ServerStartFailed && error.reason === 'port_taken' && attempt < 5;
      if (!retry) throw error;
    }
  }
}

// Two test workers may build the same template at once: each builds its own, the first to rename wins.
async function ensureTemplate(cluster: Cluster): Promise<string> {
  const templateDir = join(tmpdir(), `${PREFIX}template-${cluster.binaries.major}-${await fingerprint()}`);
  if (await isCluster(templateDir)) return templateDir;
  const homeDir = await makeHome();
  const clusterDir = join(homeDir, 'pg');
  try {
    await embedded.prepareCluster({ ...cluster, clusterDir });
    const server = await startOnFreePort({ ...cluster, clusterDir });
    try {
      await query(urlOf(server.port, 'postgres'), `CREATE DATABASE ${TEMPLATE}`);
      await migrate(urlOf(server.port, TEMPLATE), MIGRATIONS_DIR);
    } finally {
      await server.stop(STOP_MS);
    }
    await rename(clusterDir, templateDir).catch(async (error: unknown) => {
      if (!(await isCluster(templateDir))) throw error;
    });
  } finally {
    await rm(homeDir, { recursive: true, force: true });
  }
  return templateDir;
}

async function fingerprint(): Promise<string> {
  const hash = createHash('sha256');
  for (const name of (await readdir(MIGRATIONS_DIR).catch((): string[] => [])).sort())
    hash.update(name).update(await readFile(join(MIGRATIONS_DIR, name, 'migration.sql')));
  return hash.digest('hex').slice(0, 16);
}

async function isCluster(dir: string): Promise<boolean> {
  return readFile(join(dir, 'PG_VERSION')).then(
    () => true,
    () => false,
  );
}

async function makeHome(): Promise<string> {
  const homeDir = join(tmpdir(), `${PREFIX}run-${process.pid}-${randomBytes(4).toString('hex')}`);
  await mkdir(homeDir, { mode: 0o711 });
  await writeFile(join(homeDir, 'owner'), String(process.pid));
  return homeDir;
}

async function removeLeftOvers(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const homeDir = join(tmpdir(), name);
    if (name.startsWith(`${PREFIX}template-`)) await removeOldTemplate(homeDir);
    if (!name.startsWith(`${PREFIX}run-`) || (await ownerLives(homeDir))) continue;
    await embedded.stopPostmasterOn(join(homeDir, 'pg'));
    await rm(homeDir, { recursive: true, force: true });
  }
}

// Each change of a migration makes a new template; yesterday's are nobody's any more.
async function removeOldTemplate(templateDir: string): Promise<void> {
  const made = await stat(templateDir).catch(() => null);
  if (made !== null && Date.now() - made.mtimeMs > TEMPLATE_AGE_MAX_MS)
    await rm(templateDir, { recursive: true, force: true });
}

async function ownerLives(homeDir: string): Promise<boolean> {
  const pid = Number(await readFile(join(homeDir, 'owner'), 'utf8').catch(() => '0'));
  if (pid === 0) return true; // Just being made by another worker.
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function urlOf(port: number, database: string): string {
  return `postgresql://${embedded.CLUSTER_USER}:${PASSWORD}@127.0.0.1:${port}/${database}`;
}

async function query(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
