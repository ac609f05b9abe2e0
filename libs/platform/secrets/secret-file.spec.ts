import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { secretFile } from './secret-file.js';

let dir = '';
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'trunkline-secrets-'));
});
afterEach(() => rm(dir, { recursive: true }));

describe('a secret of the installation', () => {
  it('is made once, long enough, and for the owner only', async () => {
    const path = join(dir, 'secrets', 'pepper');
    const secrets = await Promise.all([secretFile(path), secretFile(path), secretFile(path)]);
    expect(new Set(secrets).size).toBe(1);
    expect(secrets[0]?.length).toBeGreaterThanOrEqual(43);
    expect((await stat(path)).mode & 0o077).toBe(0);
  });

  it('is never silently replaced when its file was emptied', async () => {
    const path = join(dir, 'pepper');
    await writeFile(path, '\n');
    await expect(secretFile(path)).rejects.toThrow(/empty/);
  });
});
