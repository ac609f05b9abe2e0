// Calls as the journal's tables have them, for replaying them: those that had a session, and those that had none. What is
// read of them, and in which order, is for the adapters; what a replay makes of them is for admission.
import type { ApiKeyId, PoolId, TenantId } from '@trunkline/kernel';

/** A session as it went. */
export interface RecordedSession {
  readonly tenantId: TenantId;
  readonly keyId: ApiKeyId;
  readonly poolId: PoolId;
  readonly model: string;
  /** Unix milliseconds at which it asked to be let in: before it waited for a line, if it did. */
  readonly askedAtMs: number;
  /** When it was let in. */
  readonly openedAtMs: number;
  /** From when it was let in. Null while it is open, and for ever when its gateway was killed. */
  readonly durationMs: number | null;
  /** A row of the end-cause table (owned by realtime); null while it is open. */
  readonly endCause: string | null;
  /** How long its app asked to wait for a line; null: it did not say, or that was not recorded yet. */
  readonly waitAskedMs: number | null;
}

/** Calls of one key that got no session and came to the same end within a few seconds. Times in Unix milliseconds. */
export interface RecordedRefusal {
  readonly tenantId: TenantId;
  readonly keyId: ApiKeyId;
  readonly model: string;
  /** A word of the gateway's: `pool_limit`, `abandoned`, ... */
  readonly reason: string;
  /** When the first and the last of them asked. */
  readonly fromMs: number;
  readonly untilMs: number;
  readonly calls: number;
  /** How long they stood in line, together. */
  readonly waitedMs: number;
  /** As of a session. */
  readonly waitAskedMs: number | null;
}
