import { chmod, mkdtemp, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runTypescript, type TsProcess } from '../../../test/support/ts-process.js';
import { DataFolderRefused, FolderLocked, openDataFolder } from './index.js';
import { identifySelf, type ProcessIdentity } from './process-identity.js';

const HOUR_MS = 3_600_000;

describe('the data folder', () => {
  let dir: string;
  beforeEach(async () => {
    dir = join(await mkdtemp(join(tmpdir(), 'trunkline-folder-')), 'data');
  });
  afterEach(() => rm(join(dir, '..'), { recursive: true }));

  const openInChild = async (): Promise<TsProcess> => {
    const child = runTypescript(`
      const { openDataFolder } = await import('@trunkline/platform/data-folder');
      await openDataFolder(${JSON.stringify(dir)});
      console.log('open');
      setInterval(() => undefined, 1000);
    `);
    await child.nextLine();
    return child;
  };
  const lockedBy = async (holder: Partial<ProcessIdentity>, beatAgoMs = 0): Promise<void> => {
    await (await openDataFolder(dir)).release();
    const lock = { version: 1, token: 'theirs', holder: { ...(await identifySelf()), ...holder } };
    await writeFile(join(dir, 'lock.json'), JSON.stringify(lock));
    const beat = new Date(Date.now() - beatAgoMs);
    await utimes(join(dir, 'lock.json'), beat, beat);
  };

  it('keeps secrets and usage to the owner, and lets others reach the certificate authority', async () => {
    const folder = await openDataFolder(dir);
    for (const each of [folder.secretsDir, folder.spoolDir]) expect((await stat(each)).mode & 0o777).toBe(0o700);
    expect((await stat(folder.path)).mode & 0o777).toBe(0o711);
    expect((await stat(folder.tlsDir)).mode & 0o777).toBe(0o755);
    await folder.release();
  });

  if (process.getuid?.() === 0) {
    it('that root made beforehand is opened to the user who runs the database', async () => {
      const made = join(dir, '..');
      expect((await stat(made)).mode & 0o777).toBe(0o700);
      await (await openDataFolder(made)).release();
      expect((await stat(made)).mode & 0o777).toBe(0o711);
    });
  }

  it('is held by one process at a time, and free after it', async () => {
    const child = await openInChild();
    await expect(openDataFolder(dir)).rejects.toThrow(FolderLocked);
    await expect(openDataFolder(dir)).rejects.toThrow(new RegExp(`process ${child.pid} .*--data-dir`));
    await child.end('SIGKILL');
    await (await openDataFolder(dir)).release();
  }, 30_000);

  it('is held once when many in one process want it at once', async () => {
    const opened = await Promise.allSettled(Array.from({ length: 12 }).map(() => openDataFolder(dir)));
    const held = opened.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
    expect(held).toHaveLength(1);
    await held[0]?.release();
  });

  it('goes to exactly one of many who find the same dead holder', async () => {
    await lockedBy({ startedAs: '1' });
    const opened = await Promise.allSettled(Array.from({ length: 12 }).map(() => openDataFolder(dir)));
    const held = opened.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
    expect(held).toHaveLength(1);
    await held[0]?.release();
  });

  it('is taken over when the process id was reused', async () => {
    await lockedBy({ startedAs: '1' });
    await (await openDataFolder(dir)).release();
  });

  it('is taken over after a restart of the machine', async () => {
    await lockedBy({ bootId: 'an earlier boot' });
    await (await openDataFolder(dir)).release();
  });

  it('is taken over from another container only when its heart has stopped', async () => {
    const elsewhere = { pidSpace: 'pid:[1]', hostname: 'pod-1', bootId: 'another machine' };
    await lockedBy(elsewhere, HOUR_MS);
    await (await openDataFolder(dir)).release();
    await lockedBy(elsewhere);
    const waits: string[] = [];
    const options = { elsewhereWaitMs: 300, onWait: (message: string) => void waits.push(message) };
    await expect(openDataFolder(dir, options)).rejects.toThrow(/on pod-1/);
    expect(waits).toHaveLength(1);
  });

  it('is taken over when the lock was emptied by a power loss long ago', async () => {
    await lockedBy({});
    await writeFile(join(dir, 'lock.json'), '');
    const beat = new Date(Date.now() - HOUR_MS);
    await utimes(join(dir, 'lock.json'), beat, beat);
    await (await openDataFolder(dir)).release();
  });

  it('keeps a lock that is not its own when it is released', async () => {
    const folder = await openDataFolder(dir);
    await rm(join(dir, 'lock.json'));
    const child = await openInChild();
    await folder.release();
    expect(await readFile(join(dir, 'lock.json'), 'utf8')).toContain(`"pid":${child.pid}`);
    await child.end('SIGKILL');
  }, 30_000);

  it('refuses a folder of a newer version and leaves it unlocked', async () => {
    await (await openDataFolder(dir)).release();
    await writeFile(join(dir, 'layout.json'), '{"version":99}');
    await expect(openDataFolder(dir)).rejects.toThrow(/layout 99.*newer/);
    await expect(stat(join(dir, 'lock.json'))).rejects.toThrow();
  });

  it('says what to do when the path is a file', async () => {
    await writeFile(dir, '');
    await expect(openDataFolder(dir)).rejects.toThrow(DataFolderRefused);
    await expect(openDataFolder(join(dir, 'below'))).rejects.toThrow(/a part of it, is a file.*--data-dir/);
  });

  it('says what to do when it may not be written', async () => {
    await chmod(join(dir, '..'), 0o555);
    const child = runTypescript(
      `
      const { openDataFolder } = await import('@trunkline/platform/data-folder');
      await openDataFolder(${JSON.stringify(dir)}).catch((error) => console.log(error.message));
    `,
      // Root may write everywhere.
      process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {},
    );
    expect(await child.nextLine()).toMatch(/this user may not write there.*--data-dir/);
    await child.end('SIGTERM');
  }, 30_000);

  it('gives up where no folder can be made at all', async () => {
    if (process.platform !== 'linux') return;
    await expect(openDataFolder('/proc/nowhere/data')).rejects.toThrow(DataFolderRefused);
  });
});
