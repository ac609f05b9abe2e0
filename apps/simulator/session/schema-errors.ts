// Turns a failed zod parse into the one error event OpenAI would send. Guarantees the captured wordings for missing,
// unknown and unsupported parameters; the wordings for types and ranges follow OpenAI's HTTP API.
import type { z } from 'zod';
import { missingParameter, protocolError, shown, unsupportedValue, type Parsed, type ProtocolError } from './errors.js';

/** Parses `input` with `schema`; `root` is the name of the parameter that holds it, for the paths in messages. */
export function parseWith<S extends z.ZodType>(schema: S, input: unknown, root: string): Parsed<z.output<S>> {
  const result = schema.safeParse(input, { reportInput: true });
  if (result.success) return { ok: true, value: result.data };
  const [first] = result.error.issues;
  const error = first === undefined ? protocolError('invalid_value', 'Invalid value.', root) : fromIssue(first, root);
  return { ok: false, error };
}

function fromIssue(issue: z.core.$ZodIssue, root: string): ProtocolError {
  const path = pathText(root, issue.path);
  switch (issue.code) {
    case 'unrecognized_keys': {
      const unknown = pathText(root, [...issue.path, ...issue.keys.slice(0, 1)]);
      return protocolError('unknown_parameter', `Unknown parameter: '${unknown}'.`, unknown);
    }
    case 'invalid_value':
      if (issue.input === undefined) return missingParameter(path);
      return unsupportedValue(shown(issue.input), issue.values.map(String), path);
    case 'invalid_type':
      if (issue.input === undefined) return missingParameter(path);
      return wrongType(path, issue.expected, issue.input);
    case 'too_small':
    case 'too_big':
      return outOfRange(issue, path);
    case 'invalid_union':
      return fromUnion(issue, root, path);
    default:
      return protocolError('invalid_value', issue.message, path);
  }
}

function fromUnion(issue: z.core.$ZodIssueInvalidUnion, root: string, path: string): ProtocolError {
  const { input, discriminator } = issue;
  if (typeof discriminator === 'string' && typeof input === 'object' && input !== null) {
    const given: unknown = Object.entries(input).find(([key]) => key === discriminator)?.[1];
    if (given === undefined) return missingParameter(path);
    return unsupportedValue(shown(given), optionsOf(issue), path);
  }
  // The branch that got furthest is the one the client meant.
  const branches = issue.errors.flatMap((branch) => branch.slice(0, 1));
  const meant = branches.find((each) => each.code !== 'invalid_type' || each.path.length > 0) ?? branches[0];
  if (meant === undefined) return protocolError('invalid_value', `Invalid value for '${path}'.`, path);
  return fromIssue({ ...meant, path: [...issue.path, ...meant.path] }, root);
}

/** Zod lists a discriminator's options in the issue but not in its type. */
function optionsOf(issue: object): string[] {
  return 'options' in issue && Array.isArray(issue.options) ? issue.options.map(String) : [];
}

function wrongType(path: string, expected: string, input: unknown): ProtocolError {
  const got = input === null ? 'null' : Array.isArray(input) ? 'array' : typeof input;
  const message = `Invalid type for '${path}': expected ${withArticle(expected)}, but got ${withArticle(got)} instead.`;
  return protocolError('invalid_type', message, path);
}

function outOfRange(issue: z.core.$ZodIssueTooSmall | z.core.$ZodIssueTooBig, path: string): ProtocolError {
  const below = issue.code === 'too_small';
  const bound = String(issue.code === 'too_small' ? issue.minimum : issue.maximum);
  if (issue.origin === 'string' || issue.origin === 'array') {
    const got = String(Array.isArray(issue.input) || typeof issue.input === 'string' ? issue.input.length : 0);
    const word = withArticle(issue.origin);
    const message =
      `Invalid '${path}': ${issue.origin} too ${below ? 'short' : 'long'}. Expected ${word} with ` +
      `${below ? 'minimum' : 'maximum'} length ${bound}, but got ${word} with length ${got} instead.`;
    return protocolError(`${issue.origin}_${below ? 'below_min' : 'above_max'}_length`, message, path);
  }
  const kind = Number.isInteger(issue.input) ? 'integer' : 'decimal';
  const message =
    `Invalid '${path}': ${kind} ${below ? 'below minimum' : 'above maximum'} value. ` +
    `Expected a value ${below ? '>=' : '<='} ${bound}, but got ${String(issue.input)} instead.`;
  return protocolError(`${kind}_${below ? 'below_min' : 'above_max'}_value`, message, path);
}

function withArticle(word: string): string {
  const named = word === 'int' ? 'integer' : word;
  return named === 'null' ? 'null' : `${/^[aeiou]/.test(named) ? 'an' : 'a'} ${named}`;
}

function pathText(root: string, path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (text, part) =>
      typeof part === 'number' ? `${text}[${part}]` : text === '' ? String(part) : `${text}.${String(part)}`,
    root,
  );
}
