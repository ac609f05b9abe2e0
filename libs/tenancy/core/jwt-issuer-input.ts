// What an administrator may say of an issuer, and of an app whose tokens it signs.
import { z } from 'zod';
import { CreateKeyInput, NameInput, SlugInput } from './inputs.js';
import { JWT_ALGORITHMS } from './jwt-apps.js';

const CLAIM = z.string().min(1).max(200, 'a claim has at most 200 characters');
const KEYS_MAX = 32;

const KeysUrl = z
  .string()
  .refine(isSafeUrl, 'jwksUrl must begin with https:// (http:// only on this machine) and hold no password');

/** Public keys for checking signatures. What could sign with, or is secret by its kind, is refused. */
export const JwksInput = z.object({
  keys: z
    .array(
      z.looseObject({
        kty: z.enum(['RSA', 'EC', 'OKP'], 'keys must be RSA, EC or OKP'),
        kid: z.string().max(256).exactOptional(),
      }),
    )
    .min(1, 'the JWKS has no keys')
    .max(KEYS_MAX)
    .refine(
      (keys) => !keys.some((key) => 'd' in key || 'k' in key),
      'the JWKS holds a private key: give the public ones',
    ),
});

/** A new issuer. */
export const CreateJwtIssuerInput = z
  .strictObject({
    name: SlugInput,
    issuer: z.string().min(1, 'issuer must be the text of the claim iss').max(500),
    audiences: z.array(z.string().min(1).max(500)).min(1, 'an issuer needs an audience').max(16),
    jwksUrl: KeysUrl.nullable().default(null),
    jwks: JwksInput.nullable().default(null),
    algorithms: z
      .array(z.enum(JWT_ALGORITHMS, `algorithms are of ${JWT_ALGORITHMS.join(', ')}`))
      .min(1)
      .default(['RS256']),
    tenant: z.string().nullable().default(null),
    tenantClaim: CLAIM.nullable().default(null),
    appClaim: CLAIM.default('sub'),
    endUserClaim: CLAIM.nullable().default(null),
    skewSeconds: z.number().int().min(0).max(120, 'skewSeconds must be at most 120').default(30),
  })
  .refine(({ jwksUrl, jwks }) => (jwksUrl === null) !== (jwks === null), {
    error: 'give either the address of the JWKS or its file',
    path: ['jwksUrl'],
  })
  .refine(({ tenant, tenantClaim }) => (tenant === null) !== (tenantClaim === null), {
    error: 'say either whose issuer it is (tenant) or which claim names the tenant (tenantClaim)',
    path: ['tenant'],
  });

export type CreateJwtIssuerRequest = z.input<typeof CreateJwtIssuerInput>;

/** A key that stands for an app of an issuer. */
export const CreateJwtKeyInput = CreateKeyInput.extend({
  name: NameInput,
  /** Name or id. */
  issuer: z.string(),
  /** What the issuer's app claim says. */
  subject: z.string().min(1, 'the subject must be the text of the app claim').max(256),
});

export type CreateJwtKeyRequest = z.input<typeof CreateJwtKeyInput>;

function isSafeUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, username, password } = new URL(text);
  if (username !== '' || password !== '') return false;
  const isHere = ['localhost', '127.0.0.1', '[::1]'].includes(hostname);
  return protocol === 'https:' || (protocol === 'http:' && isHere);
}
