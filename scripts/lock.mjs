// One bootstrap at a time per checkout: two `npm start` on a fresh clone would otherwise install and build over each
// other. The lock lives outside the checkout, for `npm ci` empties node_modules and the build empties dist.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ROOT, fail, say } from './project.mjs';

const WAIT_MAX_MS = 10 * 60_000;
const POLL_MS = 200;

/** Runs `work` while holding the lock. A lock whose process is gone is taken over. */
export async function withBootstrapLock(work) {
  const path = join(tmpdir(), `trunkline-${createHash('sha256').update(ROOT).digest('hex').slice(0, 16)}.lock`);
  await acquire(path);
  const release = () => rmSync(path, { force: true });
  process.once('exit', release);
  try {
    return await work();
  } finally {
    process.removeListener('exit', release);
    release();
  }
}

async function acquire(path) {
  const deadlineMs = performance.now() + WAIT_MAX_MS;
  for (let told = false; !tryAcquire(path); told = true) {
    const pid = holder(path);
    if (pid === null) rmSync(path, { force: true });
    else if (performance.now() > deadlineMs)
      fail(`process ${pid} has been installing or building for too long: stop it, or remove ${path}`);
    else if (!told) say(`waiting for process ${pid}, which is installing or building`);
    await delay(POLL_MS);
  }
}

function tryAcquire(path) {
  try {
    writeFileSync(path, String(process.pid), { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
}

/** The living process that holds the lock, or null when it is gone, or the file is. */
function holder(path) {
  const pid = existsSync(path) ? Number(readFileSync(path, 'utf8')) : 0;
  return Number.isInteger(pid) && pid > 0 && isAlive(pid) ? pid : null;
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}
