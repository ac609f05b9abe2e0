// Rules about documents: what they point at exists.
import { posix } from 'node:path';
import { linesOf, type TidyRule } from '../rule.js';
import { type TreeFile } from '../txtar.js';

const LINK = /\[[^\]]*\]\(([^)\s]+)\)/g;
const NPM_RUN = /`npm run ([\w:-]+)/g;

/** Rules about Markdown. */
export const DOCS_RULES: readonly TidyRule[] = [
  {
    name: 'dead-link',
    advice: 'A link leads to a file of this repository, and to a heading of it.',
    find: (tree) =>
      documents(tree).flatMap((file) => linesOf(file, (text) => targets(text).some((to) => !leads(tree, file, to)))),
  },
  {
    name: 'unknown-command',
    advice: 'A document names a script that package.json does not have.',
    find: (tree) => {
      const manifest = tree.find((file) => file.path === 'package.json')?.text ?? '{}';
      const isKnown = (script: string) => manifest.includes(`"${script}":`);
      const commands = (text: string) => [...text.matchAll(NPM_RUN)].map((match) => match[1] ?? '');
      return documents(tree).flatMap((file) =>
        linesOf(file, (text) => commands(text).some((script) => !isKnown(script))),
      );
    },
  },
];

function documents(tree: readonly TreeFile[]): TreeFile[] {
  return tree.filter((file) => file.path.endsWith('.md'));
}

function targets(text: string): string[] {
  const withoutCode = text.replace(/`[^`]*`/g, '');
  return [...withoutCode.matchAll(LINK)].map((match) => match[1] ?? '').filter((to) => !/^(https?|mailto):/.test(to));
}

function leads(tree: readonly TreeFile[], from: TreeFile, to: string): boolean {
  const [path = '', anchor] = to.split('#');
  const target =
    path === '' ? from.path : posix.normalize(posix.join(posix.dirname(from.path), path)).replace(/\/$/, '');
  const file = tree.find((each) => each.path === target);
  if (file === undefined) return tree.some((each) => each.path.startsWith(`${target}/`)) || target === '.';
  return anchor === undefined || headings(file.text).includes(anchor);
}

/** The anchors that a Markdown viewer makes of headings: lower case, punctuation dropped, blanks to hyphens. */
function headings(text: string): string[] {
  const titles = [...text.matchAll(/^#{1,6}\s+(.+?)\s*$/gm)].map((match) => match[1] ?? '');
  return titles.map((title) =>
    title
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replace(/\s/g, '-'),
  );
}
