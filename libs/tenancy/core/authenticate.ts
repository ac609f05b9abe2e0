// Credential plus snapshot gives a principal, or a refusal. Guarantees that malformed, unknown, revoked and expired keys
// get the same answer, that a suspended tenant is only named to who holds its key, and that no answer repeats the key.
// Leaves finding the credential in the request to the handshake, and models to routing.
import { err, ok, type Refusal, type Result } from '@trunkline/kernel';
import { isWellFormedKey, type KeyHasher } from './api-key.js';
import type { KeyHolder, PolicySnapshot } from './policy-snapshot.js';
import { Principal } from './principal.js';

/** What the client presented. */
export interface Credentials {
  readonly key: string;
  /** The `Origin` header; null for clients that are not browsers. */
  readonly origin: string | null;
}

/** What it is judged by. */
export interface AuthenticationContext {
  readonly snapshot: PolicySnapshot;
  /** Unix time in milliseconds. */
  readonly nowMs: number;
  readonly hashKey: KeyHasher;
}

/** Why a credential was not accepted. For metrics and logs only: to clients the first four are one. */
export type Rejection = 'malformed' | 'unknown' | 'revoked' | 'expired' | 'tenant_suspended' | 'origin_not_allowed';

/** The principal behind the credentials, or a refusal for the client. */
export function authenticate(credentials: Credentials, context: AuthenticationContext): Result<Principal, Refusal> {
  const principal = identify(credentials, context);
  return principal.ok ? principal : err(refusalFor(principal.error));
}

/** The same with the precise reason. Never let it reach a client: it would tell a revoked key from an invented one. */
export function identify(credentials: Credentials, context: AuthenticationContext): Result<Principal, Rejection> {
  // The checksum is public, so failing it early tells an attacker nothing, and a flood of junk costs no HMAC.
  if (!isWellFormedKey(credentials.key)) return err('malformed');
  const holder = context.snapshot.lookup(context.hashKey(credentials.key));
  if (!holder) return err('unknown');
  const rejection = rejectionOf(holder, credentials.origin, context.nowMs);
  return rejection ? err(rejection) : ok(new Principal(holder));
}

/** Why a live session must end under a newer snapshot; null when it may go on. The names are end causes. */
export function stillAllowed(
  principal: Principal,
  snapshot: PolicySnapshot,
  nowMs: number,
): 'key_revoked' | 'tenant_suspended' | null {
  if (principal.secret !== null && snapshot.isSecretRevoked(principal.secret.id)) return 'key_revoked';
  const key = snapshot.keys.get(principal.keyId);
  const tenant = snapshot.tenants.get(principal.tenantId);
  if (!key || !tenant || key.status !== 'active' || isExpired(key.expiresAtMs, nowMs)) return 'key_revoked';
  return tenant.status === 'suspended' ? 'tenant_suspended' : null;
}

/** The refusal of an end user who may open no session; null when they may. @param endUser null: the app named nobody. */
export function endUserRefusal(
  { tenantId }: Pick<Principal, 'tenantId'>,
  endUser: string | null,
  { snapshot, nowMs }: Pick<AuthenticationContext, 'snapshot' | 'nowMs'>,
): Refusal | null {
  const untilMs = endUser === null ? null : snapshot.refusedUntilMs(tenantId, endUser);
  if (untilMs === null || nowMs >= untilMs) return null;
  return {
    code: 'end_user_refused',
    message:
      'The end user that this session is for is refused for a while: too much of what they sent or asked for was not allowed. Your Trunkline administrator can let them in again.',
  };
}

/** The public refusal for a rejection. */
export function refusalFor(rejection: Rejection): Refusal {
  switch (rejection) {
    case 'malformed':
    case 'unknown':
    case 'revoked':
    case 'expired':
      return {
        code: 'invalid_api_key',
        message:
          'Incorrect API key provided. Send a valid Trunkline key as "Authorization: Bearer tl_..."; ask your Trunkline administrator for one.',
      };
    case 'tenant_suspended':
      return {
        code: 'tenant_suspended',
        message: 'Your organization is suspended on this gateway. Ask your Trunkline administrator to activate it.',
      };
    case 'origin_not_allowed':
      return {
        code: 'origin_not_allowed',
        message:
          "This API key may not be used from this web origin. Ask your Trunkline administrator to add the origin to the key's list.",
      };
  }
}

/** Why a key is of no use now; null: it is. */
export function rejectionOf({ key, tenant }: KeyHolder, origin: string | null, nowMs: number): Rejection | null {
  if (key.status !== 'active') return 'revoked';
  if (isExpired(key.expiresAtMs, nowMs)) return 'expired';
  if (tenant.status === 'suspended') return 'tenant_suspended';
  if (origin !== null && key.origins !== null && !key.origins.includes(origin)) return 'origin_not_allowed';
  return null;
}

function isExpired(expiresAtMs: number | null, nowMs: number): boolean {
  return expiresAtMs !== null && nowMs >= expiresAtMs;
}
