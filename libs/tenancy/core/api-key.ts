// The text of an API key and what is stored of it. A key is `tl_`, 160 random bits and a CRC-32 of both, in letters that
// are not mistaken for each other: secret scanners can recognise it, and a typo shows without a look-up. Stored is only
// an HMAC under a pepper that is not in the database, so neither a dump nor a log of it can be used as a key.
import { createHmac } from 'node:crypto';
import { isWellFormedSecret, mintSecret } from './secret-text.js';

/** What every key begins with. `ek_` is for client secrets, of which one SDK demands it. */
export const KEY_PREFIX = 'tl_';

// HMAC-SHA-256 gains nothing from a longer pepper and is guessable with a much shorter one.
const PEPPER_BYTES_MIN = 16;

/** HMAC of a key, as lower-case hex: how keys are stored and looked up. */
export type KeyHasher = (key: string) => string;

/** What may be shown of a key after it was made. */
export interface KeyDisplay {
  readonly prefix: string;
  readonly last4: string;
}

/** A new key, to be shown once and then forgotten. @param randomBytes 20 bytes per call (`crypto.randomBytes`). */
export function mintKey(randomBytes: (n: number) => Uint8Array): string {
  return mintSecret(KEY_PREFIX, randomBytes);
}

/** True for a text that could be a key of this product: shape and checksum fit. It says nothing about who made it. */
export function isWellFormedKey(text: string): boolean {
  return isWellFormedSecret(KEY_PREFIX, text);
}

/** Prefix and last four characters: enough to recognise a key by, far too little to guess it. */
export function displayOf(key: string): KeyDisplay {
  return { prefix: KEY_PREFIX, last4: key.slice(-4) };
}

/**
 * The hasher of an installation. The same pepper must be used for ever: another one makes every stored key unknown.
 * @throws RangeError for a pepper under 16 bytes, an empty one above all.
 */
export function keyHasher(pepper: string | Uint8Array): KeyHasher {
  const secret = Buffer.from(pepper);
  if (secret.length < PEPPER_BYTES_MIN)
    throw new RangeError(`the key pepper must have at least ${PEPPER_BYTES_MIN} bytes, has ${secret.length}`);
  return (key) => createHmac('sha256', secret).update(key).digest('hex');
}
