// The public keys of issuers, kept in memory and refreshed behind the handshakes: none ever waits for an issuer. Guarantees
// that keys which could not be refreshed for a day are not believed any more, and that a flood of unknown key ids asks an
// issuer no more often than its cooldown.
import type { Clock, JwtIssuerId } from '@trunkline/kernel';
import { createLocalJWKSet, type LocalJWKSet } from 'jose';
import { JwksInput, type JwtIssuer } from '../../index.js';
import { usableKeys } from './usable-keys.js';

/** Gets a JWKS as it is. @throws when it cannot be had. */
export type FetchJwks = (url: string, signal: AbortSignal) => Promise<unknown>;

/** What it needs of the world. */
export interface IssuerKeyParts {
  readonly issuers: () => readonly JwtIssuer[];
  readonly fetch: FetchJwks;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly failed: (issuer: string, error: unknown) => void;
}

/** Keys of an issuer, to check with. */
export interface KnownKeys {
  /** Another object when other keys were fetched. */
  readonly set: LocalJWKSet;
}

interface Held extends KnownKeys {
  /** As text, to tell whether they changed. */
  readonly text: string;
  /** On the monotonic clock. */
  readonly fetchedAtMs: number;
}

const REFRESH_MS = 10 * 60_000;
// A new key is published before it signs; who cannot wait for the refresh asks for one, but not for a flood of them.
const COOLDOWN_MS = 10_000;
const STALE_MS_MAX = 24 * 3_600_000;

/** Holds the keys of all issuers of the policy. */
export class IssuerKeys {
  private readonly held = new Map<JwtIssuerId, Held>();
  private readonly triedAtMs = new Map<JwtIssuerId, number>();
  private readonly wanted = new Set<JwtIssuerId>();

  constructor(private readonly parts: IssuerKeyParts) {}

  /** The keys; null: they were never fetched, or too long ago to be believed. */
  of({ id }: JwtIssuer): KnownKeys | null {
    const held = this.held.get(id);
    if (held === undefined || this.parts.clock.monotonicMs() - held.fetchedAtMs >= STALE_MS_MAX) return null;
    return held;
  }

  /** A token names a key that is not known: fetch them sooner. */
  want({ id }: JwtIssuer): void {
    this.wanted.add(id);
  }

  /** Fetches what is due and forgets who is gone. Never rejects. Call it every second, one call at a time. */
  async refresh(signal: AbortSignal): Promise<void> {
    const issuers = this.parts.issuers();
    const ids = new Set(issuers.map(({ id }) => id));
    for (const kept of [this.held, this.triedAtMs, this.wanted])
      for (const id of kept.keys()) if (!ids.has(id)) kept.delete(id);
    await Promise.all(issuers.filter((issuer) => this.isDue(issuer)).map((issuer) => this.fetched(issuer, signal)));
  }

  private isDue({ id }: JwtIssuer): boolean {
    const tried = this.triedAtMs.get(id);
    if (tried === undefined) return true;
    const since = this.parts.clock.monotonicMs() - tried;
    const isMissing = this.wanted.has(id) || !this.held.has(id);
    return since >= (isMissing ? COOLDOWN_MS : REFRESH_MS);
  }

  private async fetched(issuer: JwtIssuer, signal: AbortSignal): Promise<void> {
    const { clock, fetch, failed } = this.parts;
    this.triedAtMs.set(issuer.id, clock.monotonicMs());
    this.wanted.delete(issuer.id);
    try {
      const found = 'url' in issuer.keys ? await fetch(issuer.keys.url, signal) : issuer.keys.jwks;
      const jwks = JwksInput.parse(found);
      const text = JSON.stringify(jwks);
      const before = this.held.get(issuer.id);
      const set = before?.text === text ? before.set : setOf(jwks.keys);
      this.held.set(issuer.id, { set, text, fetchedAtMs: clock.monotonicMs() });
    } catch (error) {
      if (!signal.aborted) failed(issuer.issuer, error);
    }
  }
}

function setOf(published: readonly object[]): LocalJWKSet {
  const keys = usableKeys(published);
  if (keys.length > 0) return createLocalJWKSet({ keys });
  throw new Error('none of the keys checks signatures: RSA keys have 2048 bits at least, and `use` is sig or left out');
}
