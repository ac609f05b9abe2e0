// Rules about the hot path and about vendors: what an hour-long session may keep, and where a vendor may be known.
import { linesOf, type TidyRule } from '../rule.js';
import { type TreeFile } from '../txtar.js';

const SPEC = /\.(spec|conformance)\.ts$/;

/** Rules about libs/realtime, and about vendors outside libs/providers. */
export const REALTIME_RULES: readonly TidyRule[] = [
  {
    name: 'unbounded-collection',
    advice:
      'A collection that lives as long as a session needs a bound: a constant or option ending in Max beside it, or a comment with "bounded by".',
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

function inRealtime(file: TreeFile): boolean {
  return /^libs\/realtime\/(index|core|adapters).*\.ts$/.test(file.path) && !SPEC.test(file.path);
}

// An empty Map, Set or array in a field or a module; a local one dies with its function. Its bound is named near it: a
// constant or option that ends in Max, or a comment that says what bounds it.
function isUnbounded(text: string, index: number, lines: readonly string[]): boolean {
  const field = /^\s*(private|protected|public|readonly|static|#|const \w+ = new)/;
  const empty = /new (Map|Set)\s*(<.*>)?\(\s*\)|(:\s*[^=]*\[\]|:\s*Array<.*>)\s*=\s*\[\]/;
  if (!field.test(text) || !empty.test(text) || /^\s{4,}const/.test(text)) return false;
  return !lines.slice(Math.max(0, index - 10), index + 8).some((near) => /Max\b|_MAX\b|\b[Bb]ounded( by|:)/.test(near));
}

// Comments may say where a fact comes from; code may not depend on it.
function namesVendor(text: string): boolean {
  if (/^\s*(\/\/|\/?\*)/.test(text)) return false;
  const withoutContract = text.replace(/openai-[a-z][\w.-]*/gi, '');
  return /openai|azure/i.test(withoutContract.replace(/\b(toOpenAiError|OpenAiError)\b/g, ''));
}
