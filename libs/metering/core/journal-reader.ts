// What can be asked of the durable table. Every question about tenant data takes the tenant's id, so that a wrong session
// id can never show a neighbour's usage.
import type { ApiKeyId, SessionId, TenantId } from '@trunkline/kernel';
import { z } from 'zod';
import { owedUsageSchema, type OwedUsage } from './owed-usage.js';
import type { UsageEvent } from './usage-event.js';
import { usageEventSchema } from './usage-event-schema.js';

/**
 * Where an event stands on its way to money. `parked` has a problem and is never rated; `superseded` is an estimate whose
 * report has come.
 */
export type RatingState = z.infer<typeof ratingStateSchema>;

/** A usage event with what became of it. */
export interface JournalledUsage {
  readonly event: UsageEvent;
  readonly ratingState: RatingState;
}

const ratingStateSchema = z.enum(['pending', 'rated', 'unrated', 'parked', 'superseded']);

/**
 * Reads a row of the journal table (fields named as in `UsageEvent`, and `ratingState`).
 * @throws ZodError when a newer version wrote it.
 */
export function readJournalledUsage(row: Readonly<Record<string, unknown>>): JournalledUsage {
  return { event: usageEventSchema.parse(row), ratingState: ratingStateSchema.parse(row['ratingState']) };
}

/**
 * Reads a row of owed usage (fields named as in `OwedUsage`).
 * @throws ZodError when a newer version wrote it.
 */
export function readOwedUsage(row: Readonly<Record<string, unknown>>): OwedUsage {
  return owedUsageSchema.parse(row);
}

/** A session as the table knows it. Opening fields are null when only its end has arrived, closing ones while it lives. */
export interface JournalledSession {
  readonly sessionId: SessionId;
  readonly tenantId: TenantId;
  readonly keyId: ApiKeyId | null;
  readonly model: string | null;
  readonly openedAtMs: number | null;
  readonly endCause: string | null;
  readonly closeCode: number | null;
  readonly closedAtMs: number | null;
  readonly durationMs: number | null;
}

/** The durable table, for reading. */
export interface JournalReader {
  /** A session's usage, oldest first. Empty for another tenant's session. */
  usageOfSession(tenantId: TenantId, sessionId: SessionId): Promise<readonly JournalledUsage[]>;
  /** Reports that a session still owes, as last seen. Empty for another tenant's session. */
  owedOfSession(tenantId: TenantId, sessionId: SessionId): Promise<readonly OwedUsage[]>;
  /** Null when there is none or it belongs to another tenant. */
  session(tenantId: TenantId, sessionId: SessionId): Promise<JournalledSession | null>;
  /** The last stored sequence of a spool's run; null when nothing of it was stored. Not tenant data. */
  watermark(spoolId: string, epoch: number): Promise<number | null>;
}
