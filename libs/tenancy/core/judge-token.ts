// Who acts with a company's token. Guarantees that a token which is not ours, of an issuer that is gone, for a tenant or an
// app that nobody mapped, or for a key that is no good gets one answer, the same as an unknown key.
import { err, ok, type Refusal, type Result, type TenantId } from '@trunkline/kernel';
import { refusalFor, rejectionOf } from './authenticate.js';
import type { VerifiedToken } from './jwt-apps.js';
import type { PolicySnapshot } from './policy-snapshot.js';
import { Principal } from './principal.js';

/** What a token is judged by. */
export interface TokenContext {
  readonly snapshot: PolicySnapshot;
  /** Unix milliseconds. */
  readonly nowMs: number;
  readonly origin: string | null;
  /** Keyed hash of an end user of the tenant's. */
  readonly hashEndUser: (tenantId: TenantId, endUser: string) => string;
}

/** What is said of every token that is not good here. */
export const TOKEN_REFUSED: Refusal = {
  code: 'invalid_api_key',
  message:
    'The token was not accepted. It must be signed by an issuer that this gateway knows, for its audience, be within its time, and name an app that your Trunkline administrator has added.',
};

/** Who acts with a verified token by this policy; else a refusal for the client. */
export function judgeToken(token: VerifiedToken, context: TokenContext): Result<Principal, Refusal> {
  const { snapshot, nowMs, origin, hashEndUser } = context;
  // The issuer in force must be the one that it was verified by: settings may have changed since.
  const isInForce = snapshot.jwt.issuer(token.issuer.issuer)?.id === token.issuer.id;
  if (!isInForce || nowMs >= token.validUntilMs) return err(TOKEN_REFUSED);
  const tenantId = tenantOf(token, snapshot);
  const keyId =
    tenantId === null ? null : snapshot.jwt.keyOf({ issuerId: token.issuer.id, tenantId, subject: token.app });
  const key = keyId === null ? null : snapshot.keys.get(keyId);
  const tenant = key && snapshot.tenants.get(key.tenantId);
  if (!key || !tenant || tenant.id !== tenantId) return err(TOKEN_REFUSED);
  const rejection = rejectionOf({ key, tenant }, origin, nowMs);
  if (rejection) return err(rejection === 'revoked' || rejection === 'expired' ? TOKEN_REFUSED : refusalFor(rejection));
  const endUser = token.endUser === null ? null : hashEndUser(tenant.id, token.endUser);
  return ok(new Principal({ key, tenant }, { secret: null, endUser }));
}

function tenantOf({ issuer, tenantSlug }: VerifiedToken, { tenants }: PolicySnapshot): TenantId | null {
  if ('id' in issuer.tenant) return issuer.tenant.id;
  for (const tenant of tenants.values()) if (tenant.slug === tenantSlug) return tenant.id;
  return null;
}
