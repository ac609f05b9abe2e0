// Small file trees in one text file: a comment, then `-- path --` lines, each followed by that file. The format is Go's
// txtar. Fixtures live in it so that no tool takes deliberately wrong code for code of ours. `{/}` stands for a slash
// that must not be written, so that a fixture about forbidden paths holds none.

/** A file of a tree: its path with `/`, and its text. */
export interface TreeFile {
  readonly path: string;
  readonly text: string;
}

const MARKER = /^-- (.+) --$/;

/** Reads a txtar text. */
export function parseTxtar(text: string): { comment: string; files: TreeFile[] } {
  const comment: string[] = [];
  const files: { path: string; lines: string[] }[] = [];
  for (const line of text.replaceAll('{/}', '/').split('\n')) {
    const path = MARKER.exec(line)?.[1];
    if (path !== undefined) files.push({ path, lines: [] });
    else (files.at(-1)?.lines ?? comment).push(line);
  }
  return { comment: comment.join('\n'), files: files.map(({ path, lines }) => ({ path, text: lines.join('\n') })) };
}
