// The folder where one Trunkline keeps everything of its own: the embedded database, the spool, secrets, certificates.
// Guarantees that it can be written, that its layout is one we know, and that no other process uses it. What is inside
// each subfolder is for the part that owns it.
import { chmod, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import { takeLock, type LockOptions } from './lock.js';
import { errorCodeOf } from '../error-code/index.js';

// Raised when a later version moves things; that version then knows how to bring an older folder forward.
const LAYOUT_VERSION = 1;
const Layout = z.object({ version: z.int().positive() });

/** The folder cannot be used; the message says what to do. */
export class DataFolderRefused extends Error {
  override readonly name = 'DataFolderRefused';
}

/** An open data folder; all paths are absolute and exist, but for those that their owner makes. */
export interface DataFolder {
  readonly path: string;
  /** For the embedded database; made by it. */
  readonly postgresDir: string;
  /** For usage events that are not in the database yet. */
  readonly spoolDir: string;
  readonly secretsDir: string;
  /** Readable by all, for the authority's certificate; private keys in it are files of the owner's. */
  readonly tlsDir: string;
  /** Lets others open the folder. Call it last, when everything that writes here has stopped. */
  release(): Promise<void>;
}

/** Where things are in a data folder; makes nothing, for programs that only look (the command line, the doctor). */
export function layoutOf(path: string): Omit<DataFolder, 'release'> {
  const root = resolve(path);
  return {
    path: root,
    postgresDir: join(root, 'postgres'),
    spoolDir: join(root, 'spool'),
    secretsDir: join(root, 'secrets'),
    tlsDir: join(root, 'tls'),
  };
}

/**
 * Makes the folder if needed and takes it for this process.
 * @throws DataFolderRefused when it cannot be written or a newer version made it; FolderLocked when it is in use.
 */
export async function openDataFolder(path: string, options: LockOptions = {}): Promise<DataFolder> {
  const layout = layoutOf(path);
  await makeFolders(layout);
  const lock = await takeLock(join(layout.path, 'lock.json'), options);
  try {
    await checkLayout(layout.path);
  } catch (error) {
    await lock.release();
    throw error;
  }
  return { ...layout, release: () => lock.release() };
}

async function makeFolders(layout: Omit<DataFolder, 'release'>): Promise<void> {
  const { path, spoolDir, secretsDir, tlsDir } = layout;
  try {
    // Others may walk through and not look around: the database of a root process runs as another user, and apps of
    // other users read the certificate authority.
    await makeFolder(path, 0o711);
    if (process.getuid?.() === 0) await letOthersThrough(path);
    await makeFolder(tlsDir, 0o755);
    for (const dir of [spoolDir, secretsDir]) await makeFolder(dir, 0o700);
    const probe = join(path, `.probe-${process.pid}`);
    await writeFile(probe, 'ok');
    await rm(probe);
  } catch (error) {
    throw new DataFolderRefused(`Cannot use the data folder ${path}: ${explain(error)}`, { cause: error });
  }
}

// Not `mkdir` with `recursive`: on a file system that answers ENOENT below an existing folder (/proc, some mounts) it
// never comes back.
async function makeFolder(path: string, mode: number): Promise<void> {
  if (await isFolder(path)) return;
  if (dirname(path) !== path) await makeFolder(dirname(path), 0o755);
  try {
    await mkdir(path, { mode });
    await chmod(path, mode); // Whatever the umask says.
  } catch (error) {
    if (!(await isFolder(path))) throw error; // Otherwise another process was faster.
  }
}

// A folder that was made beforehand (`mktemp -d`, a mounted volume) may be closed to the user that runs the database.
async function letOthersThrough(path: string): Promise<void> {
  const { mode, uid } = await stat(path);
  if (uid === 0 && (mode & 0o011) !== 0o011) await chmod(path, mode | 0o011);
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'this user may not write there. Give it the folder (chown), or choose another with --data-dir.',
  EPERM: 'this user may not write there. Give it the folder (chown), or choose another with --data-dir.',
  EROFS: 'the disk is read-only. Choose another folder with --data-dir, or mount a writable one there.',
  ENOSPC: 'the disk is full. Make room, or choose another folder with --data-dir.',
  EDQUOT: "this user's disk quota is used up. Make room, or choose another folder with --data-dir.",
  ENOTDIR: 'the path, or a part of it, is a file. Choose another folder with --data-dir.',
  EEXIST: 'the path, or a part of it, is a file. Choose another folder with --data-dir.',
};

function explain(error: unknown): string {
  return REASONS[errorCodeOf(error) ?? ''] ?? `${String(error)}. Choose another folder with --data-dir.`;
}

async function checkLayout(path: string): Promise<void> {
  const file = join(path, 'layout.json');
  const text = await readFile(file, 'utf8').catch(() => null);
  if (text === null) {
    await writeFile(`${file}.new`, `${JSON.stringify({ version: LAYOUT_VERSION })}\n`);
    await rename(`${file}.new`, file);
    return;
  }
  const version = Layout.safeParse(parseJson(text)).data?.version;
  if (version === LAYOUT_VERSION) return;
  throw new DataFolderRefused(
    version === undefined
      ? `${file} is damaged; it should say {"version":${LAYOUT_VERSION}}. Restore it, then start again.`
      : `The data folder ${path} has layout ${version}, made by a newer Trunkline; this one knows ${LAYOUT_VERSION}. ` +
          'Start the newer version, or choose another folder with --data-dir.',
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
