import type { Result } from '@trunkline/kernel';

/** The value, or all problems as one error. */
export function done<T>(outcome: Result<T, readonly string[]>, failure: string): T {
  if (outcome.ok) return outcome.value;
  throw new Error(`${failure}:\n${outcome.error.join('\n')}`);
}
