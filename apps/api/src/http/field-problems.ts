// What is wrong with the fields of a body or of a query, each named once.
import type { z } from 'zod';
import type { ProblemField } from './problem.js';

const FIELD_CHARS_MAX = 80;

/** The fields at fault. @param unknown what is said of a field that there is not */
export function fieldProblems(
  input: unknown,
  { issues }: Pick<z.ZodError, 'issues'>,
  unknown: string,
): readonly ProblemField[] {
  return issues.flatMap((issue): ProblemField[] => {
    const field = issue.path.map(String).join('.').slice(0, FIELD_CHARS_MAX);
    if (issue.code === 'unrecognized_keys') {
      const of = field === '' ? '' : `${field}.`;
      return issue.keys.map((key) => ({ parameter: `${of}${key}`.slice(0, FIELD_CHARS_MAX), detail: unknown }));
    }
    const isMissing =
      issue.code === 'invalid_type' && issue.path.length > 0 && valueAt(input, issue.path) === undefined;
    return [{ parameter: field, detail: isMissing ? 'is missing' : issue.message }];
  });
}

/** All of them in a line. Rules of names begin with the field themselves. */
export function inWords(problems: readonly ProblemField[]): string {
  return problems
    .map(({ parameter, detail }) => (detail.startsWith(`${parameter} `) ? detail : `${parameter} ${detail}`.trim()))
    .join('; ');
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, key) => (typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined),
    input,
  );
}
