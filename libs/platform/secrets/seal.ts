// Secrets that have to be given out again (an upstream's key), sealed (kernel/seal) so that a dump of the database does not show
// them: under a key derived from the installation's pepper. Guarantees that a sealed text opens only with the same pepper and
// for the owner it was sealed for, unchanged to the last bit. Leaves where it is stored to the caller.
import { hkdfSync, randomBytes } from 'node:crypto';
import { openBytes, SEAL_KEY_BYTES, sealBytes } from '@trunkline/kernel';

/** Seals and opens secrets of one installation. */
export interface SecretSeal {
  /** @param owner whose secret it is, such as the id of a pool: sealed for one owner, it does not open for another. */
  seal(secret: string, owner: string): string;
  /** The secret; null when it was sealed under another pepper, for another owner, or was damaged since. */
  open(sealed: string, owner: string): string | null;
}

const VERSION = 'v1.';
const PEPPER_BYTES_MIN = 16;
// Keeps this key apart from the HMAC of API keys, which uses the pepper itself.
const PURPOSE = 'trunkline secret seal v1';

/** The seal of an installation. @throws RangeError for a pepper under 16 bytes, an empty one above all. */
export function secretSeal(pepper: string): SecretSeal {
  const ikm = Buffer.from(pepper);
  if (ikm.length < PEPPER_BYTES_MIN)
    throw new RangeError(`the key pepper must have at least ${PEPPER_BYTES_MIN} bytes, has ${ikm.length}`);
  const key = Buffer.from(hkdfSync('sha256', ikm, '', PURPOSE, SEAL_KEY_BYTES));
  return {
    seal: (secret, owner) =>
      VERSION + sealBytes(Buffer.from(secret), { key, as: owner }, randomBytes).toString('base64url'),
    open(sealed, owner) {
      if (!sealed.startsWith(VERSION)) return null;
      const bytes = Buffer.from(sealed.slice(VERSION.length), 'base64url');
      return openBytes(bytes, { key, as: owner })?.toString('utf8') ?? null;
    },
  };
}
