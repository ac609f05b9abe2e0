import fc from 'fast-check';
import { z } from 'zod';
import { aFinding } from '../../../test/support/findings.js';
import {
  anEvent,
  anOwed,
  estimateRecord,
  refusedCalls,
  SESSION,
  sessionClosed,
  sessionOpened,
  usageRecord,
} from '../test/records.js';
import type { JournalRecord } from './journal.js';
import { JournalRecordUnreadable, readJournalRecord, writeJournalRecord } from './journal-record-text.js';
import { METERS, type Meter } from './meters.js';
import { estimatedUsage } from './owed-usage.js';
import { usageEvent } from './usage-event.js';

const METER_NAMES = Object.keys(METERS).filter((name): name is Meter => name in METERS);

const aRecord: fc.Arbitrary<JournalRecord> = fc
  .record({
    vendorObjectId: fc.string({ unit: 'binary' }),
    model: fc.string(),
    status: fc.string(),
    occurredAtMs: fc.nat(),
    quantities: fc.array(
      fc.record({ meter: fc.constantFrom(...METER_NAMES), quantityMicro: fc.bigInt({ min: 0n, max: 10n ** 29n }) }),
    ),
    vendorUsage: fc.jsonValue({ maxDepth: 3 }),
    problem: fc.constantFrom(null, 'usage_missing', 'sum_mismatch', 'unknown_shape', 'out_of_range'),
    evidence: fc.constantFrom('reported', 'estimated'),
  })
  .map((set) => ({ kind: 'usage', event: anEvent(set) }));

test('a record is read back as it was written', () => {
  fc.assert(
    fc.property(aRecord, (record) => {
      const plain = (value: JournalRecord): unknown => JSON.parse(writeJournalRecord(value));
      const back = readJournalRecord(writeJournalRecord(record));
      expect(plain(back)).toEqual(plain(record));
      expect(back.kind === 'usage' && record.kind === 'usage' && back.event.quantities).toEqual(
        record.kind === 'usage' && record.event.quantities,
      );
    }),
  );
});

test.each<JournalRecord>([
  { kind: 'session_opened', session: sessionOpened() },
  { kind: 'session_opened', session: sessionOpened({ waitAskedMs: 2_000 }) },
  { kind: 'session_closed', session: sessionClosed({ closeCode: null }) },
  {
    kind: 'session_closed',
    session: sessionClosed({ verdicts: [{ hook: 'words', verdict: 'pass', dryRun: false, pieces: 3 }] }),
  },
  { kind: 'usage_owed', owed: anOwed('r') },
  { kind: 'nothing_owed', nothing: { id: anOwed('r').id, sessionId: SESSION, atMs: 1 } },
  estimateRecord('r', ['seen_in_part']),
  { kind: 'moderation', finding: aFinding() },
  { kind: 'calls_refused', refused: refusedCalls({ waitAskedMs: 0 }) },
  {
    kind: 'moderation',
    finding: aFinding({
      ...{ endUser: 'eu_a', failure: 'late', then: ['notify'] },
      content: { sealed: 'c', wrappedKey: 'k', region: 'eu', keepUntilMs: 1_795_000_000_000 },
    }),
  },
])('a $kind record is read back as it was written', (record) => {
  expect(readJournalRecord(writeJournalRecord(record))).toEqual(record);
});

const stored = writeJournalRecord(usageRecord('r'));

test('a record of a release without estimates is read as a report', () => {
  const record = z
    .object({ event: z.looseObject({}) })
    .loose()
    .parse(JSON.parse(stored));
  const { factId: _fact, estimate: _estimate, ...event } = record.event;
  const back = readJournalRecord(JSON.stringify({ ...record, event }));
  expect(back).toMatchObject({ event: { factId: null, estimate: null } });
});

