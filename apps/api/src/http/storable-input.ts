// Text that no database takes (NUL, half a surrogate pair), refused for all routes in one place before anything looks it up or
// keeps it: in paths and queries by a pipe, in bodies by `readJson`.
import type { ArgumentMetadata, PipeTransform } from '@nestjs/common';
import { unstorableAt } from '@trunkline/kernel';
import { RefusedRequest } from './problem.js';

/** What is wrong with text in parsed input, as a sentence; null: nothing. */
export function unstorableProblem(input: unknown, named = ''): string | null {
  const at = unstorableAt(input);
  if (at === null) return null;
  return `${[named, at].filter((part) => part !== '').join('.') || 'It'} holds a character that cannot be kept (NUL, or half a surrogate pair): leave it out.`;
}

/** Looks at what routes take from path and query. @throws RefusedRequest `invalid_query` */
export class StorableInput implements PipeTransform {
  transform(value: unknown, { type, data }: ArgumentMetadata): unknown {
    if (type !== 'param' && type !== 'query') return value;
    const detail = unstorableProblem(value, data);
    if (detail !== null) throw new RefusedRequest('invalid_query', { detail });
    return value;
  }
}
