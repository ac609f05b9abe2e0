// Verifies a company's token: signature, issuer, audience, time. Guarantees that the algorithm is one that the issuer was
// configured with, that keys come from its JWKS and never from the token, and that a result is remembered for exactly that
// token: under the hash of all of it, until it ends, and no longer than the keys it was checked with.
import { createHash } from 'node:crypto';
import { err, ok, type Clock, type Result } from '@trunkline/kernel';
import { decodeJwt, decodeProtectedHeader, errors, jwtVerify } from 'jose';
import { z } from 'zod';
import type { JwtApps, JwtIssuer, VerifiedToken } from '../../index.js';
import type { IssuerKeys, KnownKeys } from './issuer-keys.js';

/** What it works with. */
export interface TokenVerifierParts {
  readonly keys: Pick<IssuerKeys, 'of' | 'want'>;
  readonly clock: Pick<Clock, 'nowMs'>;
}

/** `refused`: it is not good here. `no_keys`: it cannot be checked now, for its issuer's keys are not known. */
export type TokenProblem = 'refused' | 'no_keys';

// A token is a few hundred bytes and its result fewer; ten thousand are some megabytes.
const REMEMBERED_MAX = 10_000;
// What lets a token say by which key it is to be checked, or what we would have to understand and do not.
const FORBIDDEN_HEADERS = ['jku', 'x5u', 'jwk', 'x5c', 'crit', 'b64', 'zip'] as const;
const TYPES = new Set(['jwt', 'at+jwt', 'application/at+jwt']);
const KID = /^[\x21-\x7e]{1,256}$/;

const Header = z.looseObject({ alg: z.string(), kid: z.string().regex(KID).optional(), typ: z.string().optional() });
const Claims = z.looseObject({ exp: z.number() });

interface Remembered {
  readonly token: VerifiedToken;
  readonly keys: KnownKeys['set'];
}

/** Verifies tokens. */
export class TokenVerifier {
  private readonly remembered = new Map<string, Remembered>();

  constructor(private readonly parts: TokenVerifierParts) {}

  /** Whether it looks like a token at all; a key or a client secret never does. */
  static looksLikeOne(text: string): boolean {
    return text.startsWith('eyJ') && text.split('.').length === 3;
  }

  /** What a token says, if its issuer said it. @param apps the policy in force. Never rejects for a bad token. */
  async verify(text: string, apps: JwtApps): Promise<Result<VerifiedToken, TokenProblem>> {
    const hash = createHash('sha256').update(text).digest('base64');
    const known = this.recall(hash, apps);
    if (known) return ok(known);
    const issuer = issuerOf(text, apps);
    if (issuer === null || !isHeaderGood(text, issuer)) return err('refused');
    const keys = this.parts.keys.of(issuer);
    if (keys === null) return err('no_keys');
    try {
      const token = await this.verified(text, issuer, keys);
      if (token === null) return err('refused');
      this.remember(hash, { token, keys: keys.set });
      return ok(token);
    } catch (error) {
      if (error instanceof errors.JWKSNoMatchingKey) this.parts.keys.want(issuer);
      if (error instanceof errors.JOSEError || error instanceof z.ZodError) return err('refused');
      throw error;
    }
  }

  private async verified(text: string, issuer: JwtIssuer, { set }: KnownKeys): Promise<VerifiedToken | null> {
    const { payload } = await jwtVerify(text, set, {
      algorithms: [...issuer.algorithms],
      issuer: issuer.issuer,
      audience: [...issuer.audiences],
      clockTolerance: issuer.skewSeconds,
      requiredClaims: ['exp'],
      currentDate: new Date(this.parts.clock.nowMs()),
    });
    const claims = Claims.parse(payload);
    const app = textOf(claims[issuer.appClaim]);
    const tenantSlug = 'claim' in issuer.tenant ? textOf(claims[issuer.tenant.claim]) : null;
    if (app === null || ('claim' in issuer.tenant && tenantSlug === null)) return null;
    const endUser = issuer.endUserClaim === null ? null : textOf(claims[issuer.endUserClaim]);
    return { issuer, tenantSlug, app, endUser, validUntilMs: (claims.exp + issuer.skewSeconds) * 1_000 };
  }

  private recall(hash: string, apps: JwtApps): VerifiedToken | null {
    const known = this.remembered.get(hash);
    if (known === undefined) return null;
    const { issuer, validUntilMs } = known.token;
    const isGood =
      apps.issuer(issuer.issuer)?.id === issuer.id &&
      this.parts.keys.of(issuer)?.set === known.keys &&
      this.parts.clock.nowMs() < validUntilMs;
    if (isGood) return known.token;
    this.remembered.delete(hash);
    return null;
  }

  private remember(hash: string, result: Remembered): void {
    const [oldest] = this.remembered.keys();
    if (this.remembered.size >= REMEMBERED_MAX && oldest !== undefined) this.remembered.delete(oldest);
    this.remembered.set(hash, result);
  }
}

/** By a claim that nobody has checked yet: it only says which keys to check with. */
function issuerOf(text: string, apps: JwtApps): JwtIssuer | null {
  try {
    const { iss } = decodeJwt(text);
    return typeof iss === 'string' ? apps.issuer(iss) : null;
  } catch (error) {
    if (error instanceof errors.JOSEError) return null;
    throw error;
  }
}

function isHeaderGood(text: string, issuer: JwtIssuer): boolean {
  let decoded: unknown;
  try {
    decoded = decodeProtectedHeader(text);
  } catch {
    // Whatever it is, it is no header.
    return false;
  }
  const header = Header.safeParse(decoded);
  if (!header.success || FORBIDDEN_HEADERS.some((name) => name in header.data)) return false;
  const { alg, typ } = header.data;
  return issuer.algorithms.some((known) => known === alg) && (typ === undefined || TYPES.has(typ.toLowerCase()));
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' && value.length > 0 && value.length <= 512 ? value : null;
}
