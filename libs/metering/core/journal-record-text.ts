// A journal record as text, for disk. JSON with a version; micro quantities are decimal strings, for a JSON number would
// lose digits. Reading checks every field: what an older or newer version wrote is either understood or refused whole.
import { trustedId } from '@trunkline/kernel';
import { z } from 'zod';
import type { JournalRecord } from './journal.js';
import { isMeter, type Meter } from './meters.js';
import { parseUsageEventId } from './usage-event-id.js';

/** The text is not a record this version can read; `message` says where it differs, without quoting values. */
export class JournalRecordUnreadable extends Error {
  override readonly name = 'JournalRecordUnreadable';
}

/** Writes a record; the inverse of `readJournalRecord`. */
export function writeJournalRecord(record: JournalRecord): string {
  if (record.kind !== 'usage') return JSON.stringify({ version: 1, kind: record.kind, session: record.session });
  const quantities = record.event.quantities.map((each) => [each.meter, each.quantityMicro.toString()]);
  return JSON.stringify({ version: 1, kind: 'usage', event: { ...record.event, quantities } });
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

// Callers measure durations with fractions; a record must not become unreadable over half a millisecond.
const count = z.number().nonnegative().max(Number.MAX_SAFE_INTEGER).transform(Math.round);
// The last instant that JavaScript and PostgreSQL both know.
const timeMs = z.number().nonnegative().max(8.64e15).transform(Math.round);
const sessionId = z.string().transform((text) => trustedId('ses', text));
const who = {
  sessionId,
  tenantId: z.string().transform((text) => trustedId('tnt', text)),
  keyId: z.string().transform((text) => trustedId('key', text)),
  poolId: z.string().transform((text) => trustedId('pool', text)),
  replicaId: z.string().transform((text) => trustedId('rep', text)),
};

const eventId = z.string().transform((text, context) => {
  const id = parseUsageEventId(text);
  if (id !== null) return id;
  context.addIssue({ code: 'custom', message: 'not a usage event id' });
  return z.NEVER;
});

const quantity = z
  .tuple([z.custom<Meter>((value) => typeof value === 'string' && isMeter(value)), z.string().regex(/^-?\d{1,30}$/)])
  .transform(([meter, micro]) => ({ meter, quantityMicro: BigInt(micro) }));

const eventSchema = z.object({
  version: z.literal(1),
  id: eventId,
  kind: z.enum(['response', 'transcription']),
  ...who,
  vendor: z.literal('openai'),
  vendorObjectId: z.string(),
  model: z.string(),
  status: z.string(),
  occurredAtMs: timeMs,
  quantities: z.array(quantity),
  evidence: z.enum(['reported', 'estimated']),
  vendorUsage: z.unknown(),
  problem: z.enum(['usage_missing', 'sum_mismatch', 'unknown_shape', 'out_of_range']).nullable(),
});

const openedSchema = z.object({
  ...who,
  model: z.string(),
  dialect: z.string(),
  transport: z.literal('websocket'),
  clientKind: z.string(),
  openedAtMs: timeMs,
});

const closedSchema = z.object({
  sessionId,
  tenantId: who.tenantId,
  endCause: z.string(),
  closeCode: z.number().int().min(0).max(65_535).nullable(),
  closedAtMs: timeMs,
  durationMs: count,
  bytesFromClient: count,
  bytesFromUpstream: count,
  messagesFromClient: count,
  messagesFromUpstream: count,
});

const version = z.literal(1);
const recordSchema: z.ZodType<JournalRecord> = z
  .discriminatedUnion('kind', [
    z.object({ version, kind: z.literal('usage'), event: eventSchema }),
    z.object({ version, kind: z.literal('session_opened'), session: openedSchema }),
    z.object({ version, kind: z.literal('session_closed'), session: closedSchema }),
  ])
  .transform(({ version: _version, ...record }) => record);
