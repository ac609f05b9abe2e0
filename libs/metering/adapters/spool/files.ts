// The few things the spool asks of a disk, as a port so that tests can make it full, slow or broken. The real one adds
// nothing but "all bytes or an error": a short write is never taken for success.
import { constants } from 'node:fs';
import { access, link, mkdir, open, readdir, rename, stat, unlink, utimes, type FileHandle } from 'node:fs/promises';

/** An open file. Offsets and lengths are bytes. */
export interface SpoolFile {
  /** Writes all bytes at the offset and makes them survive a power cut (contents and length), or rejects. */
  write(bytes: Uint8Array, offset: number): Promise<void>;
  /** Reads up to `length` bytes at the offset; fewer only at the end of the file. */
  read(offset: number, length: number): Promise<Buffer>;
  /** Makes a truncation, or what a process wrote that died meanwhile, survive a power cut. */
  sync(): Promise<void>;
  truncate(length: number): Promise<void>;
  size(): Promise<number>;
  close(): Promise<void>;
}

/** A disk. Paths are absolute or relative to the process. */
export interface SpoolFiles {
  /** Makes the folder and its parents; checks that files can be made in it. */
  makeFolder(folder: string): Promise<void>;
  /** Creates a file that must not exist. */
  create(path: string): Promise<SpoolFile>;
  /** Opens an existing file for reading and writing. */
  open(path: string): Promise<SpoolFile>;
  /** Opens a file for adding at its end, creating it when missing; offsets of `write` are ignored. */
  openForAppend(path: string): Promise<SpoolFile>;
  list(folder: string): Promise<string[]>;
  /** Gives the file a second name; rejects with EEXIST when that name is taken. Atomic. */
  link(from: string, to: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  remove(path: string): Promise<void>;
  /** Sets the modification time to now. */
  touch(path: string): Promise<void>;
  /** The modification time in milliseconds, 0 when the file is gone. Only good for telling change. */
  touchedAtMs(path: string): Promise<number>;
  /** Makes created, renamed and removed names survive a power cut. */
  syncFolder(folder: string): Promise<void>;
}

// A write that is durable when it returns is one trip to a helper thread; a write and an fdatasync are two, and on a busy
// core each trip waits its turn. Elsewhere the second trip is made: macOS has the flag too, but there it leaves the bytes
// in the drive's own cache.
const { O_APPEND, O_CREAT, O_EXCL, O_RDWR } = constants;
const DURABLE = process.platform === 'linux' ? constants.O_DSYNC : 0;

/** The machine's disk. */
export const nodeFiles: SpoolFiles = {
  async makeFolder(folder) {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await access(folder, constants.R_OK | constants.W_OK | constants.X_OK);
  },
  create: async (path) => wrap(await open(path, O_RDWR | O_CREAT | O_EXCL | DURABLE, 0o600)),
  open: async (path) => wrap(await open(path, O_RDWR | DURABLE)),
  openForAppend: async (path) => wrap(await open(path, O_RDWR | O_APPEND | O_CREAT | DURABLE, 0o600)),
  list: (folder) => readdir(folder),
  link,
  rename,
  remove: unlink,
  async touch(path) {
    const now = new Date();
    await utimes(path, now, now);
  },
  async touchedAtMs(path) {
    try {
      return (await stat(path)).mtimeMs;
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return 0;
      throw error;
    }
  },
  async syncFolder(folder) {
    const handle = await open(folder, 'r');
    await handle.sync().finally(() => handle.close());
  },
};

function wrap(handle: FileHandle): SpoolFile {
  return {
    async write(bytes, offset) {
      for (let done = 0; done < bytes.length;) {
        const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, offset + done);
        if (bytesWritten === 0) throw new Error('the disk took no bytes');
        done += bytesWritten;
      }
      if (DURABLE === 0) await handle.datasync();
    },
    async read(offset, length) {
      const buffer = Buffer.alloc(length);
      let done = 0;
      while (done < length) {
        const { bytesRead } = await handle.read(buffer, done, length - done, offset + done);
        if (bytesRead === 0) break;
        done += bytesRead;
      }
      return buffer.subarray(0, done);
    },
    sync: () => handle.datasync(),
    truncate: (length) => handle.truncate(length),
    size: async () => (await handle.stat()).size,
    close: () => handle.close(),
  };
}

/** The bytes of a file, all of it by default; empty when the file is gone (its reader then finds them missing). */
export async function readFileBytes(
  files: SpoolFiles,
  path: string,
  range?: { readonly offset: number; readonly length: number },
): Promise<Buffer> {
  let file: SpoolFile;
  try {
    file = await files.open(path);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return Buffer.alloc(0);
    throw error;
  }
  try {
    return await file.read(range?.offset ?? 0, range?.length ?? (await file.size()));
  } finally {
    await file.close();
  }
}

/** The system's code of a failed file operation (`ENOSPC`, `EACCES`, ...), or null. */
export function errorCode(error: unknown): string | null {
  // Not `instanceof Error`: the file system's errors may come from another realm (a worker, a test runner's context).
  if (typeof error !== 'object' || error === null || !('code' in error)) return null;
  return typeof error.code === 'string' ? error.code : null;
}
