// Which keys of a JWKS tokens are checked with. An issuer publishes what it likes: keys for encryption, keys that are too short
// by now, keys that a proxy cut off. One of them must neither spoil the others nor fail when somebody sends a token that names it.
import { createPublicKey, type KeyObject } from 'node:crypto';
import { z } from 'zod';

// What every recommendation of this decade asks for, and `jose` too: it throws for a shorter one.
const RSA_BITS_MIN = 2048;

const Named = z.looseObject({
  kid: z.string().optional(),
  alg: z.string().optional(),
  use: z.string().optional(),
  key_ops: z.array(z.string()).optional(),
});

/** Those that are whole, strong enough and meant for signatures, without what says nothing of the key itself. */
export function usableKeys(keys: readonly object[]): Record<string, unknown>[] {
  return keys.flatMap((key) => {
    const named = Named.safeParse(key);
    const read = keyOf(key);
    if (!named.success || read === null || !isStrong(read)) return [];
    const { kid, alg, use = 'sig', key_ops: operations = ['verify'] } = named.data;
    if (use !== 'sig' || !operations.includes('verify')) return [];
    const names = { ...(kid === undefined ? {} : { kid }), ...(alg === undefined ? {} : { alg }) };
    return [{ ...read.export({ format: 'jwk' }), ...names, use }];
  });
}

/** Null: it is none, whatever it says. */
function keyOf(key: object): KeyObject | null {
  try {
    return createPublicKey({ key: { ...key }, format: 'jwk' });
  } catch {
    return null;
  }
}

function isStrong({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): boolean {
  return asymmetricKeyType !== 'rsa' || (asymmetricKeyDetails?.modulusLength ?? 0) >= RSA_BITS_MIN;
}
