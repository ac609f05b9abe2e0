// Programs from outside npm that parts of the tests or the product use, and how to get them. None is needed for
// `npm start`: its PostgreSQL comes as a package, and leases are kept in the process.
import { accessSync, constants, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './project.mjs';

/** `mentions`: what a spec, or a helper it imports, says when it needs the tool. */
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

/** The tools that are missing here, each with those of the given specs that need it. */
export function missingTools(specs) {
  return TOOLS.filter((tool) => findProgram(tool.name) === null)
    .map((tool) => ({
      ...tool,
      specs: specs.filter((spec) => tool.mentions.test(readFileSync(join(ROOT, spec), 'utf8'))),
    }))
    .filter((tool) => tool.specs.length > 0);
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
