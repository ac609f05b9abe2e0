// Secrets that have to be given out again (an upstream's key), sealed so that a dump of the database does not show them:
// AES-256-GCM under a key derived from the installation's pepper. Guarantees that a sealed text opens only with the same
// pepper and for the owner it was sealed for, unchanged to the last bit. Leaves where it is stored to the caller.
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

/** Seals and opens secrets of one installation. */
export interface SecretSeal {
  /** @param owner whose secret it is, such as the id of a pool: sealed for one owner, it does not open for another. */
  seal(secret: string, owner: string): string;
  /** The secret; null when it was sealed under another pepper, for another owner, or was damaged since. */
  open(sealed: string, owner: string): string | null;
}

const VERSION = 'v1.';
const CIPHER = 'aes-256-gcm';
const KEY_BYTES = 32;
// The nonce that GCM is specified for. It is random: an installation seals far fewer than the 2^32 texts that allows.
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const PEPPER_BYTES_MIN = 16;
// Keeps this key apart from the HMAC of API keys, which uses the pepper itself.
const PURPOSE = 'trunkline secret seal v1';

/** The seal of an installation. @throws RangeError for a pepper under 16 bytes, an empty one above all. */
export function secretSeal(pepper: string): SecretSeal {
  const ikm = Buffer.from(pepper);
  if (ikm.length < PEPPER_BYTES_MIN)
    throw new RangeError(`the key pepper must have at least ${PEPPER_BYTES_MIN} bytes, has ${ikm.length}`);
  const key = Buffer.from(hkdfSync('sha256', ikm, '', PURPOSE, KEY_BYTES));
  return {
    seal(secret, owner) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES });
      cipher.setAAD(Buffer.from(owner));
      const text = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()]);
      return VERSION + Buffer.concat([nonce, cipher.getAuthTag(), text]).toString('base64url');
    },
    open: (sealed, owner) => (sealed.startsWith(VERSION) ? opened(key, sealed.slice(VERSION.length), owner) : null),
  };
}

function opened(key: Buffer, body: string, owner: string): string | null {
  const bytes = Buffer.from(body, 'base64url');
  if (bytes.length < NONCE_BYTES + TAG_BYTES) return null;
  const nonce = bytes.subarray(0, NONCE_BYTES);
  const decipher = createDecipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(Buffer.from(owner));
  decipher.setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
  const text = decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES));
  try {
    return Buffer.concat([text, decipher.final()]).toString('utf8');
  } catch {
    // The only thing `final` throws for is a tag that does not fit: not ours, or not intact.
    return null;
  }
}
