// Who is acting. Guarantees that nobody is a principal without an active tenant and a key of that tenant: there is no
// empty, anonymous or fallback principal to end up with when a check fails half-way.
import type { ApiKeyId, TenantId } from '@trunkline/kernel';
import type { ClientSecret } from './client-secret.js';
import type { KeyScope } from './key-scope.js';
import type { KeyHolder } from './policy-snapshot.js';
import type { TenantLimits } from './tenant-limits.js';

/** By which means somebody acts for a key, where not with the key itself. */
export interface ActsBy {
  readonly secret: ClientSecret | null;
  /** Keyed hash of the end user that the credential names. */
  readonly endUser: string | null;
}

const WITH_THE_KEY: ActsBy = { secret: null, endUser: null };

/** An authenticated caller. Only `authenticate` and its like make one; admission takes it as it is. */
export class Principal {
  readonly tenantId: TenantId;
  readonly keyId: ApiKeyId;
  readonly tenantSessionsMax: number | null;
  readonly keySessionsMax: number | null;
  readonly sessionsPerMinuteMax: number | null;
  /** The other limits of its tenant. */
  readonly limits: TenantLimits;
  /** Models it may use; null: every model that is offered. */
  readonly models: readonly string[] | null;
  readonly scopes: readonly KeyScope[];
  /** The client secret that it acts with, of this key; null: another credential. */
  readonly secret: ClientSecret | null;
  /** Keyed hash of the end user that its credential names; null: the app may name one by header. */
  readonly endUser: string | null;
  // Makes the type nominal: an object with the same fields is no principal.
  declare private readonly authenticated: true;

  /** @throws when key and tenant do not belong together or either is not active: a bug in the caller. */
  constructor({ key, tenant }: KeyHolder, { secret, endUser }: ActsBy = WITH_THE_KEY) {
    if (key.tenantId !== tenant.id || key.status !== 'active' || tenant.status !== 'active')
      throw new Error('a principal needs an active key of an active tenant');
    this.tenantId = tenant.id;
    this.keyId = key.id;
    this.tenantSessionsMax = tenant.sessionsMax;
    this.keySessionsMax = key.sessionsMax;
    this.sessionsPerMinuteMax = tenant.limits.sessionsPerMinuteMax;
    this.limits = tenant.limits;
    this.models = key.models;
    this.scopes = key.scopes;
    this.secret = secret;
    this.endUser = endUser;
  }
}

/** Whether the key's allow-list lets the principal use this model. Whether a pool offers it is routing's question. */
export function mayUseModel(principal: Principal, model: string): boolean {
  return principal.models === null || principal.models.includes(model);
}

/** Whether the principal's key was made for this. */
export function hasScope(principal: Principal, scope: KeyScope): boolean {
  return principal.scopes.includes(scope);
}
