// Kept content is sealed in the gateway: each excerpt (kernel/seal) under a key of its session, the key under the
// installation's. Guarantees that an excerpt opens only with the key of its session and as that of its finding, unchanged to the
// last bit; so taking a session's key away erases all of it, wherever copies of the excerpts lie. Leaves storing to others.
import {
  openBytes,
  SEAL_KEY_BYTES,
  sealBytes,
  type ModerationFindingId,
  type SessionId,
  type TenantId,
} from '@trunkline/kernel';

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
    this.key = randomBytes(SEAL_KEY_BYTES);
    this.wrappedKey = wrap.seal(Buffer.from(this.key).toString('base64url'), keyOwner(owner));
  }

  /** Seals an excerpt of a finding. */
  seal(findingId: ModerationFindingId, text: string): SealedText {
    const bytes = sealBytes(Buffer.from(text), { key: this.key, as: findingId }, this.randomBytes);
    return { sealed: VERSION + bytes.toString('base64url'), wrappedKey: this.wrappedKey };
  }
}

/** The excerpt; null when the key is another, or anything was changed. */
export function openSealedText(
  { sealed, wrappedKey }: SealedText,
  { findingId, ...owner }: ContentOwner & { readonly findingId: ModerationFindingId },
  wrap: Pick<KeyWrap, 'open'>,
): string | null {
  if (!sealed.startsWith(VERSION)) return null;
  const key = Buffer.from(wrap.open(wrappedKey, keyOwner(owner)) ?? '', 'base64url');
  const text = openBytes(Buffer.from(sealed.slice(VERSION.length), 'base64url'), { key, as: findingId });
  return text?.toString('utf8') ?? null;
}

function keyOwner({ tenantId, sessionId }: ContentOwner): string {
  return `content of ${tenantId} ${sessionId}`;
}
