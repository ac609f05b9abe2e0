// How everything that is sealed here is sealed: AES-256-GCM, laid out as nonce, tag, ciphertext. Guarantees that what was
// sealed opens only with the same key and for the same purpose, unchanged to the last bit; rows of earlier releases have this
// layout, so it stays. Leaves keys, chance and the text form to whoever seals.
import { createCipheriv, createDecipheriv } from 'node:crypto';

const CIPHER = 'aes-256-gcm';
/** Bytes of a key. */
export const SEAL_KEY_BYTES = 32;
// The nonce that GCM is specified for. Random ones are safe for 2^32 texts under one key.
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** What something is sealed with. */
export interface SealWith {
  /** `SEAL_KEY_BYTES` long. */
  readonly key: Uint8Array;
  /** What it is and whose: sealed as one thing, it does not open as another. Not secret, not stored. */
  readonly as: string;
}

/** Seals bytes. @param randomBytes of cryptographic quality: a nonce that comes twice under one key gives both texts away. */
export function sealBytes(plain: Uint8Array, { key, as }: SealWith, randomBytes: (n: number) => Uint8Array): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(Buffer.from(as));
  const body = Buffer.concat([cipher.update(plain), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), body]);
}

/** What was sealed; null for another key, sealed as something else, not whole, or changed since. */
export function openBytes(sealed: Buffer, { key, as }: SealWith): Buffer | null {
  if (key.length !== SEAL_KEY_BYTES || sealed.length < NONCE_BYTES + TAG_BYTES) return null;
  const decipher = createDecipheriv(CIPHER, key, sealed.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES });
  decipher.setAAD(Buffer.from(as));
  decipher.setAuthTag(sealed.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
  const plain = decipher.update(sealed.subarray(NONCE_BYTES + TAG_BYTES));
  try {
    return Buffer.concat([plain, decipher.final()]);
  } catch {
    // The only thing `final` throws for is a tag that does not fit: not ours, or not intact.
    return null;
  }
}
