import type { Result } from '@trunkline/kernel';
import { RefusedRequest } from '../http/problem.js';

/** The value of a request about prices. @throws RefusedRequest `prices_refused` with every problem, each naming its row */
export function taken<T>(outcome: Result<T, readonly string[]>): T {
  if (outcome.ok) return outcome.value;
  const errors = outcome.error.map((detail) => ({ parameter: 'content', detail }));
  throw new RefusedRequest('prices_refused', { detail: outcome.error.join('; '), errors });
}
