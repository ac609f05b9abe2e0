// Who is signed in. Guarantees: a session ends after 12 hours, only hashes of its secret are kept (in memory: a restart
// signs everybody out), and their number is bounded.
import { createHash } from 'node:crypto';
import type { LinkSources } from './one-time-link.js';

/** How long somebody stays signed in: a working day. */
export const ADMIN_SESSION_MS_MAX = 12 * 3_600_000;
// Each takes a one-time link, so even this many are never reached in earnest.
const SESSIONS_MAX = 100;
const SECRET_BYTES = 32;

/** The signed-in browsers. */
export class AdminSessions {
  /** Hash of the secret to when it ends; oldest first. */
  private readonly endsMs = new Map<string, number>();

  constructor(private readonly sources: LinkSources) {}

  /** Signs a browser in; the secret is for its cookie. */
  open(): string {
    const secret = Buffer.from(this.sources.randomBytes(SECRET_BYTES)).toString('base64url');
    const oldest = this.endsMs.keys().next();
    if (this.endsMs.size >= SESSIONS_MAX && !oldest.done) this.endsMs.delete(oldest.value);
    this.endsMs.set(hashOf(secret), this.sources.clock.monotonicMs() + ADMIN_SESSION_MS_MAX);
    return secret;
  }

  /** Whether the secret belongs to a session that has not ended. */
  isOpen(secret: string): boolean {
    const hash = hashOf(secret);
    const endMs = this.endsMs.get(hash);
    if (endMs === undefined) return false;
    if (this.sources.clock.monotonicMs() < endMs) return true;
    this.endsMs.delete(hash);
    return false;
  }
}

// Looked up by hash: how long the look-up takes says nothing about the secret.
function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url');
}
