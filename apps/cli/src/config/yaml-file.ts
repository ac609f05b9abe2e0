// A file of configuration: YAML whose problems are told with line and column. `!env NAME` stands for the value of an environment
// variable, so that no secret is in the file.
import { err, ok, type Result } from '@trunkline/kernel';
import { isNode, LineCounter, parseDocument, type Document, type ScalarTag } from 'yaml';
import type { z } from 'zod';

/** Where something stands: names from the top of the file. */
export type ConfigPath = readonly PropertyKey[];

/** A file that can say where its parts stand. */
export interface ConfigFile {
  readonly content: unknown;
  /** A problem with the place in the file where it is. */
  readonly told: (path: ConfigPath, message: string) => string;
}

/** Reads a file. Anchors, aliases and `<<` are understood. @returns it, or what is wrong with it, a line for each problem */
export function readConfigFile(
  { name, text }: { readonly name: string; readonly text: string },
  env: Readonly<Record<string, string | undefined>>,
): Result<ConfigFile, string> {
  const lines = new LineCounter();
  const missing: string[] = [];
  const document = parseDocument(text, { lineCounter: lines, merge: true, customTags: [envTag(env, missing)] });
  const problems = document.errors.map(({ pos: [offset], message }) => {
    const { line, col } = lines.linePos(offset);
    return `${name}:${line}:${col}: ${message.split('\n')[0] ?? ''}`;
  });
  if (missing.length > 0) problems.push(`${name}: not set in the environment: ${missing.join(', ')}`);
  if (problems.length > 0) return err(problems.join('\n'));
  const told = (path: ConfigPath, message: string) => `${name}:${placeOf(document, lines, path)}: ${message}`;
  const content: unknown = document.toJS();
  return ok({ content, told });
}

/** Checks a file against a schema. @returns what the schema read, or a line for each problem */
export function checkConfigFile<Schema extends z.ZodType>(
  { content, told }: ConfigFile,
  schema: Schema,
): Result<z.output<Schema>, string> {
  const parsed = schema.safeParse(content);
  if (parsed.success) return ok(parsed.data);
  return err(
    parsed.error.issues
      .flatMap((issue) => {
        if (issue.code !== 'unrecognized_keys') return [told(issue.path, `${textOf(issue.path)}: ${issue.message}`)];
        return issue.keys.map((key) => told([...issue.path, key], `${textOf([...issue.path, key])} is not known here`));
      })
      .join('\n'),
  );
}

/** A path as one would say it. */
export function textOf(path: ConfigPath): string {
  return path.map(String).join('.') || 'the file';
}

// The closest that is there: what is missing has the place of what it is missing in.
function placeOf(document: Document, lines: LineCounter, path: ConfigPath): string {
  for (let depth = path.length; depth >= 0; depth -= 1) {
    const node: unknown = depth === 0 ? document.contents : document.getIn(path.slice(0, depth), true);
    const [offset] = (isNode(node) ? node.range : null) ?? [];
    if (offset === undefined) continue;
    const { line, col } = lines.linePos(offset);
    return `${line}:${col}`;
  }
  return '1:1';
}

function envTag(env: Readonly<Record<string, string | undefined>>, missing: string[]): ScalarTag {
  return {
    tag: '!env',
    resolve: (variable) => {
      const value = env[variable];
      if (value === undefined || value === '') missing.push(variable);
      return value ?? '';
    },
  };
}
