// Secrets that the installation makes for itself and must not lose: random texts in the data folder, readable by the
// owner only, made once.
import { randomBytes } from 'node:crypto';
import { link, mkdir, readFile, unlink, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

const SECRET_BYTES = 32;

/** The secret in this file, made on first use. Two processes that start at once get the same one. */
export async function secretFile(path: string): Promise<string> {
  return (await readSecret(path)) ?? (await makeSecret(path));
}

/** Writes a secret that somebody else made, readable by the owner only. */
export async function writeSecret(path: string, secret: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  // Flushed: a secret that is in use and lost with the power makes every key, or the whole database, worthless.
  await writeFile(path, `${secret}\n`, { mode: 0o600, flush: true });
}

/** The secret in this file, or null when there is no such file. @throws when the file is empty. */
export async function readSecret(path: string): Promise<string | null> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (text === null) return null;
  const secret = text.trim();
  if (secret === '') throw new Error(`${path} is empty: restore it from a backup, or delete it to make a new secret`);
  return secret;
}

async function makeSecret(path: string): Promise<string> {
  const mine = `${path}.${randomBytes(6).toString('hex')}`;
  await writeSecret(mine, randomBytes(SECRET_BYTES).toString('base64url'));
  // `link` fails when the file exists, so the first process wins and the others read what it wrote.
  await link(mine, path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
  await unlink(mine);
  const secret = await readSecret(path);
  if (secret === null) throw new Error(`${path} vanished while it was being made`);
  return secret;
}
