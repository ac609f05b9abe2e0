// The ports between the voice path and the books. `UsageJournal` is what the gateway appends to: local, durable in
// milliseconds, alive while the database is away. `JournalStore` is the durable table that the spool drains into.
// There is no option to drop: a record is durable, or the append fails and the frame it guards is not forwarded.
import type { ApiKeyId, ClientSecretId, PoolId, ReplicaId, SessionId, TenantId, UsageEventId } from '@trunkline/kernel';
import type { ModerationFinding } from './moderation-finding.js';
import type { OwedUsage } from './owed-usage.js';
import type { RefusedCalls } from './refused-calls.js';
import type { UsageEvent } from './usage-event.js';

/** A session got its lines: client and upstream are connected. */
export interface SessionOpened {
  readonly sessionId: SessionId;
  readonly tenantId: TenantId;
  readonly keyId: ApiKeyId;
  readonly poolId: PoolId;
  readonly replicaId: ReplicaId;
  readonly model: string;
  /** What the client speaks, e.g. `ga`. The names belong to the providers. */
  readonly dialect: string;
  readonly transport: 'websocket';
  /** e.g. `server` or `browser`. */
  readonly clientKind: string;
  /** How long its app asked to wait for a line; null: it did not say, or a release before this field wrote the record. */
  readonly waitAskedMs: number | null;
  /** The client secret that it was opened with; null: a key, or a record of a release without them. */
  readonly secretId: ClientSecretId | null;
  /** Unix milliseconds. */
  readonly openedAtMs: number;
}

/** A session ended, with its one end cause. */
export interface SessionClosed {
  readonly sessionId: SessionId;
  readonly tenantId: TenantId;
  /** A row of the end-cause table (owned by realtime). */
  readonly endCause: string;
  /** The close code that the client was sent; null when its socket was gone. */
  readonly closeCode: number | null;
  /** Unix milliseconds. */
  readonly closedAtMs: number;
  readonly durationMs: number;
  readonly bytesFromClient: number;
  readonly bytesFromUpstream: number;
  readonly messagesFromClient: number;
  readonly messagesFromUpstream: number;
  /** What its hooks judged. Absent where nothing was judged, and from releases before this field. */
  readonly verdicts?: readonly VerdictCount[] | undefined;
}

/** How many pieces of a session a hook judged with one verdict. */
export interface VerdictCount {
  readonly hook: string;
  /** What it led to; of a failure, why there was none. */
  readonly verdict: string;
  readonly dryRun: boolean;
  readonly pieces: number;
}

/** A report that was owed will not come, and nothing was used: the vendor gave the work up. */
export interface NothingOwed {
  /** Of the owed usage. */
  readonly id: UsageEventId;
  readonly sessionId: SessionId;
  /** Unix milliseconds. */
  readonly atMs: number;
}

/** What the journal carries. */
export type JournalRecord =
  | { readonly kind: 'usage'; readonly event: UsageEvent }
  | { readonly kind: 'usage_owed'; readonly owed: OwedUsage }
  | { readonly kind: 'nothing_owed'; readonly nothing: NothingOwed }
  | { readonly kind: 'session_opened'; readonly session: SessionOpened }
  | { readonly kind: 'session_closed'; readonly session: SessionClosed }
  | { readonly kind: 'moderation'; readonly finding: ModerationFinding }
  | { readonly kind: 'calls_refused'; readonly refused: RefusedCalls };

/**
 * How close the journal is to refusing: `ok`; `warn` from 80 % of its byte budget (alarm); `refuse` from 90 % (admit no
 * new session); `full` at 100 % or while the disk refuses writes (end sessions at their turn boundary).
 */
export type JournalPressure = 'ok' | 'warn' | 'refuse' | 'full';

/** The local journal of one gateway process. */
export interface UsageJournal {
  /**
   * Resolves once the record survives a power cut. Rejects with a `JournalError` otherwise; the caller may append the
   * same record again (its id makes that safe), and must not act on the record before an append resolved.
   */
  append(record: JournalRecord): Promise<void>;
  /** Cheap; ask before admitting a session. */
  pressure(): JournalPressure;
}

/**
 * Why an append failed: `full` (byte budget), `io` (the disk refused: space, permission, error), `overloaded` (too many
 * appends waiting), `too_large` (one record over the limit), `invalid` (a field that could not be read back), `closed` (the process is stopping), `owner_lost` (another
 * process took the folder over).
 */
export type JournalErrorCode = 'full' | 'io' | 'overloaded' | 'too_large' | 'invalid' | 'closed' | 'owner_lost';

/** An append that did not become durable. `message` is for operators and says what to do. */
export class JournalError extends Error {
  override readonly name = 'JournalError';
  constructor(
    readonly code: JournalErrorCode,
    message: string,
    options?: { cause?: unknown },
  ) {
    super(message, options);
  }
}

/** Consecutive records of one spool segment, in the order in which they became durable. */
export interface JournalBatch {
  /** The folder the records come from; unique among all replicas. */
  readonly spoolId: string;
  /** The run of the process that wrote them; grows with each start on the folder. */
  readonly epoch: number;
  readonly segment: number;
  /** First and last sequence in the batch; sequences grow within an epoch. */
  readonly fromSequence: number;
  readonly toSequence: number;
  readonly records: readonly JournalRecord[];
}

/** The durable table. */
export interface JournalStore {
  /**
   * Stores the batch and its watermark in one transaction. Idempotent: a record that is already there changes nothing.
   * Rejects with `JournalBatchRefused` when trying the same batch again cannot help; with anything else when it can.
   */
  commit(batch: JournalBatch): Promise<void>;
}

/** The store works but will never take this batch as it is (bad data). The drain isolates the record and sets it aside. */
export class JournalBatchRefused extends Error {
  override readonly name = 'JournalBatchRefused';
}

/** When the thing a record tells of happened, Unix milliseconds. */
export function recordTimeMs(record: JournalRecord): number {
  switch (record.kind) {
    case 'usage':
      return record.event.occurredAtMs;
    case 'usage_owed':
      return record.owed.seenAtMs;
    case 'nothing_owed':
      return record.nothing.atMs;
    case 'session_opened':
      return record.session.openedAtMs;
    case 'session_closed':
      return record.session.closedAtMs;
    case 'moderation':
      return record.finding.occurredAtMs;
    case 'calls_refused':
      return record.refused.untilMs;
  }
}
