// The company's issuer (OpenID Connect): where to send somebody to sign in, and what it says about who came back. Authorization
// code with PKCE; state, nonce and verifier are bound to the browser by a cookie, and whatever does not fit them is nobody.
import * as openid from 'openid-client';
import { z } from 'zod';
import type { GroupRole } from '@trunkline/tenancy';

/** The issuer, and what its groups are here. */
export interface SignInSettings {
  /** As it calls itself. */
  readonly issuer: string;
  readonly clientId: string;
  /** Null: a client without a secret; PKCE alone. */
  readonly clientSecret: string | null;
  readonly scopes: string;
  readonly groupsClaim: string;
  readonly groupRoles: readonly GroupRole[];
  /** Where browsers reach the admin port; null: as they say themselves. */
  readonly publicUrl: string | null;
}

/** What a browser keeps while it is away at the issuer. */
export const Pending = z.strictObject({
  state: z.string().min(20).max(200),
  nonce: z.string().min(20).max(200),
  verifier: z.string().min(43).max(128),
  isFresh: z.boolean(),
});
export type Pending = z.output<typeof Pending>;

/** The issuer did not answer, or not as one does. */
export class IssuerUnavailable extends Error {
  override readonly name = 'IssuerUnavailable';
}

const Claims = z.looseObject({
  iss: z.string().min(1).max(500),
  sub: z.string().min(1).max(500),
  name: z.string().optional().catch(undefined),
  email: z.string().optional().catch(undefined),
  preferred_username: z.string().optional().catch(undefined),
  auth_time: z.number().optional().catch(undefined),
});

const SECONDS_MAX = 8;
// Signed in anew means: within a minute, not from a session that the issuer still has.
const FRESH_SECONDS = 60;
const CALLBACK = '/admin/sign-in/callback';

/** Talks to the issuer; found when first needed, so that the control plane starts without it. */
export class OidcSignIn {
  #found: Promise<openid.Configuration> | null = null;

  constructor(readonly settings: SignInSettings) {}

  /** Where to send a browser, and what it has to keep. @throws IssuerUnavailable */
  async begin(origin: string, isFresh: boolean): Promise<{ readonly url: string; readonly pending: Pending }> {
    const issuer = await this.#issuer();
    const verifier = openid.randomPKCECodeVerifier();
    const pending = { state: openid.randomState(), nonce: openid.randomNonce(), verifier, isFresh };
    const url = openid.buildAuthorizationUrl(issuer, {
      redirect_uri: this.#redirectTo(origin),
      scope: this.settings.scopes,
      code_challenge: await openid.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      ...{ state: pending.state, nonce: pending.nonce },
      ...(isFresh ? { prompt: 'login', max_age: String(FRESH_SECONDS) } : {}),
    });
    return { url: url.href, pending };
  }

  /** Who came back. @param query of the callback, as it came @throws what the library throws where anything does not fit */
  async finish(origin: string, query: string, { state, nonce, verifier, isFresh }: Pending) {
    const issuer = await this.#issuer();
    const at = new URL(`${this.#redirectTo(origin)}${query}`);
    const tokens = await openid.authorizationCodeGrant(issuer, at, {
      ...{ pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, idTokenExpected: true },
      ...(isFresh ? { maxAge: FRESH_SECONDS } : {}),
    });
    const claims = Claims.parse(tokens.claims());
    const { groupsClaim } = this.settings;
    // Some issuers tell these only where they are asked for them.
    const lacks = claims[groupsClaim] === undefined || claims.name === undefined;
    const isAsked = lacks && issuer.serverMetadata().userinfo_endpoint !== undefined;
    const told = isAsked ? await openid.fetchUserInfo(issuer, tokens.access_token, claims.sub) : null;
    const who = Claims.parse({ ...told, ...claims });
    return {
      ...{ issuer: who.iss, subject: who.sub, email: who.email ?? null },
      name: who.name ?? who.preferred_username ?? who.email ?? null,
      groups: who[groupsClaim],
      authenticatedAtMs: claims.auth_time === undefined ? null : claims.auth_time * 1_000,
    };
  }

  #redirectTo(origin: string): string {
    return `${this.settings.publicUrl ?? origin}${CALLBACK}`;
  }

  async #issuer(): Promise<openid.Configuration> {
    this.#found ??= this.#discover();
    try {
      return await this.#found;
    } catch (error) {
      this.#found = null;
      throw new IssuerUnavailable('the issuer does not answer', { cause: error });
    }
  }

  #discover(): Promise<openid.Configuration> {
    const { issuer, clientId, clientSecret } = this.settings;
    const url = new URL(issuer);
    const execute = url.protocol === 'http:' && isLoopback(url.hostname) ? [openid.allowInsecureRequests] : [];
    const proof = clientSecret === null ? openid.None() : openid.ClientSecretPost(clientSecret);
    return openid.discovery(url, clientId, undefined, proof, { execute, timeout: SECONDS_MAX });
  }
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '127.0.0.1' || host === '[::1]';
}
