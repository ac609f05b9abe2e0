// What a tidy rule is: a name, a reason, and a function from a tree of files to the places that break it. Rules see text,
// not syntax; what needs syntax or types is ESLint's, what needs imports is dependency-cruiser's.
import { type TreeFile } from './txtar.js';

/** A rule over the whole tree. */
export interface TidyRule {
  readonly name: string;
  /** What to do instead, for the person who broke it. */
  readonly advice: string;
  /** The places that break it, as `path:line` (or `path` where a line says nothing). */
  find(tree: readonly TreeFile[]): string[];
}

/** Which files a line rule looks at, and what a bad line is. */
interface LineRule {
  readonly name: string;
  readonly advice: string;
  readonly files?: RegExp;
  readonly except?: RegExp;
  readonly line: RegExp;
}

/** A rule that a single line breaks. */
export function lineRule({ name, advice, files = /./, except, line }: LineRule): TidyRule {
  const concerns = (path: string) => files.test(path) && !except?.test(path);
  return {
    name,
    advice,
    find: (tree) =>
      tree.filter((file) => concerns(file.path)).flatMap((file) => linesOf(file, (text) => line.test(text))),
  };
}

/** A rule that a path breaks, whatever is in the file. */
export function pathRule(name: string, advice: string, isBad: (path: string) => boolean): TidyRule {
  return { name, advice, find: (tree) => tree.map((file) => file.path).filter(isBad) };
}

/** `path:line` of each line of a file for which `isBad` holds; it is given the text, the index and all lines. */
export function linesOf(
  file: TreeFile,
  isBad: (text: string, index: number, lines: readonly string[]) => boolean,
): string[] {
  const lines = file.text.split('\n');
  return lines.flatMap((text, index) => (isBad(text, index, lines) ? [`${file.path}:${index + 1}`] : []));
}
