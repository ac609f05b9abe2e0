// A journal record as text, for disk: versioned JSON. Reading checks every field; what an older or newer version wrote is
// either understood or refused whole.
import { parseId } from '@trunkline/kernel';
import { z } from 'zod';
import type { JournalRecord } from './journal.js';
import { moderationFindingSchema } from './moderation-finding.js';
import { owedUsageSchema } from './owed-usage.js';
import { refusedCallsSchema, waitAskedSchema } from './refused-calls.js';
import type { SeenUsage } from './usage-estimate.js';
import { eventIdSchema, storedQuantities, timeMsSchema, usageEventSchema, whoSchema } from './usage-event-schema.js';

/** The text is not a record this version can read; `message` says where it differs, without quoting values. */
export class JournalRecordUnreadable extends Error {
  override readonly name = 'JournalRecordUnreadable';
}

/** Writes a record; the inverse of `readJournalRecord`. */
export function writeJournalRecord(record: JournalRecord): string {
  return JSON.stringify({ version: 1, ...storedRecord(record) });
}

function storedRecord(record: JournalRecord): object {
  switch (record.kind) {
    case 'usage':
      return { kind: record.kind, event: { ...record.event, quantities: storedQuantities(record.event.quantities) } };
    case 'usage_owed':
      return { kind: record.kind, owed: { ...record.owed, seen: storedSeen(record.owed.seen) } };
    default:
      return record;
  }
}

/** What was seen, for JSON. */
export function storedSeen(seen: SeenUsage): object {
  return { ...seen, quantities: storedQuantities(seen.quantities) };
}

/**
 * Reads a record.
 * @throws JournalRecordUnreadable when it is not one, e.g. written by a newer version.
 */
export function readJournalRecord(text: string): JournalRecord {
  const parsed = recordSchema.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  const where = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.code}`);
  throw new JournalRecordUnreadable(`not a journal record of version 1 (${where.slice(0, 5).join('; ')})`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new JournalRecordUnreadable('not JSON', { cause });
  }
}

const count = z.number().nonnegative().max(Number.MAX_SAFE_INTEGER).transform(Math.round);

const openedSchema = z.object({
  ...whoSchema,
  model: z.string(),
  dialect: z.string(),
  transport: z.literal('websocket'),
  clientKind: z.string(),
  waitAskedMs: waitAskedSchema,
  // Absent in records of releases before it.
  secretId: z
    .string()
    .transform((text) => parseId('ecs', text))
    .nullable()
    .default(null),
  openedAtMs: timeMsSchema,
});

const closedSchema = z.object({
  sessionId: whoSchema.sessionId,
  tenantId: whoSchema.tenantId,
  endCause: z.string(),
  closeCode: z.number().int().min(0).max(65_535).nullable(),
  closedAtMs: timeMsSchema,
  durationMs: count,
  bytesFromClient: count,
  bytesFromUpstream: count,
  messagesFromClient: count,
  messagesFromUpstream: count,
  // What cannot be read of it must not keep the end of a session from the books.
  verdicts: z
    .array(z.object({ hook: z.string(), verdict: z.string(), dryRun: z.boolean(), pieces: count }))
    .optional()
    .catch(undefined),
});

const nothingSchema = z.object({ id: eventIdSchema, sessionId: whoSchema.sessionId, atMs: timeMsSchema });

const version = z.literal(1);
const recordSchema: z.ZodType<JournalRecord> = z
  .discriminatedUnion('kind', [
    z.object({ version, kind: z.literal('usage'), event: usageEventSchema }),
    z.object({ version, kind: z.literal('usage_owed'), owed: owedUsageSchema }),
    z.object({ version, kind: z.literal('nothing_owed'), nothing: nothingSchema }),
    z.object({ version, kind: z.literal('session_opened'), session: openedSchema }),
    z.object({ version, kind: z.literal('session_closed'), session: closedSchema }),
    // A release from before this kind keeps the file it stands in, whole, for one that knows it (`unreadable`).
    z.object({ version, kind: z.literal('moderation'), finding: moderationFindingSchema }),
    z.object({ version, kind: z.literal('calls_refused'), refused: refusedCallsSchema }),
  ])
  .transform(({ version: _version, ...record }) => record);
