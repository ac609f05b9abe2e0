import { chmod, cp, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import pg from 'pg';
import { eventually } from '../../../test/support/poll.js';
import { runTypescript, type TsProcess } from '../../../test/support/ts-process.js';
import {
  ClusterRefused,
  findEmbeddedPostgres,
  findFreePort,
  RunAsRefused,
  ServerStartFailed,
  startEmbeddedPostgres,
  stopPostmasterOn,
} from './index.js';
import { findRunningPostmaster } from './postmaster-pid.js';
import type { EmbeddedPostgres, EmbeddedPostgresOptions, PostgresEvent } from './supervisor.js';

const PASSWORD = 'kept-in-the-data-folder';
const isRoot = process.getuid?.() === 0;

const query = async (url: string, sql: string): Promise<unknown[]> => {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
};
const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

// Real servers on a machine that other tests share.
jest.setTimeout(60_000);

describe('the embedded database', () => {
  let home: string;
  let madeHome: string;
  const running: EmbeddedPostgres[] = [];
  const events: PostgresEvent[] = [];
  const kinds = (): string[] => events.map((event) => event.kind);

  const start = async (more: Partial<EmbeddedPostgresOptions> = {}): Promise<EmbeddedPostgres> => {
    const started = await startEmbeddedPostgres({
      dir: join(home, 'postgres'),
      password: PASSWORD,
      onEvent: (event) => events.push(event),
      ...more,
    });
    running.push(started);
    return started;
  };
  const startInChild = async (): Promise<{ child: TsProcess; url: string; serverPid: number }> => {
    const child = runTypescript(`
      const { startEmbeddedPostgres } = await import('@trunkline/platform/embedded-postgres');
      const db = await startEmbeddedPostgres({ dir: ${JSON.stringify(join(home, 'postgres'))}, password: '${PASSWORD}' });
      process.once('SIGTERM', async () => { await db.stop(); process.exit(0); });
      console.log(JSON.stringify([db.url, db.pid()]));
      setInterval(() => undefined, 1000);
    `);
    const [url, serverPid] = JSON.parse(await child.nextLine()) as [string, number];
    return { child, url, serverPid };
  };

  // Initialising takes seconds: tests that are not about it begin with a copy of this one.
  beforeAll(async () => {
    madeHome = await mkdtemp(join(tmpdir(), 'trunkline-embedded-'));
    await chmod(madeHome, 0o711);
    await (await startEmbeddedPostgres({ dir: madeHome, password: PASSWORD })).stop();
  });
  afterAll(() => rm(madeHome, { recursive: true }));
  const useMadeCluster = () =>
    cp(join(madeHome, 'cluster'), join(home, 'postgres', 'cluster'), { recursive: true, preserveTimestamps: true });

  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), 'trunkline-embedded-'));
    await chmod(home, 0o711);
    events.length = 0;
  });
  afterEach(async () => {
    for (const each of running.splice(0)) await each.stop();
    await stopPostmasterOn(join(home, 'postgres', 'cluster'));
    await rm(home, { recursive: true });
  });

  it('is made on the first start and keeps its data and its port on the second', async () => {
    const first = await start();
    await query(first.url, 'CREATE TABLE kept AS SELECT 7 AS n');
    await first.stop();
    expect(isAlive(first.pid())).toBe(false);
    const second = await start();
    expect(second.port).toBe(first.port);
    expect(await query(second.url, 'SELECT n FROM kept')).toEqual([{ n: 7 }]);
    expect(kinds()).toEqual(['initialised', 'started', 'stopped', 'started']);
  });

  it('answers on loopback only, to nobody without the password', async () => {
    await useMadeCluster();
    const { url } = await start();
    expect(await query(url, 'SHOW listen_addresses')).toEqual([{ listen_addresses: '127.0.0.1' }]);
    const stranger = new URL(url);
    stranger.password = 'guess';
    await expect(query(stranger.href, 'SELECT 1')).rejects.toMatchObject({ code: '28P01' });
  });

  it('left behind by a parent that was killed, is stopped and serves its data again', async () => {
    await useMadeCluster();
    const { child, url, serverPid } = await startInChild();
    await query(url, 'CREATE TABLE kept AS SELECT 7 AS n');
    await child.end('SIGKILL');
    expect(isAlive(serverPid)).toBe(true);
    const next = await start();
    expect(kinds()).toEqual(['orphan_stopped', 'started']);
    await eventually('the orphan is gone', () => (isAlive(serverPid) ? null : true));
    expect(await query(next.url, 'SELECT n FROM kept')).toEqual([{ n: 7 }]);
  });

  it('starts after server and parent were killed together', async () => {
    await useMadeCluster();
    const { child, url, serverPid } = await startInChild();
    await query(url, 'CREATE TABLE kept AS SELECT 7 AS n');
    process.kill(serverPid, 'SIGKILL');
    await child.end('SIGKILL');
    const next = await start();
    expect(await query(next.url, 'SELECT n FROM kept')).toEqual([{ n: 7 }]);
  });

  it('is stopped with its parent on SIGTERM', async () => {
    await useMadeCluster();
    const { child, serverPid } = await startInChild();
    expect(await child.end('SIGTERM')).toBe(0);
    expect(isAlive(serverPid)).toBe(false);
  });

  it('is started again at the same address when it crashes, and says so', async () => {
    await useMadeCluster();
    const db = await start();
    await query(db.url, 'CREATE TABLE kept AS SELECT 7 AS n');
    const crashed = db.pid();
    process.kill(crashed, 'SIGKILL');
    await eventually('the restart', () => (kinds().filter((kind) => kind === 'started').length === 2 ? true : null));
    expect(kinds()).toEqual(['started', 'crashed', 'started']);
    expect(db.isRunning()).toBe(true);
    expect(db.pid()).not.toBe(crashed);
    expect(await query(db.url, 'SELECT n FROM kept')).toEqual([{ n: 7 }]);
  });

  it('can be stopped while a crashed server is being replaced', async () => {
    await useMadeCluster();
    const db = await start();
    process.kill(db.pid(), 'SIGKILL');
    await eventually('the crash', () => (kinds().includes('crashed') ? true : null));
    await db.stop();
    expect(db.isRunning()).toBe(false);
    expect(kinds().at(-1)).toBe('stopped');
  });

  it('can be stopped while the next server is starting, and leaves none behind', async () => {
    await useMadeCluster();
    const db = await start();
    process.kill(db.pid(), 'SIGKILL');
    const server = () => findRunningPostmaster(join(home, 'postgres', 'cluster'));
    await eventually('the crash', () => (kinds().includes('crashed') ? true : null));
    await eventually('the next server', server);
    await db.stop();
    expect(kinds().at(-1)).toBe('stopped');
    expect(await server()).toBeNull();
  });

  it('refuses a port that was asked for and is taken, and takes another when none was asked for', async () => {
    await useMadeCluster();
    const other = createServer((socket) => socket.on('error', () => undefined).resume());
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const address = other.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    await expect(start({ port })).rejects.toThrow(ServerStartFailed);
    await expect(start({ port })).rejects.toThrow(new RegExp(`Port ${port} on 127.0.0.1 is taken`));
    await writeFile(join(home, 'postgres', 'port'), String(port));
    expect((await start()).port).not.toBe(port);
    await new Promise((resolve) => other.close(resolve));
  });

  it('makes a folder again that was only half made', async () => {
    await mkdir(join(home, 'postgres', 'cluster.new', 'base'), { recursive: true });
    await start();
    expect(kinds()).toEqual(['initialised', 'started']);
  });

  it('refuses a folder of another major version and leaves it alone', async () => {
    await useMadeCluster();
    await (await start()).stop();
    const file = join(home, 'postgres', 'cluster', 'PG_VERSION');
    await writeFile(file, '12\n');
    await expect(start()).rejects.toThrow(ClusterRefused);
    await expect(start()).rejects.toThrow(/made by PostgreSQL 12.*pg_dump/);
    expect(await readFile(file, 'utf8')).toBe('12\n');
  });

  it('says what PostgreSQL said when it does not start', async () => {
    await useMadeCluster();
    await expect(start({ settings: { no_such_setting: '1' } })).rejects.toThrow(/unrecognized configuration parameter/);
  });

  it('is found by a program beside it', async () => {
    await useMadeCluster();
    expect(await findEmbeddedPostgres(join(home, 'postgres'), PASSWORD)).toBeNull();
    const { url } = await start({ port: await findFreePort() });
    expect(await findEmbeddedPostgres(join(home, 'postgres'), PASSWORD)).toBe(url);
  });

  if (isRoot) {
    it('runs as an unprivileged user who owns its folder when we are root', async () => {
      await useMadeCluster();
      const db = await start();
      const { uid } = await stat(join(home, 'postgres', 'cluster'));
      expect(uid).not.toBe(0);
      expect((await stat(`/proc/${db.pid()}`)).uid).toBe(uid);
    });

    it('names the folder that the unprivileged user cannot enter', async () => {
      await chmod(home, 0o700);
      await expect(start()).rejects.toThrow(RunAsRefused);
      await expect(start()).rejects.toThrow(`cannot enter ${home}`);
    });
  }
});
