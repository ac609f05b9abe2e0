// The text of what we hand out as a credential: a prefix, 160 random bits and a CRC-32 of both, in letters that are not
// mistaken for each other. Secret scanners can recognise it, and a typo shows without a look-up.
import { crc32 } from 'node:zlib';
import { base32 } from '@trunkline/kernel';

/** What a credential begins with: `tl_` keys, `ek_` client secrets, `tlat_` tokens of the admin API. */
export type SecretPrefix = 'tl_' | 'ek_' | 'tlat_';

const SECRET_BYTES = 20;
// 160 bits are exactly 32 characters of 5 bits; the 32 bits of the checksum take 7.
const CHECK_CHARS = 7;
const BODY = /^[0-9a-hjkmnp-tv-z]{39}$/;

/** A new credential. @param randomBytes 20 bytes per call (`crypto.randomBytes`). */
export function mintSecret(prefix: SecretPrefix, randomBytes: (n: number) => Uint8Array): string {
  const text = `${prefix}${base32(randomBytes(SECRET_BYTES))}`;
  return text + checksumOf(text);
}

/** True for a text that could be one of ours: shape and checksum fit. It says nothing about who made it. */
export function isWellFormedSecret(prefix: SecretPrefix, text: string): boolean {
  if (!text.startsWith(prefix) || !BODY.test(text.slice(prefix.length))) return false;
  return checksumOf(text.slice(0, -CHECK_CHARS)) === text.slice(-CHECK_CHARS);
}

function checksumOf(text: string): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc32(text));
  return base32(bytes);
}
