// From what a request carries to who asks. Each way either gives a whole principal or nobody.
import type { IncomingMessage } from 'node:http';
import { operatorPrincipal, type AccessPrincipal } from '@trunkline/tenancy';
import { findAdminSession, findByToken } from '@trunkline/tenancy/adapters/prisma';
import type { ApiRouteParts } from '../api-parts.js';
import { orTooLong } from '../reads/read-within.js';

const BEARER = /^Bearer (tlat_[0-9a-z]{1,100})$/i;

/** Who asks; null: nobody that is known. @param forPrograms whether tokens count here */
export async function identify(
  { tenancy, isOperator, cookies }: Pick<ApiRouteParts, 'tenancy' | 'isOperator' | 'cookies'>,
  request: Pick<IncomingMessage, 'headers' | 'socket'>,
  forPrograms: boolean,
): Promise<AccessPrincipal | null> {
  const { authorization } = request.headers;
  if (forPrograms && authorization !== undefined) {
    if (isOperator(authorization)) return operatorPrincipal();
    const token = BEARER.exec(authorization)?.[1];
    return token === undefined ? null : orTooLong(findByToken(tenancy, token));
  }
  return orTooLong(findAdminSession(tenancy, cookies.secretsOf(request)));
}
