// Rules about where files are, what they are called and how long they get.
import { pathRule, type TidyRule } from '../rule.js';
import { type TreeFile } from '../txtar.js';

const LINES_MAX = 500;
const SPEC_LINES_MAX = 600;
const SOURCE = /\.(ts|tsx|mjs|cjs|js|lua|sh|prisma|md|yaml|yml)$/;
const SPEC = /\.(spec|conformance)\.ts$/;
// Kernel is one floor; platform and telemetry serve the others and are cut by concern.
const FLOORS = /^libs\/[^/]+\/(index\.ts|README\.md|core\/.+|adapters\/[^/]+\/.+|nest\/.+|test\/.+)$/;
const WITHOUT_FLOORS = /^libs\/(kernel|platform)\//;

/** Rules about files as such. */
export const LAYOUT_RULES: readonly TidyRule[] = [
  {
    name: 'long-file',
    advice: `A file holds one concept: at most ${LINES_MAX} lines, a spec ${SPEC_LINES_MAX}. Split by concept or by guarantee.`,
    find: (tree) => tree.filter(isTooLong).map((file) => file.path),
  },
  pathRule('vague-name', 'common, shared, utils and helpers grow without an owner: name the thing.', (path) =>
    /(^|\/)(common|shared|utils?|helpers?|misc|lib)(\/|\.(ts|mjs)$)/.test(path),
  ),
  pathRule(
    'file-name',
    'Files are named in kebab-case after the one thing they hold.',
    (path) => /\.(ts|tsx|mjs|lua)$/.test(path) && !/^([a-z0-9.-]+\/)*[a-z0-9]+([-.][a-z0-9]+)*\.\w+$/.test(path),
  ),
  pathRule(
    'library-floor',
    'A library has index.ts, core/, adapters/<technology>/ and nest/ (README.md and test/ for builders apart): the floor shows in the import.',
    (path) => /^libs\//.test(path) && !WITHOUT_FLOORS.test(path) && !FLOORS.test(path),
  ),
  {
    name: 'core-header',
    advice:
      'A core file opens with a comment, up to five lines: what it is, what it guarantees, what it leaves to others.',
    find: (tree) => tree.filter(lacksHeader).map((file) => file.path),
  },
];

function isTooLong(file: TreeFile): boolean {
  if (!SOURCE.test(file.path)) return false;
  return file.text.trimEnd().split('\n').length > (SPEC.test(file.path) ? SPEC_LINES_MAX : LINES_MAX);
}

function lacksHeader(file: TreeFile): boolean {
  if (!/^libs\/(kernel|[^/]+\/core)\/.*\.ts$/.test(file.path) || /(\.spec|(^|\/)index)\.ts$/.test(file.path))
    return false;
  return !/^(\/\/|\/\*)/.test(file.text);
}
