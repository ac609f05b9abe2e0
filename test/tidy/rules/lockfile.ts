// Rules about package-lock.json: it must install the same everywhere, behind any registry and on any platform.
import { z } from 'zod';
import { lineRule, type TidyRule } from '../rule.js';
import { type TreeFile } from '../txtar.js';

const LOCKFILE = /(^|\/)package-lock\.json$/;
const Lockfile = z.object({
  packages: z.record(z.string(), z.object({ optionalDependencies: z.record(z.string(), z.string()).optional() })),
});

/** Rules about the lockfile. */
export const LOCKFILE_RULES: readonly TidyRule[] = [
  lineRule({
    name: 'lockfile-resolved',
    advice: 'Run npm with the .npmrc of this project: a "resolved" address ties the lockfile to one registry.',
    files: LOCKFILE,
    line: /^\s*"resolved": "https?:/,
  }),
  {
    name: 'lockfile-incomplete',
    advice:
      'npm left out binaries of other platforms, and `npm ci` refuses such a lockfile: node scripts/complete-lockfile.mjs.',
    find: (tree) => tree.filter((file) => LOCKFILE.test(file.path)).flatMap(missingPackages),
  },
];

function missingPackages(file: TreeFile): string[] {
  const { packages } = Lockfile.parse(JSON.parse(file.text));
  const present = new Set(Object.keys(packages).map((path) => path.replace(/^.*node_modules\//, '')));
  const wanted = Object.values(packages).flatMap((entry) => Object.keys(entry.optionalDependencies ?? {}));
  return [...new Set(wanted)].filter((name) => !present.has(name)).map((name) => `${file.path}: ${name}`);
}
