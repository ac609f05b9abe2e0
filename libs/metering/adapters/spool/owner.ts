// One process owns a spool folder at a time. Each run on the folder is an epoch, and the owner of epoch N is whoever
// created `owner-N.json`: creation is exclusive and a number is never given twice, so two starters cannot both win and a
// dead owner's file needs no unlocking. A living owner is never displaced. The newest file stays after a clean stop: it
// carries the epoch, the folder's id, and how long the last segment was.
// A process that stood still so long that another took over finds a higher file and must stop acknowledging.
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { errorCode, type SpoolFiles } from './files.js';
import { ownerEpoch, ownerPath, readOwnerFile, writeOwnerFile, type OwnerRecord } from './owner-file.js';
import type { Processes } from './process-identity.js';
import type { PromisedLength } from './segment-format.js';

/** The folder belongs to a living process, or cannot be used. `message` says which and what to do. */
export class SpoolFolderError extends Error {
  override readonly name = 'SpoolFolderError';
}

/** A held folder. */
export interface FolderOwner {
  readonly epoch: number;
  /** Random, made when the folder was first used; the same for all its epochs. */
  readonly spoolId: string;
  /** What the previous owner promised of its last segment when it stopped cleanly; null after a crash. */
  readonly lastPromise: PromisedLength | null;
  /** Shows that we live; resolves false when another process has taken the folder over. */
  beat(): Promise<boolean>;
  /** Lets the folder go after a clean stop. */
  release(promise: PromisedLength | null): Promise<void>;
}

// Several processes may race for one folder; each lost round means that another one got further.
const ATTEMPTS_MAX = 20;

/** How to take a folder. */
export interface TakeFolderOptions {
  readonly files: SpoolFiles;
  readonly processes: Processes;
  readonly folder: string;
  /**
   * How long an owner that cannot be asked (it is in another container) must leave its file untouched to count as gone,
   * in milliseconds; owners touch it every second.
   */
  readonly ownerSilenceMs: number;
}

/**
 * Takes the folder.
 * @throws SpoolFolderError when a living process has it.
 */
export async function takeFolder(options: TakeFolderOptions): Promise<FolderOwner> {
  const { files, folder } = options;
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    const names = await files.list(folder);
    const newest = newestOwnerEpoch(names);
    const previous = newest === 0 ? null : await readOwnerFile(files, ownerPath(folder, newest));
    if (previous === 'missing') continue; // Released and superseded while we looked.
    if (previous !== null) await assertGone(options, newest, previous);
    const owner = await tryEpoch(options, highestEpoch(names) + 1, previous);
    if (owner !== null) return owner;
  }
  throw new SpoolFolderError(`Several processes are starting on the spool folder ${folder} at once. Start only one.`);
}

async function tryEpoch(
  { files, processes, folder }: TakeFolderOptions,
  epoch: number,
  previous: OwnerRecord | 'unreadable' | null,
): Promise<FolderOwner | null> {
  const known = previous === 'unreadable' ? null : previous;
  const spoolId = known?.spoolId ?? `spl_${randomBytes(10).toString('hex')}`;
  const record: OwnerRecord = { version: 1, spoolId, epoch, process: processes.own(), released: null };
  if (!(await createOwnerFile(files, folder, record))) return null;
  // Who listed the folder long ago may create a number below the newest; it sees that here and steps back.
  if (newestOwnerEpoch(await files.list(folder)) !== epoch) {
    await files.remove(ownerPath(folder, epoch));
    return null;
  }
  await removeOlder(files, folder, epoch);
  const lastPromise = known?.released?.promise ?? null;
  return { epoch, spoolId, lastPromise, ...duties(files, folder, record) };
}

function duties(files: SpoolFiles, folder: string, record: OwnerRecord): Pick<FolderOwner, 'beat' | 'release'> {
  const path = ownerPath(folder, record.epoch);
  return {
    async beat() {
      if (newestOwnerEpoch(await files.list(folder)) !== record.epoch) return false;
      await files.touch(path);
      return true;
    },
    async release(promise) {
      const written = `${path}.new`;
      await writeOwnerFile(files, written, { ...record, released: { promise } });
      await files.rename(written, path);
      await files.syncFolder(folder);
    },
  };
}

// A link, not a rename: it fails when the number is taken, and the file appears together with its contents.
async function createOwnerFile(files: SpoolFiles, folder: string, record: OwnerRecord): Promise<boolean> {
  const candidate = join(folder, `candidate-${randomBytes(8).toString('hex')}.tmp`);
  await writeOwnerFile(files, candidate, record);
  try {
    await files.link(candidate, ownerPath(folder, record.epoch));
    await files.syncFolder(folder);
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  } finally {
    await files.remove(candidate);
  }
}

async function assertGone(
  { files, processes, folder, ownerSilenceMs }: TakeFolderOptions,
  epoch: number,
  previous: OwnerRecord | 'unreadable',
): Promise<void> {
  const owner = previous === 'unreadable' ? null : previous;
  if (owner !== null && owner.released !== null) return;
  const liveness = owner === null ? 'unknown' : processes.livenessOf(owner.process);
  if (liveness === 'dead') return;
  if (liveness === 'unknown' && (await staysSilent(files, ownerPath(folder, epoch), ownerSilenceMs))) return;
  const who = owner === null ? 'another process' : `process ${owner.process.pid} on ${owner.process.host}`;
  throw new SpoolFolderError(
    `Two instances on one data folder: ${who} is using the spool ${folder}. ` +
      'Stop that process, or give this one a data folder of its own.',
  );
}

// Our clock and the other machine's need not agree, so only change counts, not the time itself.
async function staysSilent(files: SpoolFiles, path: string, silenceMs: number): Promise<boolean> {
  const before = await files.touchedAtMs(path);
  await delay(silenceMs);
  return (await files.touchedAtMs(path)) === before;
}

function newestOwnerEpoch(names: readonly string[]): number {
  return Math.max(0, ...names.map((name) => ownerEpoch(name) ?? 0));
}

// Segments count as well: should the owner files be lost, their epochs must still not be given twice.
function highestEpoch(names: readonly string[]): number {
  const inSegments = names.map((name) => Number(/^(\d{10})-\d{10}\.seg/.exec(name)?.[1] ?? 0));
  return Math.max(newestOwnerEpoch(names), ...inSegments);
}

async function removeOlder(files: SpoolFiles, folder: string, epoch: number): Promise<void> {
  for (const name of await files.list(folder)) {
    const other = ownerEpoch(name);
    if (other !== null && other < epoch) await removeIfThere(files, join(folder, name));
  }
}

async function removeIfThere(files: SpoolFiles, path: string): Promise<void> {
  try {
    await files.remove(path);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
  }
}
