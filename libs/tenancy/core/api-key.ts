// The text of an API key and what is stored of it. A key is `tl_`, 160 random bits and a CRC-32 of both, in letters that
// are not mistaken for each other: secret scanners can recognise it, and a typo shows without a look-up. Stored is only
// an HMAC under a pepper that is not in the database, so neither a dump nor a log of it can be used as a key.
import { createHmac } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { base32 } from '@trunkline/kernel';

/** What every key begins with. `ek_` is kept free for ephemeral keys, which one SDK demands. */
export const KEY_PREFIX = 'tl_';

const SECRET_BYTES = 20;
// 160 bits are exactly 32 characters of 5 bits; the 32 bits of the checksum take 7.
const BODY_CHARS = 32;
const CHECK_CHARS = 7;
const SHAPE = new RegExp(`^${KEY_PREFIX}[0-9a-hjkmnp-tv-z]{${BODY_CHARS + CHECK_CHARS}}$`);
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
  const text = `${KEY_PREFIX}${base32(randomBytes(SECRET_BYTES))}`;
  return text + checksumOf(text);
}

/** True for a text that could be a key of this product: shape and checksum fit. It says nothing about who made it. */
export function isWellFormedKey(text: string): boolean {
  return SHAPE.test(text) && checksumOf(text.slice(0, -CHECK_CHARS)) === text.slice(-CHECK_CHARS);
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

function checksumOf(text: string): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc32(text));
  return base32(bytes);
}
