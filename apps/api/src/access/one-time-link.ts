// The secret of the one-time admin link. Guarantees: at most one is open, it opens the door once, and what is kept (a hash,
// in memory only) cannot be turned back into a link. A restart forgets it, which is how a new one is had.
import { createHash, timingSafeEqual } from 'node:crypto';
import type { Clock } from '@trunkline/kernel';

/** How long a link waits to be used. A day: who installs in the evening finds it working in the morning. */
export const LINK_MS_MAX = 24 * 3_600_000;
// 256 bits: guessing is hopeless, so failed attempts need no counting.
const SECRET_BYTES = 32;

/** What the link needs of the machine. */
export interface LinkSources {
  readonly clock: Clock;
  readonly randomBytes: (n: number) => Uint8Array;
}

/** The link that is open, if any. */
export class OneTimeLink {
  private open: { readonly hash: Buffer; readonly untilMs: number } | null = null;

  constructor(private readonly sources: LinkSources) {}

  /** A fresh token; an earlier one that was not used stops working. */
  issue(): string {
    const token = Buffer.from(this.sources.randomBytes(SECRET_BYTES)).toString('base64url');
    this.open = { hash: hashOf(token), untilMs: this.sources.clock.monotonicMs() + LINK_MS_MAX };
    return token;
  }

  /** Whether the token opens the door. It does so once; a wrong one leaves the link as it is. */
  redeem(token: string): boolean {
    if (this.open === null) return false;
    // Hashes have one length whatever was sent, and are compared in constant time.
    if (!timingSafeEqual(hashOf(token), this.open.hash)) return false;
    const inTime = this.sources.clock.monotonicMs() < this.open.untilMs;
    this.open = null;
    return inTime;
  }
}

function hashOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
