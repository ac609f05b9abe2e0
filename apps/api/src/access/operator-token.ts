// The token with which programs of the operator (the command line) use the API: `Authorization: Bearer <token>`. Only its
// hash is kept, and hashes are compared, in constant time: how long a refusal takes says nothing about the token.
import { createHash, timingSafeEqual } from 'node:crypto';

const BEARER = /^Bearer ([\w~+/.=-]{1,200})$/i;

/** Judges `Authorization` headers. @param token null: no token is good, sign in with the one-time link. */
export function operatorCheck(token: string | null): (authorization: string | undefined) => boolean {
  const expected = token === null ? null : hashOf(token);
  return (authorization) => {
    const [, given] = BEARER.exec(authorization ?? '') ?? [];
    return expected !== null && given !== undefined && timingSafeEqual(hashOf(given), expected);
  };
}

function hashOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
