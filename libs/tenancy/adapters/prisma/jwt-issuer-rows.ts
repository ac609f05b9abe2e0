// How rows of issuers, and keys that stand for their apps, become what policy knows.
import { trustedId } from '@trunkline/kernel';
import type { Prisma } from '@trunkline/platform/database';
import { z } from 'zod';
import { JWT_ALGORITHMS, type JwtApp, type JwtIssuer } from '../../index.js';

const ALGORITHMS = z.array(z.enum(JWT_ALGORITHMS));

/** A row of `jwt_issuer`. */
export function jwtIssuerOf(row: Prisma.JwtIssuerGetPayload<object>): JwtIssuer {
  const { issuer, audiences, jwksUrl, jwks, algorithms, tenantId, tenantClaim } = row;
  return {
    ...{ id: trustedId('iss', row.id), issuer, audiences, algorithms: ALGORITHMS.parse(algorithms) },
    keys: jwksUrl === null ? { jwks } : { url: jwksUrl },
    // The table has exactly one of both.
    tenant: tenantId === null ? { claim: tenantClaim ?? '' } : { id: trustedId('tnt', tenantId) },
    ...{ appClaim: row.appClaim, endUserClaim: row.endUserClaim, skewSeconds: row.skewSeconds },
  };
}

/** What an active key stands for; nothing, of a key with a text. */
export function jwtAppOf(row: Prisma.ApiKeyGetPayload<object>): JwtApp[] {
  const { id, tenantId, jwtIssuerId, jwtSubject, revokedAt } = row;
  if (jwtIssuerId === null || jwtSubject === null || revokedAt !== null) return [];
  const [issuerId, keyId] = [trustedId('iss', jwtIssuerId), trustedId('key', id)];
  return [{ issuerId, tenantId: trustedId('tnt', tenantId), keyId, subject: jwtSubject }];
}
