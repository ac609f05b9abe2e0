// What the control plane's routes need, handed in by the composition root. A token rather than classes by type, so that
// the pieces stay plain objects that tests make without a container.
import type { Refusal, Result } from '@trunkline/kernel';
import type { EndUserHasher, KeyWrap } from '@trunkline/moderation';
import type { Database } from '@trunkline/platform/database';
import type { Log } from '@trunkline/platform/logging';
import type { SecretSeal } from '@trunkline/platform/secrets';
import type { DownloadLinks } from '@trunkline/reporting';
import type { ExportPlace } from '@trunkline/reporting/adapters/export';
import type { Credentials, FreshPolicy, Principal } from '@trunkline/tenancy';
import type { TenancyContext, TenantRows } from '@trunkline/tenancy/adapters/prisma';
import type { AdminCookies } from './access/admin-cookie.js';
import type { OneTimeLink } from './access/one-time-link.js';
import type { PoolReads } from './pools/pool-reads.js';
import type { OidcSignIn } from './sign-in/oidc.js';

/**
 * What calls go to. `simulator` is said loudly on every screen; `unknown` is for an API of its own, whose gateways have
 * settings that it does not see.
 */
export type UpstreamKind = 'simulator' | 'vendor' | 'unknown';

/** Parts that routes use. */
export interface ApiRouteParts {
  /** Reads only: what changes something is done on `auditedDb`. */
  readonly db: Database;
  readonly tenancy: TenancyContext;
  /** Whose rows a request may touch; `db` obeys it. */
  readonly rows: TenantRows;
  readonly upstream: UpstreamKind;
  /** Where apps reach the gateway, such as `http://127.0.0.1:8080`; null: not known here. */
  readonly gatewayUrl: string | null;
  readonly link: OneTimeLink;
  readonly cookies: AdminCookies;
  /** Whether a `Host` header names this listener. */
  readonly isOurHost: (host: string | undefined) => boolean;
  /** Whether an `Authorization` header carries the operator token. */
  readonly isOperator: (authorization: string | undefined) => boolean;
  /** The company's issuer; null: none is set. */
  readonly signIn: OidcSignIn | null;
  /** Whether one person may do what two are for, on the record. */
  readonly allowsOnePerson: boolean;
  readonly pools: PoolReads;
  /** As it is now. */
  readonly policy: Pick<FreshPolicy, 'current'>;
  /** Who holds a tenant's key, by the policy as it is now. Rejects when that cannot be read. */
  readonly principalOf: (credentials: Credentials) => Promise<Result<Principal, Refusal>>;
  /** Where exports are kept and how their links are signed; null: not known to this process. */
  readonly exports: ExportAccess | null;
  /** Opens the keys of kept content; null: it cannot be read here. */
  readonly contentSeal: KeyWrap | null;
  /** What an end user is called here; null: this process has no pepper to hash them under. */
  readonly hashEndUser: EndUserHasher | null;
  /** Seals what must be given out again; null: this process has no pepper, and keeps no secrets. */
  readonly seal: SecretSeal | null;
  readonly log: Log;
  /** The OpenAPI document of these routes. */
  readonly openApi: () => Promise<object>;
}

/** Exports, as routes reach them. */
export interface ExportAccess {
  readonly place: ExportPlace;
  readonly links: DownloadLinks;
}

/** Injection token of `ApiRouteParts`. */
export const API_PARTS = Symbol('ApiRouteParts');
