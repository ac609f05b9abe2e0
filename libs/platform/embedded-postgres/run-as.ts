// Which operating-system user runs the embedded PostgreSQL. PostgreSQL refuses to run as root, so when we are root its
// processes and files belong to an unprivileged user. Guarantees that this user can enter the folders on the way to
// what it needs, or says which folder stops it; creating and handing over folders is for the cluster.
import { constants } from 'node:fs';
import { chown, lstat, readFile, readdir, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';

/** An unprivileged user, by numbers: names may not exist in a container. */
export interface RunAs {
  readonly uid: number;
  readonly gid: number;
  readonly name: string;
}

/** The user cannot be used or cannot reach its files; the message says what to change. */
export class RunAsRefused extends Error {
  override readonly name = 'RunAsRefused';
}

// First a user made for us, then the one that packaged PostgreSQL uses, then the one that every system has.
const CANDIDATES = ['trunkline', 'postgres', 'nobody'];

/**
 * The user for a data folder: null when we are not root (we run it ourselves). A folder that exists keeps its owner, so
 * that a user installed later does not strand the data.
 */
export async function chooseRunAs(clusterDir: string): Promise<RunAs | null> {
  if (process.getuid?.() !== 0) return null;
  const users = await listUsers();
  const owner = await stat(clusterDir).catch(() => null);
  if (owner !== null && owner.uid !== 0) {
    const known = users.find((user) => user.uid === owner.uid);
    return { uid: owner.uid, gid: owner.gid, name: known?.name ?? `uid ${owner.uid}` };
  }
  for (const name of CANDIDATES) {
    const user = users.find((each) => each.name === name && each.uid !== 0);
    if (user !== undefined) return user;
  }
  return { uid: 65_534, gid: 65_534, name: 'uid 65534' };
}

/**
 * Checks that the user may enter every folder above `path`.
 * @throws RunAsRefused naming the first folder that stops it.
 */
export async function assertReachable(path: string, user: RunAs): Promise<void> {
  const blocking = await findBlockingFolder(path, user);
  if (blocking === null) return;
  throw new RunAsRefused(
    `PostgreSQL cannot run as root, so Trunkline runs it as ${user.name}, and ${user.name} cannot enter ${blocking}. ` +
      'Do one of these: choose a folder outside it with --data-dir (such as /var/lib/trunkline); start Trunkline as ' +
      `an ordinary user; allow entering with \`chmod o+x ${blocking}\`; or set DATABASE_URL to a server that you have.`,
  );
}

/** The folder above `path` (nearest the root) that the user may not enter, or null. */
export async function findBlockingFolder(path: string, user: RunAs): Promise<string | null> {
  for (const dir of foldersAbove(path)) {
    const found = await stat(dir).catch(() => null);
    if (found === null) return null;
    const needed =
      found.uid === user.uid ? constants.S_IXUSR : found.gid === user.gid ? constants.S_IXGRP : constants.S_IXOTH;
    if ((found.mode & needed) === 0) return dir;
  }
  return null;
}

function foldersAbove(path: string): string[] {
  const folders: string[] = [];
  for (let dir = dirname(resolve(path)); ; dir = dirname(dir)) {
    folders.unshift(dir);
    if (dir === dirname(dir)) return folders;
  }
}

/** Gives the folder and everything in it to the user. Links are handed over, never followed. */
export async function handOver(path: string, user: RunAs): Promise<void> {
  const entry = await lstat(path);
  if (entry.isSymbolicLink()) return;
  if (entry.isDirectory()) for (const name of await readdir(path)) await handOver(join(path, name), user);
  if (entry.uid !== user.uid || entry.gid !== user.gid) await chown(path, user.uid, user.gid);
}

async function listUsers(): Promise<RunAs[]> {
  const passwd = await readFile('/etc/passwd', 'utf8').catch(() => '');
  return passwd.split('\n').flatMap((line) => {
    const [name, , uid, gid] = line.split(':');
    return name !== undefined && uid !== undefined && gid !== undefined
      ? [{ name, uid: Number(uid), gid: Number(gid) }]
      : [];
  });
}
