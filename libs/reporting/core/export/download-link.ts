// Download links: who has one may fetch one file of one run until it expires, and nothing else. Signed, so that nothing has
// to be stored; short-lived, since an address ends up in logs.
import { createHmac, timingSafeEqual } from 'node:crypto';

/** How long a link works. */
export const LINK_MS = 15 * 60_000;

/** What a link lets its holder fetch. */
export interface LinkTarget {
  readonly runId: string;
  readonly file: string;
  /** Unix milliseconds. */
  readonly expiresAtMs: number;
}

/** Signs and checks links with a key of its own, derived from the installation's secret. */
export class DownloadLinks {
  readonly #key: Buffer;

  constructor(secret: string) {
    this.#key = createHmac('sha256', secret).update('trunkline export links 1').digest();
  }

  /** The signature of a link. */
  sign({ runId, file, expiresAtMs }: LinkTarget): string {
    // Lengths before parts: no two targets share a text.
    const text = [runId, file, String(expiresAtMs)].map((part) => `${Buffer.byteLength(part)}:${part}`).join('');
    return createHmac('sha256', this.#key).update(text).digest('base64url');
  }

  /** Whether a link is ours and still works. */
  isValid(target: LinkTarget, signature: string, nowMs: number): boolean {
    if (!Number.isSafeInteger(target.expiresAtMs) || target.expiresAtMs <= nowMs) return false;
    const [given, right] = [Buffer.from(signature), Buffer.from(this.sign(target))];
    return given.length === right.length && timingSafeEqual(given, right);
  }
}
