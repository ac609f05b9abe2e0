import { chmod, cp, mkdir, mkdtemp, readFile, readlink, rm, writeFile } from 'node:fs/promises';
import { execFile } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { completeLibraryLinks, findPostgresBinaries } from './binaries.js';
import { reachableBinaries } from './reachable-binaries.js';
import { chooseRunAs } from './run-as.js';

describe('the PostgreSQL programs', () => {
  let dir: string;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'trunkline-binaries-'));
  });
  afterEach(() => rm(dir, { recursive: true }));

  it('come with the package and say their version', async () => {
    const { version, major, origin } = await findPostgresBinaries();
    expect(origin).toBe('package');
    expect(Number.parseInt(version, 10)).toBe(major);
  });

  it('get the library links that an install without scripts left out', async () => {
    await mkdir(join(dir, 'native', 'lib'), { recursive: true });
    await writeFile(join(dir, 'native', 'lib', 'liba.so.1.2'), 'library');
    const links = ['liba.so.1', 'liba.so'].map((name) => ({
      source: 'native/lib/liba.so.1.2',
      target: `native/lib/${name}`,
    }));
    await writeFile(join(dir, 'native', 'pg-symlinks.json'), JSON.stringify(links));
    await completeLibraryLinks(dir);
    await completeLibraryLinks(dir);
    expect(await readlink(join(dir, 'native', 'lib', 'liba.so'))).toBe('liba.so.1.2');
    expect(await readFile(join(dir, 'native', 'lib', 'liba.so.1'), 'utf8')).toBe('library');
  });

  it('say what to do when the links cannot be made', async () => {
    await mkdir(join(dir, 'native'));
    await writeFile(
      join(dir, 'native', 'pg-symlinks.json'),
      JSON.stringify([{ source: 'native/lib/liba.so.1', target: 'native/lib/liba.so' }]),
    );
    await expect(completeLibraryLinks(dir)).rejects.toThrow(/library link native\/lib\/liba\.so .*npm rebuild/);
  });

  if (process.getuid?.() === 0) {
    it('are copied to where the unprivileged user can run them', async () => {
      const found = await findPostgresBinaries();
      const runAs = await chooseRunAs(join(dir, 'none'));
      if (runAs === null) throw new Error('root runs it as somebody else');
      const hidden = join(dir, 'hidden');
      await cp(found.homeDir, join(hidden, 'native'), { recursive: true, verbatimSymlinks: true });
      await chmod(hidden, 0o700);
      await chmod(dir, 0o711);
      const inHidden = (path: string) => path.replace(found.homeDir, join(hidden, 'native'));
      const programs = {
        ...found,
        homeDir: inHidden(found.homeDir),
        postgres: inHidden(found.postgres),
        initdb: inHidden(found.initdb),
      };
      const reachable = await reachableBinaries(programs, runAs, dir);
      const { stdout } = await promisify(execFile)(reachable.postgres, ['--version'], {
        cwd: '/',
        uid: runAs.uid,
        gid: runAs.gid,
      });
      expect(stdout).toContain(found.version);
      expect(await reachableBinaries(found, runAs, dir)).toBe(found);
    }, 30_000);
  }
});
