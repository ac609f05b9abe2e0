// Secrets that an installation makes for itself: the pepper of API keys, the password of the embedded database. Each is
// one file that only its owner may read. Guarantees that a secret, once returned, is on the disk (losing the pepper
// makes every key worthless), and that two processes starting at once get the same one.
import { randomBytes } from 'node:crypto';
import { chmod, link, mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';

const BYTES = 32;
const CHARS_MIN = 16;

/** The secret cannot be read or made; the message says what to do and never holds it. */
export class SecretRefused extends Error {
  override readonly name = 'SecretRefused';
}

/** Names of the files, so that nobody makes a second one by a spelling mistake. */
export type SecretName = 'key-pepper' | 'postgres-password';

/**
 * The named secret, made on first use: 32 random bytes in base64url.
 * @throws SecretRefused when the file is empty or cannot be read or written.
 */
export async function ensureSecret(secretsDir: string, name: SecretName): Promise<string> {
  const found = await readSecret(secretsDir, name);
  if (found !== null) return found;
  try {
    await create(secretsDir, name);
  } catch (error) {
    throw new SecretRefused(`Cannot keep a secret in ${secretsDir}. Let this user write there, or choose --data-dir.`, {
      cause: error,
    });
  }
  const made = await readSecret(secretsDir, name);
  if (made === null) throw new SecretRefused(`The secret ${join(secretsDir, name)} vanished while it was made.`);
  return made;
}

/**
 * The named secret, or null when it was never made.
 * @throws SecretRefused when the file is there but empty or unreadable.
 */
export async function readSecret(secretsDir: string, name: SecretName): Promise<string | null> {
  const path = join(secretsDir, name);
  let text: string;
  try {
    text = (await readFile(path, 'utf8')).trim();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw new SecretRefused(`Cannot read ${path}: run as the user that owns it, or give it to this one.`, {
      cause: error,
    });
  }
  if (text.length < CHARS_MIN)
    throw new SecretRefused(`${path} is empty or cut short. Restore it from a backup; without it, nothing fits it.`);
  return text;
}

async function create(secretsDir: string, name: SecretName): Promise<void> {
  await mkdir(secretsDir, { recursive: true, mode: 0o700 });
  const draft = join(secretsDir, `.${name}.${randomBytes(4).toString('hex')}`);
  const file = await open(draft, 'wx', 0o600);
  try {
    await file.writeFile(`${randomBytes(BYTES).toString('base64url')}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await chmod(draft, 0o600);
  await publish(draft, join(secretsDir, name));
  await rm(draft, { force: true });
  await syncFolder(secretsDir);
}

// Linking, and not renaming, keeps the secret of a process that was faster. Some mounted folders know no links; there
// the data folder's lock has to do.
async function publish(draft: string, path: string): Promise<void> {
  try {
    await link(draft, path);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'EEXIST') return;
    if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'EOPNOTSUPP') throw error;
    await rename(draft, path);
  }
}

async function syncFolder(dir: string): Promise<void> {
  const folder = await open(dir, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
