// The doctor's look at the machine: ports, folders, disk, limits, clock, servers. Each answers with
// `{level: 'ok' | 'advice' | 'problem', what, fix?}`.
import { existsSync, mkdtempSync, readFileSync, rmdirSync, statSync, statfsSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { dirname, join, resolve } from 'node:path';
import { ROOT } from './project.mjs';

const GIB = 2 ** 30;
// The spool and an idle PostgreSQL take some 200 MB; a busy day of journal and write-ahead log a few GB.
const DISK_NEEDED = 1 * GIB;
const DISK_ADVISED = 5 * GIB;
// Two sockets a session, and as many again for files, databases and clients that come and go.
const OPEN_FILES_ADVISED = 8192;
const CONNECT_TIMEOUT_MS = 3000;

/** The pid of the product that runs on this data folder, or null. */
export function runningProduct(folder) {
  try {
    const { pid } = JSON.parse(readFileSync(join(resolve(ROOT, folder), 'run.json'), 'utf8'));
    process.kill(pid, 0);
    return pid;
  } catch {
    return null; // No such file or no such process: nothing runs there.
  }
}

/** Whether the product could listen there. `running` is the pid of the one that listens already, or null. */
export function port(host, number, flag, running = null) {
  const where = `${flag} ${number} on ${host}`;
  if (!Number.isInteger(number) || number < 0 || number > 65535)
    return {
      level: 'problem',
      what: `${where} is no port`,
      fix: `--${flag} takes a number from 0 (any free one) to 65535`,
    };
  return new Promise((done) => {
    const probe = createServer();
    probe.once('error', (error) => {
      if (error.code === 'EADDRINUSE' && running !== null)
        return done({ level: 'ok', what: `${where} is in use, and Trunkline is running (process ${running})` });
      const fix = `stop what holds it (ss -ltnp 'sport = :${number}'), or start with --${flag} 0 for any free port`;
      done({ level: 'problem', what: `${where} cannot be used: ${error.code}`, fix });
    });
    probe.listen(number, host, () => probe.close(() => done({ level: 'ok', what: `${where} is free` })));
  });
}

/** Whether the data folder can be written, or made: tried, for rights alone do not tell a read-only disk. */
export function dataFolder(folder) {
  const path = resolve(ROOT, folder);
  const existing = nearestExisting(path);
  const fix = `choose another with --data-dir, or give this user the right to write to ${existing}`;
  if (!statSync(existing).isDirectory()) return { level: 'problem', what: `${existing} is not a folder`, fix };
  try {
    rmdirSync(mkdtempSync(join(existing, '.trunkline-doctor-')));
    return { level: 'ok', what: `data folder ${path} ${existing === path ? 'is writable' : 'can be made'}` };
  } catch (error) {
    return { level: 'problem', what: `data folder ${path} cannot be written: ${error.code}`, fix };
  }
}

/** Whether there is room for the spool and the database. */
export function diskSpace(folder) {
  const { bavail, bsize } = statfsSync(nearestExisting(resolve(ROOT, folder)));
  const free = bavail * bsize;
  const what = `${(free / GIB).toFixed(1)} GiB free for the data folder`;
  if (free >= DISK_ADVISED) return { level: 'ok', what };
  const fix = 'free some space, or move the data folder with --data-dir';
  return { level: free < DISK_NEEDED ? 'problem' : 'advice', what, fix };
}

/** Whether this process may open enough sockets. */
export function openFiles() {
  if (!existsSync('/proc/self/limits')) return { level: 'ok', what: 'limit of open files not known here' };
  const limit = /Max open files\s+(\d+)/.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
  const what = `${limit} open files allowed`;
  if (Number(limit) >= OPEN_FILES_ADVISED) return { level: 'ok', what };
  return {
    level: 'advice',
    what: `${what}: each session takes two`,
    fix: `ulimit -n ${OPEN_FILES_ADVISED} before the start`,
  };
}

/** Whether the clock can be right: leases, certificates and price dates depend on it. */
export function clock() {
  const checkoutMs = statSync(join(ROOT, 'package.json')).mtimeMs;
  const now = new Date();
  if (now.getTime() > checkoutMs - 60_000) return { level: 'ok', what: `clock says ${now.toISOString()}` };
  return {
    level: 'problem',
    what: `clock says ${now.toISOString()}, before this checkout was written`,
    fix: 'set the time, best by NTP (timedatectl set-ntp true): certificates and price dates depend on it',
  };
}

/** Whether a server named by a URL accepts connections. The URL's password is never shown. */
export function server(variable, url, usualPort) {
  if (!URL.canParse(url))
    return {
      level: 'problem',
      what: `${variable} is no URL`,
      fix: `set it like scheme://user:password@host:port/name`,
    };
  const { hostname, port: portText } = new URL(url);
  const where = `${variable} ${hostname}:${portText || usualPort}`;
  return new Promise((done) => {
    const socket = connect({ host: hostname, port: Number(portText || usualPort), timeout: CONNECT_TIMEOUT_MS });
    const refuse = (reason) => {
      socket.destroy();
      done({
        level: 'problem',
        what: `${where} does not answer: ${reason}`,
        fix: `start it, or correct or unset ${variable}`,
      });
    };
    socket.once('error', (error) => refuse(error.code));
    socket.once('timeout', () => refuse(`nothing in ${CONNECT_TIMEOUT_MS} ms`));
    socket.once('connect', () => {
      socket.destroy();
      done({ level: 'ok', what: `${where} accepts connections` });
    });
  });
}

/** The folder itself, or the closest one above it that exists. */
export function nearestExisting(path) {
  return existsSync(path) ? path : nearestExisting(dirname(path));
}

const REDIS_SET = /^rediss?\+(sentinel|cluster):\/\/(?:[^@/?#]*@)?([^@/?#]+)/;

/** Whether the servers of an address of Redis accept connections: one, or those of a set, of which some may be away. */
export async function redisServers(variable, url) {
  const [, kind, hosts] = REDIS_SET.exec(url) ?? [];
  if (kind === undefined) return server(variable, url, 6379);
  const usualPort = kind === 'sentinel' ? 26379 : 6379;
  const findings = await Promise.all(hosts.split(',').map((host) => server(variable, `redis://${host}`, usualPort)));
  const away = findings.filter(({ level }) => level !== 'ok');
  if (away.length === 0) return { level: 'ok', what: `${variable}: all ${findings.length} hosts accept connections` };
  const what = away.map((finding) => finding.what).join('; ');
  if (away.length === findings.length) return { level: 'problem', what, fix: away[0].fix };
  return { level: 'advice', what, fix: `start it; ${findings.length - away.length} of ${findings.length} do answer` };
}
