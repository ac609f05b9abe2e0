import type { z } from 'zod';
import { fieldProblems, inWords } from './field-problems.js';
import { RefusedRequest } from './problem.js';

/** Checks a query string against its schema. @throws RefusedRequest `invalid_query` with all parameters at fault. */
export function checkQuery<Schema extends z.ZodType>(schema: Schema, query: unknown): z.output<Schema> {
  const parsed = schema.safeParse(query);
  if (parsed.success) return parsed.data;
  // A list in a query is one parameter, whichever of its items is wrong.
  const issues = parsed.error.issues.map((issue) => ({ ...issue, path: issue.path.slice(0, 1) }));
  const errors = fieldProblems(query, { issues }, 'is not a parameter of this route');
  throw new RefusedRequest('invalid_query', { detail: `${inWords(errors)}.`, errors });
}
