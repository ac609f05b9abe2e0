// Rules about where files are, what they are called and how long they get.
import { linesOf, pathRule, type TidyRule } from '../rule.js';
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
  {
    name: 'unbounded-collection',
    advice: 'A collection that lives as long as a session needs a bound: a constant or option ending in Max beside it.',
    find: (tree) => tree.filter(inRealtime).flatMap((file) => linesOf(file, isUnbounded)),
  },
  {
    name: 'vendor-in-realtime',
    advice:
      'libs/realtime knows no vendor: put it into libs/providers. Header and subprotocol names are the contract and may stay.',
    find: (tree) => tree.filter(inRealtime).flatMap((file) => linesOf(file, namesVendor)),
  },
  {
    name: 'vendor-comparison',
    advice: 'Adding a vendor must not touch this file: ask the dialect, in libs/providers.',
    find: (tree) =>
      tree
        .filter((file) => /^(libs|apps)\//.test(file.path) && !/^libs\/providers\/|^apps\/simulator\//.test(file.path))
        .filter((file) => file.path.endsWith('.ts') && !SPEC.test(file.path))
        .flatMap((file) => linesOf(file, (text) => /\bvendor\s*[!=]==/.test(text))),
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

function inRealtime(file: TreeFile): boolean {
  return /^libs\/realtime\/.*\.ts$/.test(file.path) && !SPEC.test(file.path);
}

// An empty Map, Set or array in a field or a module; a local one dies with its function. Max stands within ten lines.
function isUnbounded(text: string, index: number, lines: readonly string[]): boolean {
  const field = /^\s*(private|protected|public|readonly|static|#|const \w+ = new)/;
  const empty = /new (Map|Set)\s*(<.*>)?\(\s*\)|(:\s*[^=]*\[\]|:\s*Array<.*>)\s*=\s*\[\]/;
  if (!field.test(text) || !empty.test(text) || /^\s{4,}const/.test(text)) return false;
  return !lines.slice(Math.max(0, index - 10), index + 2).some((near) => /Max\b|_MAX\b/.test(near));
}

// Comments may say where a fact comes from; code may not depend on it.
function namesVendor(text: string): boolean {
  if (/^\s*(\/\/|\/?\*)/.test(text)) return false;
  const withoutContract = text.replace(/openai-(insecure-api-key|beta|organization|project|ephemeral)[\w.-]*/gi, '');
  return /openai|azure/i.test(withoutContract.replace(/\b(toOpenAiError|OpenAiError)\b/g, ''));
}
