// Tokens per minute by OpenAI's shared buckets (facts 6). A leaky bucket: use drains at limit/60 a second.
// Guarantees that an enforced limit is never passed by an admitted response's input; leaves the wording of the
// refusal to session/errors.ts.
import type { SimulatorConfig } from './config.js';

/** What `rate_limits.updated` reports (facts 4.5). */
export interface RateLimit {
  readonly name: 'tokens';
  readonly limit: number;
  readonly remaining: number;
  readonly reset_seconds: number;
}

/** A refusal by the limit, with the figures of its message. */
export interface RateRefusal {
  readonly bucket: string;
  readonly limit: number;
  readonly used: number;
  readonly requested: number;
  readonly retryAfterMs: number;
}

/** The limit reported when none is configured: the largest seen live (facts 6). */
const UNENFORCED_LIMIT = 15_000_000;

/** Counts tokens of all sessions. */
export class TokenLimiter {
  readonly #now: () => number;
  readonly #config: () => SimulatorConfig;
  readonly #used = new Map<string, { tokens: number; at: number }>();

  constructor(now: () => number, config: () => SimulatorConfig) {
    this.#now = now;
    this.#config = config;
  }

  /** Asks for `requested` tokens; null means admitted (nothing is taken yet: see `count`). */
  refuse(model: string, requested: number): RateRefusal | null {
    const { limit, enforced } = this.#limitOf(model);
    const used = Math.round(this.#level(model, limit));
    if (!enforced || used + requested <= limit) return null;
    const retryAfterMs = Math.ceil(((used + requested - limit) * 60_000) / limit);
    return { bucket: bucketOf(model), limit, used, requested, retryAfterMs };
  }

  /** Counts tokens that a response used. */
  count(model: string, tokens: number): void {
    const level = this.#level(model, this.#limitOf(model).limit);
    this.#used.set(bucketOf(model), { tokens: level + tokens, at: this.#now() });
  }

  /** The state to report after a response. */
  state(model: string): RateLimit {
    const { limit } = this.#limitOf(model);
    const used = Math.min(limit, Math.round(this.#level(model, limit)));
    return {
      name: 'tokens',
      limit,
      remaining: limit - used,
      reset_seconds: Math.round((used * 60_000) / limit) / 1000,
    };
  }

  #level(model: string, limit: number): number {
    const entry = this.#used.get(bucketOf(model));
    if (entry === undefined) return 0;
    return Math.max(0, entry.tokens - ((this.#now() - entry.at) * limit) / 60_000);
  }

  #limitOf(model: string): { limit: number; enforced: boolean } {
    const limits = this.#config().tokensPerMinute;
    const limit = limits[model] ?? limits['*'];
    return limit === undefined ? { limit: UNENFORCED_LIMIT, enforced: false } : { limit, enforced: true };
  }
}

/** The bucket named in the message: GA models count against the old names (facts 6). */
function bucketOf(model: string): string {
  return model.includes('mini') ? 'gpt-4o-mini-realtime' : 'gpt-4o-realtime';
}