test('a cause is read back as it was written, and one of a later release is none', () => {
  const written = writeJournalRecord(usageRecord('r', { causedBy: 'policy' }));
  expect(readJournalRecord(written)).toMatchObject({ event: { causedBy: 'policy' } });
  expect(readJournalRecord(stored)).toMatchObject({ event: { id: expect.any(String) as string } });
  const later = readJournalRecord(written.replace('"policy"', '"weather"'));
  expect(later.kind === 'usage' && later.event.causedBy).toBeUndefined();
});

test('quantities beyond the range of JSON numbers keep every digit', () => {
  const quantities = [{ meter: 'output_audio', quantityMicro: 123_456_789_012_345_678_901n } as const];
  const back = readJournalRecord(writeJournalRecord(usageRecord('r', { quantities })));
  expect(back.kind === 'usage' && back.event.quantities).toEqual(quantities);
});

test('fractions of a millisecond are rounded, not refused', () => {
  const record: JournalRecord = { kind: 'session_closed', session: sessionClosed({ durationMs: 1_234.56 }) };
  const back = readJournalRecord(writeJournalRecord(record));
  expect(back.kind === 'session_closed' && back.session.durationMs).toBe(1_235);
});

test.each([
  ['nothing', ''],
  ['half a record', stored.slice(0, 100)],
  ['a newer version', stored.replace('"version":1', '"version":2')],
  ['an unknown meter', stored.replace('output_audio', 'output_smell')],
  ['an unknown kind', stored.replace('"kind":"usage"', '"kind":"weather"')],
  ['a number where digits belong', stored.replace('"119000000"', '119000000')],
  ['another id', stored.replace('"use_', '"usx_')],
])('refuses whole what it does not understand: %s', (_name, text) => {
  expect(() => readJournalRecord(text)).toThrow(JournalRecordUnreadable);
});

function refusalOf(text: string): string {
  try {
    readJournalRecord(text);
  } catch (error) {
    return String(error);
  }
  throw new Error('was read');
}

test('an error about a record never quotes it', () => {
  const canary = 'canary-of-content';
  const text = stored.replace('"gpt-realtime"', `{"${canary}":"${canary}"}`).replace('"response"', `"${canary}"`);
  expect(refusalOf(text)).toMatch(/not a journal record/);
  expect(refusalOf(text)).not.toContain(canary);
});

test('a usage object too large for the journal is replaced by its size and parks the event', () => {
  const event = anEvent({ vendorUsage: { text: 'x'.repeat(70_000) } });
  expect(event.problem).toBe('unknown_shape');
  expect(JSON.stringify(event.vendorUsage)).toMatch(/omitted.*70011 characters/);
  expect(usageEvent({ ...event, vendorUsage: undefined }, event).vendorUsage).toBeNull();
});

test('whose account it was is written with usage, owed and reported; what is owed of before that is of the first vendor', () => {
  const [owed, event] = [anOwed('resp_a', { vendor: 'azure' }), anEvent({ vendor: 'azure' })];
  const again = (record: JournalRecord) => readJournalRecord(writeJournalRecord(record));
  expect(again({ kind: 'usage', event })).toEqual({ kind: 'usage', event });
  expect(again({ kind: 'usage_owed', owed })).toMatchObject({ owed: { vendor: 'azure' } });
  expect(estimatedUsage(owed).vendor).toBe('azure');
  const former = writeJournalRecord({ kind: 'usage_owed', owed }).replace('"vendor":"azure",', '');
  expect(readJournalRecord(former)).toMatchObject({ owed: { vendor: 'openai' } });
});

test('what an older release wrote without the wait that was asked for is read as none', () => {
  const { waitAskedMs: _opened, ...session } = sessionOpened();
  const { waitAskedMs: _refused, ...refused } = refusedCalls();
  const read = (record: object) => readJournalRecord(JSON.stringify({ version: 1, ...record }));
  expect(read({ kind: 'session_opened', session })).toMatchObject({ session: { waitAskedMs: null } });
  expect(read({ kind: 'calls_refused', refused })).toMatchObject({ refused: { waitAskedMs: null } });
});
