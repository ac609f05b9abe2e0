import type { ApiRouteParts } from '../api-parts.js';
import { RefusedRequest } from '../http/problem.js';

/** Refuses `single_person` where the installation wants two. @throws RefusedRequest `not_allowed` */
export function assertOnePerson({ allowsOnePerson }: Pick<ApiRouteParts, 'allowsOnePerson'>): void {
  if (allowsOnePerson) return;
  const detail =
    'Two persons are wanted here: somebody else approves. Where there is only one, whoever runs this Trunkline says so with ' +
    'TRUNKLINE_SINGLE_PERSON=allow; the command line (--single-person) takes it as well.';
  throw new RefusedRequest('not_allowed', { detail });
}
