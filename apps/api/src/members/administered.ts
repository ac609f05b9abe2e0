// What the services of members and tokens refuse, in the words of the admin listener.
import type { Result } from '@trunkline/kernel';
import type { AdministrationRefusal } from '@trunkline/tenancy';
import { RefusedRequest } from '../http/problem.js';

/** The value of an administrative request. @throws RefusedRequest */
export function administered<T>(outcome: Result<T, AdministrationRefusal>): T {
  if (outcome.ok) return outcome.value;
  const { code, message: detail } = outcome.error;
  if (code === 'member_not_found' || code === 'token_not_found') throw new RefusedRequest(code, { detail });
  throw new RefusedRequest(code === 'invalid_input' ? 'invalid_request' : 'does_not_hold', { detail });
}
