// `node scripts/complete-lockfile.mjs`, after a dependency was added behind a registry mirror that lacks the binaries of
// other platforms. npm leaves those out of package-lock.json, and `npm ci` then refuses the lockfile wherever it knows
// them. Adds each optional dependency that has an exact version and no entry, so that the lockfile serves every platform.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, say } from './project.mjs';

const SYSTEMS = ['android', 'darwin', 'freebsd', 'linux', 'openharmony', 'win32'];
// The word in a package's name, and what npm calls that processor.
const PROCESSORS = {
  x64: 'x64',
  ia32: 'ia32',
  arm64: 'arm64',
  arm: 'arm',
  ppc64: 'ppc64',
  s390x: 's390x',
  riscv64: 'riscv64',
  loong64: 'loong64',
};

const path = join(ROOT, 'package-lock.json');
const lockfile = JSON.parse(readFileSync(path, 'utf8'));
const added = [];
for (const parent of Object.values(lockfile.packages)) {
  for (const [name, version] of Object.entries(parent.optionalDependencies ?? {})) {
    const place = `node_modules/${name}`;
    if (lockfile.packages[place] !== undefined || !/^\d/.test(version)) continue;
    const platform = platformOf(name);
    if (platform === null) say(`${name} is not in the lockfile, and its name tells no platform: add it by hand`);
    else lockfile.packages[place] = entry(version, platform, parent.dev === true);
    added.push(name);
  }
}
lockfile.packages = Object.fromEntries(Object.entries(lockfile.packages).sort(([a], [b]) => (a < b ? -1 : 1)));
writeFileSync(path, `${JSON.stringify(lockfile, null, 2)}\n`);
say(added.length === 0 ? 'the lockfile is complete' : `added ${added.join(', ')}`);

/** In the order in which npm writes it. */
function entry(version, { os, cpu }, dev) {
  return { version, cpu: [cpu], ...(dev ? { dev } : {}), optional: true, os: [os] };
}

/** `{os, cpu}` told by a name such as `@swc/core-linux-arm-gnueabihf`, or null. */
function platformOf(name) {
  const words = name.split(/[/-]/);
  const os = SYSTEMS.find((system) => words.includes(system));
  const cpu = words.map((word) => PROCESSORS[word]).find((processor) => processor !== undefined);
  return os === undefined || cpu === undefined ? null : { cpu, os };
}
