// What the services of tenancy refuse, in the words of the admin listener.
import type { Result } from '@trunkline/kernel';
import type { AdministrationRefusal } from '@trunkline/tenancy';
import { RefusedRequest, type ProblemCode } from './problem.js';

const PROBLEM_OF: Readonly<Record<AdministrationRefusal['code'], ProblemCode>> = {
  invalid_input: 'invalid_request',
  does_not_hold: 'does_not_hold',
  tenant_not_found: 'tenant_not_found',
  key_not_found: 'key_not_found',
  secret_not_found: 'secret_not_found',
  issuer_not_found: 'issuer_not_found',
  issuer_taken: 'name_taken',
  pool_not_found: 'pool_not_found',
  share_not_found: 'share_not_found',
  member_not_found: 'member_not_found',
  token_not_found: 'token_not_found',
  slug_taken: 'name_taken',
  name_taken: 'name_taken',
  channel_not_found: 'channel_not_found',
  rule_not_found: 'rule_not_found',
  delivery_not_found: 'delivery_not_found',
  changed_meanwhile: 'changed_meanwhile',
};

/** The value of an administrative request. @throws RefusedRequest */
export function administered<T>(outcome: Result<T, AdministrationRefusal>): T {
  if (outcome.ok) return outcome.value;
  const { code, message: detail, fields = [] } = outcome.error;
  const errors = fields.map((parameter) => ({ parameter, detail }));
  throw new RefusedRequest(PROBLEM_OF[code], { detail, ...(errors.length === 0 ? {} : { errors }) });
}
