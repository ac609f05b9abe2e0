// Whose tokens are taken in place of a key, and what each is worth: an app of a company is a key without a text, so that its
// limits, shares, metering, suspension and revocation are those of keys. Leaves signatures to the adapter.
import type { ApiKeyId, JwtIssuerId, TenantId } from '@trunkline/kernel';

/** Algorithms that an issuer may sign with. All asymmetric: with a shared secret, who can check a token can make one. */
export const JWT_ALGORITHMS = [
  ...(['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'] as const),
];
export type JwtAlgorithm = (typeof JWT_ALGORITHMS)[number];

/** An issuer as policy sees it. It never changes: another setting is another issuer. */
export interface JwtIssuer {
  readonly id: JwtIssuerId;
  /** The claim `iss`, exactly. */
  readonly issuer: string;
  /** One of these must be in `aud`. */
  readonly audiences: readonly string[];
  /** Where its keys are fetched; or the keys, as a JWKS. */
  readonly keys: { readonly url: string } | { readonly jwks: unknown };
  readonly algorithms: readonly JwtAlgorithm[];
  /** Whose issuer it is; or which claim names the tenant's slug. */
  readonly tenant: { readonly id: TenantId } | { readonly claim: string };
  readonly appClaim: string;
  readonly endUserClaim: string | null;
  /** How far its clock may be from ours, in seconds. */
  readonly skewSeconds: number;
}

/** That a key stands for an app of an issuer. */
export interface JwtApp {
  readonly issuerId: JwtIssuerId;
  readonly tenantId: TenantId;
  readonly keyId: ApiKeyId;
  /** What the issuer's claim calls the app. */
  readonly subject: string;
}

/** What is stored. */
export interface JwtRows {
  readonly issuers: readonly JwtIssuer[];
  readonly apps: readonly JwtApp[];
}

/** The same, to ask. */
export interface JwtApps {
  readonly issuers: readonly JwtIssuer[];
  /** The issuer with this claim `iss`. */
  readonly issuer: (iss: string) => JwtIssuer | null;
  /** The key that stands for the app. */
  readonly keyOf: (app: Omit<JwtApp, 'keyId'>) => ApiKeyId | null;
}

/** A token whose signature and claims hold. */
export interface VerifiedToken {
  readonly issuer: JwtIssuer;
  /** What its claims name; null where the issuer has no such claim. */
  readonly tenantSlug: string | null;
  readonly app: string;
  readonly endUser: string | null;
  /** Unix milliseconds, the issuer's skew included. */
  readonly validUntilMs: number;
}

/** Compiles the rows; null: no issuer. */
export function compileJwtApps(rows: JwtRows | null): JwtApps {
  const issuers = Object.freeze([...(rows?.issuers ?? [])]);
  const byIss = new Map(issuers.map((each) => [each.issuer, each]));
  const keys = new Map((rows?.apps ?? []).map((app) => [nameOf(app), app.keyId]));
  return Object.freeze({
    issuers,
    issuer: (iss: string) => byIss.get(iss) ?? null,
    keyOf: (app: Omit<JwtApp, 'keyId'>) => keys.get(nameOf(app)) ?? null,
  });
}

// Ids have no blanks, so that no subject can be read as another's tenant.
function nameOf({ issuerId, tenantId, subject }: Omit<JwtApp, 'keyId'>): string {
  return `${issuerId} ${tenantId} ${subject}`;
}
