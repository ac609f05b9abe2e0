// Kept content is sealed in the gateway: each excerpt with AES-256-GCM under a key of its session, the key under the
// installation's. Guarantees that an excerpt opens only with the key of its session and as that of its finding, unchanged to the
// last bit; so taking a session's key away erases all of it, wherever copies of the excerpts lie. Leaves storing to others.
import { createCipheriv, createDecipheriv } from 'node:crypto';
import type { ModerationFindingId, SessionId, TenantId } from '@trunkline/kernel';

/** Seals keys under the installation's secret, for one owner each. */
export interface KeyWrap {
  seal(secret: string, owner: string): string;
  /** Null for another secret, another owner, or what was damaged. */
  open(sealed: string, owner: string): string | null;
}

/** Whose content it is. */
export interface ContentOwner {
  readonly tenantId: TenantId;
  readonly sessionId: SessionId;
}

/** An excerpt as it is stored, and its session's key. */
export interface SealedText {
  readonly sealed: string;
  readonly wrappedKey: string;
}

const VERSION = 'c1.';
const CIPHER = 'aes-256-gcm';
const KEY_BYTES = 32;
// Random nonces are safe for 2^32 texts under one key; a session has at most a thousand.
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** Seals the excerpts of one session. */
export class SessionSeal {
  private readonly key: Uint8Array;
  private readonly wrappedKey: string;

  /** @param randomBytes of cryptographic quality. */
  constructor(
    owner: ContentOwner,
    wrap: KeyWrap,
    private readonly randomBytes: (n: number) => Uint8Array,
  ) {
    this.key = randomBytes(KEY_BYTES);
    this.wrappedKey = wrap.seal(Buffer.from(this.key).toString('base64url'), keyOwner(owner));
  }

  /** Seals an excerpt of a finding. */
  seal(findingId: ModerationFindingId, text: string): SealedText {
    const nonce = this.randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(CIPHER, this.key, nonce, { authTagLength: TAG_BYTES });
    cipher.setAAD(Buffer.from(findingId));
    const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
    const sealed = VERSION + Buffer.concat([nonce, cipher.getAuthTag(), body]).toString('base64url');
    return { sealed, wrappedKey: this.wrappedKey };
  }
}

/** The excerpt; null when the key is another, or anything was changed. */
export function openSealedText(
  { sealed, wrappedKey }: SealedText,
  { findingId, ...owner }: ContentOwner & { readonly findingId: ModerationFindingId },
  wrap: Pick<KeyWrap, 'open'>,
): string | null {
  const key = Buffer.from(wrap.open(wrappedKey, keyOwner(owner)) ?? '', 'base64url');
  const bytes = Buffer.from(sealed.slice(VERSION.length), 'base64url');
  const isWhole = key.length === KEY_BYTES && bytes.length >= NONCE_BYTES + TAG_BYTES;
  if (!sealed.startsWith(VERSION) || !isWhole) return null;
  const decipher = createDecipheriv(CIPHER, key, bytes.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES });
  decipher.setAAD(Buffer.from(findingId));
  decipher.setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
  const text = decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES));
  try {
    return Buffer.concat([text, decipher.final()]).toString('utf8');
  } catch {
    // The only thing `final` throws for is a tag that does not fit: not ours, or not intact.
    return null;
  }
}

function keyOwner({ tenantId, sessionId }: ContentOwner): string {
  return `content of ${tenantId} ${sessionId}`;
}
