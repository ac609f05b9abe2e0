// Programs from outside npm that parts of the tests or the product use, and how to get them. None is needed for
// `npm start`: its PostgreSQL comes as a package, and leases are kept in the process.
import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';

/** `mentions`: what a spec says when it needs the tool, by itself or by the helper it imports. */
export const TOOLS = [
  {
    name: 'redis-server',
    mentions: /support\/redis|redis-server/,
    package: 'redis-server',
    use: 'leases over several replicas',
  },
  { name: 'nginx', mentions: /\bnginx\b/, package: 'nginx', use: 'the yardstick of the benchmark' },
  { name: 'chromium', mentions: /playwright|chromium/i, package: 'chromium', use: 'the browser tests' },
];

/** The path of a program on PATH, or null. */
export function findProgram(name) {
  for (const folder of (process.env.PATH ?? '').split(':')) {
    const path = join(folder, name);
    if (folder !== '' && isExecutable(path)) return path;
  }
  return null;
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
