// Client secrets: short-lived `ek_...` credentials that a server with a key mints for a browser or a phone. One speaks for
// its parent key and for nobody else. Stored is only an HMAC. Leaves judging one to
// `judge-client-secret.ts`, and counting uses to the store, which alone can do that for several gateways at once.
import type { ApiKeyId, ClientSecretId, Result, TenantId } from '@trunkline/kernel';
import { isWellFormedSecret, mintSecret } from './secret-text.js';

/** What every client secret begins with; `@openai/agents-realtime` demands it. */
export const CLIENT_SECRET_PREFIX = 'ek_';

/** How a session begins, as the vendor takes it in `session.update`. */
export type SessionSettings = Readonly<Record<string, unknown>>;

/** What a client secret is for. */
export interface ClientSecretTerms {
  readonly kind: 'realtime' | 'transcription';
  /** The only model it may be used with; null: a transcription whose model was left open. */
  readonly model: string | null;
  /** What its sessions begin with. */
  readonly session: SessionSettings;
  /** Paths into the session that its holder may not change, e.g. `instructions`, `audio.output.voice`. */
  readonly pinned: readonly string[];
  /** Browser origins it may be used from, beside what its key allows; null: any. */
  readonly origins: readonly string[] | null;
  /** Sessions it may open; null: any number until it expires, as OpenAI's. */
  readonly usesMax: number | null;
  /** Keyed hash of the end user that it was minted for; null: nobody was named. */
  readonly endUser: string | null;
  /** The version of the tenant's moderation policy by which `session` was judged; null: there was none. */
  readonly judgedBy: number | null;
}

/** A stored client secret, without anything that could be used as one. */
export interface ClientSecret extends ClientSecretTerms {
  readonly id: ClientSecretId;
  readonly tenantId: TenantId;
  /** Its parent. */
  readonly keyId: ApiKeyId;
  readonly uses: number;
  /** Unix milliseconds. */
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
  readonly revokedAtMs: number | null;
}

/** A new client secret. */
export interface MintRequest extends ClientSecretTerms {
  readonly tenantId: TenantId;
  readonly keyId: ApiKeyId;
  /** How long it can open sessions, in seconds. */
  readonly seconds: number;
  /** HMAC of its text. */
  readonly hmac: string;
}

/** Keeps client secrets for every gateway of an installation. Each call is bounded by the store's own deadlines and rejects when it is away. */
export interface ClientSecretStore {
  /** @returns when the key may mint again, in milliseconds, where it minted too many lately. */
  mint(request: MintRequest): Promise<Result<ClientSecret, { readonly retryAfterMs: number }>>;
  /** The secret with this HMAC, whatever its state. */
  find(hmac: string): Promise<ClientSecret | null>;
  /** Counts one use, atomically: false when it has none left, is revoked or expired by now. */
  use(id: ClientSecretId): Promise<boolean>;
  /** The use came to no session. */
  giveBack(id: ClientSecretId): Promise<void>;
  /** For ever. Its live sessions end. @returns null when the key has no such secret. */
  revoke(owner: SecretOwner, id: string): Promise<ClientSecret | null>;
}

/** Whose secrets are meant. */
export interface SecretOwner {
  readonly tenantId: TenantId;
  readonly keyId: ApiKeyId;
}

/** The text of a new client secret. @param randomBytes 20 bytes per call (`crypto.randomBytes`). */
export function mintClientSecret(randomBytes: (n: number) => Uint8Array): string {
  return mintSecret(CLIENT_SECRET_PREFIX, randomBytes);
}

/** True for a text that could be a client secret of this product. */
export function isWellFormedClientSecret(text: string): boolean {
  return isWellFormedSecret(CLIENT_SECRET_PREFIX, text);
}
