// One process per data folder. The lock is a file that names its holder; a holder that no longer lives is replaced at
// once, and one on another machine or in another container (which cannot be asked) when its heartbeat, the file's
// modification time, has stood still. Node has no flock, which would be simpler.
import { randomBytes } from 'node:crypto';
import { readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { z } from 'zod';
import { identifySelf, isAlive, ProcessIdentity } from './process-identity.js';
import { errorCodeOf } from '../error-code/index.js';

const HEARTBEAT_MS = 5_000;
// Six missed heartbeats: a machine that was suspended for less keeps its folder.
const STILL_MS = 30_000;
const POLL_MS = 250;
const CLAIM_POLL_MS = 20;
// A lock can only vanish or change hands between two looks; more rounds than this mean several starters at once.
const ROUNDS_MAX = 20;

const LockFile = z.object({ version: z.literal(1), token: z.string(), holder: ProcessIdentity });
type LockFile = z.infer<typeof LockFile>;

/** Another process holds the folder. */
export class FolderLocked extends Error {
  override readonly name = 'FolderLocked';
}

/** A held lock. */
export interface Lock {
  release(): Promise<void>;
}

/** How to take a lock. */
export interface LockOptions {
  /** How long to wait for a holder elsewhere whose heartbeat may have stopped. Default 35 s: one that died is noticed. */
  readonly elsewhereWaitMs?: number;
  /** Called once when waiting begins. */
  readonly onWait?: (message: string) => void;
  /** Called when somebody else has taken the folder over, as after this machine was suspended for long. */
  readonly onLost?: () => void;
}

/**
 * Takes the lock file at `path`, in an existing folder.
 * @throws FolderLocked naming the holder.
 */
export async function takeLock(path: string, options: LockOptions = {}): Promise<Lock> {
  const mine: LockFile = { version: 1, token: randomBytes(16).toString('hex'), holder: await identifySelf() };
  const deadline = performance.now() + (options.elsewhereWaitMs ?? STILL_MS + HEARTBEAT_MS);
  let saidWait = false;
  for (let round = 0; round < ROUNDS_MAX;) {
    if (await create(path, mine)) return hold(path, mine, options);
    const seen = await readLock(path);
    const state = seen === null ? 'gone' : await stateOf(seen, mine.holder);
    if (seen !== null && state === 'stale' && (await takeOver(path, seen, mine))) return hold(path, mine, options);
    if (seen !== null && state === 'held') throw new FolderLocked(heldMessage(seen));
    if (seen !== null && state === 'elsewhere') {
      if (performance.now() > deadline) throw new FolderLocked(heldMessage(seen));
      if (!saidWait && seen.lock !== null) options.onWait?.(waitMessage(seen));
      saidWait ||= seen.lock !== null;
      await wait(POLL_MS);
    } else {
      round++;
    }
  }
  throw new FolderLocked(`Several processes want ${path} at once; start one of them.`);
}

// Exclusive creation decides who was first. A reader that is fast enough to see the file empty takes it for damaged,
// finds its heartbeat fresh, and looks again.
async function create(path: string, lock: LockFile): Promise<boolean> {
  try {
    await writeFile(path, JSON.stringify(lock), { mode: 0o644, flag: 'wx' });
    return true;
  } catch (error) {
    if (errorCodeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

/** A lock file as it was found; `lock` is null when it was emptied by a power loss or is being written. */
interface SeenLock {
  /** Differs for each lock that was ever taken. */
  readonly id: string;
  readonly lock: LockFile | null;
  readonly beatMs: number;
}

async function readLock(path: string): Promise<SeenLock | null> {
  try {
    const { ino, mtimeMs } = await stat(path);
    const lock = LockFile.safeParse(parseJson(await readFile(path, 'utf8'))).data ?? null;
    return { id: lock?.token ?? `damaged-${ino}`, lock, beatMs: mtimeMs };
  } catch (error) {
    if (errorCodeOf(error) === 'ENOENT') return null;
    throw error;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

async function stateOf({ lock, beatMs }: SeenLock, self: ProcessIdentity): Promise<'held' | 'elsewhere' | 'stale'> {
  const alive = lock === null ? 'unknown' : await isAlive(lock.holder, self);
  if (alive !== 'unknown') return alive === 'yes' ? 'held' : 'stale';
  return Date.now() - beatMs > STILL_MS ? 'stale' : 'elsewhere';
}

// When several starters find the same dead holder, exactly one may replace its lock: the one that makes the claim named
// after that very lock. It then looks again, because a slow starter may claim what a faster one has replaced already.
async function takeOver(path: string, stale: SeenLock, mine: LockFile): Promise<boolean> {
  const claim = `${path}.claim-${stale.id}`;
  if (!(await create(claim, mine))) {
    await removeDeadClaim(claim);
    return false;
  }
  try {
    if ((await readLock(path))?.id !== stale.id) return false;
    const draft = `${path}.${mine.token}`;
    await writeFile(draft, JSON.stringify(mine), { mode: 0o644 });
    await rename(draft, path);
    return true;
  } finally {
    await rm(claim, { force: true });
  }
}

// A claim is held for milliseconds; one that is old was left by a process that died between its two steps.
async function removeDeadClaim(claim: string): Promise<void> {
  const made = await stat(claim).catch(() => null);
  if (made !== null && Date.now() - made.mtimeMs > STILL_MS) await rm(claim, { force: true });
  await wait(CLAIM_POLL_MS);
}

function hold(path: string, mine: LockFile, options: LockOptions): Lock {
  const isMine = async (): Promise<boolean> => (await readLock(path))?.id === mine.token;
  const beat = async (): Promise<void> => {
    if (await isMine()) {
      const now = new Date();
      await utimes(path, now, now);
    } else {
      clearInterval(timer);
      options.onLost?.();
    }
  };
  // A beat that fails (a disk that is full or away) is made up for by the next one.
  const timer = setInterval(() => void beat().catch(() => undefined), HEARTBEAT_MS).unref();
  return {
    async release() {
      clearInterval(timer);
      if (await isMine()) await rm(path, { force: true });
    },
  };
}

function heldMessage({ lock }: SeenLock): string {
  const who = lock === null ? '' : ` (process ${lock.holder.pid} on ${lock.holder.hostname})`;
  return (
    `Another Trunkline${who} uses this data folder. ` +
    'Stop it first, or give this one a folder of its own with --data-dir.'
  );
}

function waitMessage({ lock }: SeenLock): string {
  const who = lock === null ? 'unknown' : `${lock.holder.hostname}, process ${lock.holder.pid}`;
  return `the data folder was in use elsewhere (${who}); waiting up to ${STILL_MS / 1000} s to see whether it still is`;
}
