import type { z } from 'zod';
import { RefusedRequest, type ProblemField } from './problem.js';

/** Checks a query string against its schema. @throws RefusedRequest `invalid_query` with all parameters at fault. */
export function checkQuery<Schema extends z.ZodType>(schema: Schema, query: unknown): z.output<Schema> {
  const parsed = schema.safeParse(query);
  if (parsed.success) return parsed.data;
  const errors = parsed.error.issues.flatMap((issue): ProblemField[] => {
    if (issue.code !== 'unrecognized_keys') return [{ parameter: String(issue.path[0] ?? ''), detail: issue.message }];
    return issue.keys.map((key) => ({ parameter: key.slice(0, 80), detail: 'is not a parameter of this route' }));
  });
  const detail = errors.map((error) => `${error.parameter} ${error.detail}`.trim()).join('; ');
  throw new RefusedRequest('invalid_query', { detail: `${detail}.`, errors });
}
