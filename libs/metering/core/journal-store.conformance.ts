// What every journal store guarantees, as tests that run against each of them.
import type { JournalBatch, JournalRecord, JournalStore } from './journal.js';
import type { JournalReader } from './journal-reader.js';
import {
  anEvent,
  anOwed,
  estimateRecord,
  OTHER_TENANT,
  SESSION,
  sessionClosed,
  sessionOpened,
  TENANT,
  usageRecord,
} from '../test/records.js';

interface Subject {
  readonly store: JournalStore;
  readonly reader: JournalReader;
}

let spools = 0;

function batchOf(records: readonly JournalRecord[], set: Partial<JournalBatch> = {}): JournalBatch {
  const fromSequence = set.fromSequence ?? 1;
  const toSequence = fromSequence + records.length - 1;
  return { spoolId: `spl_${++spools}`, epoch: 1, segment: 1, fromSequence, toSequence, records, ...set };
}

async function namesIn(reader: JournalReader): Promise<readonly string[]> {
  return (await reader.usageOfSession(TENANT, SESSION)).map(({ event }) => event.vendorObjectId);
}

/** Declares the suite. `fresh` gives an empty store for each test. */
export function describeJournalStore(name: string, fresh: () => Promise<Subject>): void {
  describe(name, () => {
    describeUsage(fresh);
    describeSessions(fresh);
    describeOwed(fresh);
    describeWatermark(fresh);
  });
}

function describeUsage(fresh: () => Promise<Subject>): void {
  test('an event is read back exactly as it was written', async () => {
    const { store, reader } = await fresh();
    const event = anEvent({
      kind: 'transcription',
      vendorObjectId: 'item_é\u{1f600}"\\',
      evidence: 'estimated',
      quantities: [{ meter: 'transcription_seconds', quantityMicro: 9_223_372_036_854_775_808n }],
      vendorUsage: { type: 'duration', seconds: 9.2, nested: [null, { deep: 'ü' }] },
    });
    await store.commit(batchOf([{ kind: 'usage', event }]));
    expect(await reader.usageOfSession(TENANT, SESSION)).toEqual([{ event, ratingState: 'pending' }]);
  });

  test('the same batch twice stores each event once', async () => {
    const { store, reader } = await fresh();
    const batch = batchOf([usageRecord('a'), usageRecord('b')]);
    await store.commit(batch);
    await store.commit(batch);
    expect(await namesIn(reader)).toEqual(['a', 'b']);
  });

  test('the same fact twice in one batch is one event', async () => {
    const { store, reader } = await fresh();
    await store.commit(batchOf([usageRecord('a'), usageRecord('a'), usageRecord('b')]));
    expect(await namesIn(reader)).toEqual(['a', 'b']);
  });

  test('a fact that another spool reported before keeps its first row', async () => {
    const { store, reader } = await fresh();
    await store.commit(batchOf([usageRecord('a', { status: 'completed' })]));
    await store.commit(batchOf([usageRecord('a', { status: 'cancelled' })]));
    expect((await reader.usageOfSession(TENANT, SESSION)).map(({ event }) => event.status)).toEqual(['completed']);
  });

  test('an event with a problem is parked, one without waits to be rated', async () => {
    const { store, reader } = await fresh();
    await store.commit(batchOf([usageRecord('a'), usageRecord('b', { problem: 'usage_missing', vendorUsage: null })]));
    const states = (await reader.usageOfSession(TENANT, SESSION)).map((each) => each.ratingState);
    expect(states).toEqual(['pending', 'parked']);
  });

  test('another tenant sees nothing of a session', async () => {
    const { store, reader } = await fresh();
    await store.commit(batchOf([{ kind: 'session_opened', session: sessionOpened() }, usageRecord('a')]));
    expect(await reader.usageOfSession(OTHER_TENANT, SESSION)).toEqual([]);
    expect(await reader.session(OTHER_TENANT, SESSION)).toBeNull();
  });

  test('text that a database cannot hold does not stop a batch', async () => {
    const { store, reader } = await fresh();
    const strange = { vendorObjectId: 'a\u0000b\ud800c', model: 'm\u0000', vendorUsage: { text: '\u0000\udfff' } };
    await store.commit(batchOf([usageRecord('x', strange), usageRecord('fine', { occurredAtMs: 1_795_000_000_001 })]));
    expect(await namesIn(reader)).toEqual(['a\ufffdb\ufffdc', 'fine']);
  });

  test('500 records go in as one batch', async () => {
    const { store, reader } = await fresh();
    await store.commit(batchOf(Array.from({ length: 500 }, (_, index) => usageRecord(`r${index}`))));
    expect(new Set(await namesIn(reader)).size).toBe(500);
  });
}

function describeSessions(fresh: () => Promise<Subject>): void {
  const opened: JournalRecord = { kind: 'session_opened', session: sessionOpened() };
  const closed: JournalRecord = { kind: 'session_closed', session: sessionClosed() };

  test.each([
    ['opened, then closed', [[opened], [closed]]],
    ['closed, then opened', [[closed], [opened]]],
    ['both in one batch', [[opened, closed]]],
    ['both, the wrong way round', [[closed, opened]]],
    [
      'each of them twice',
      [
        [opened, opened, closed, closed],
        [closed, opened],
      ],
    ],
  ])('a session is whole in whatever order its records arrive: %s', async (_name, batches) => {
    const { store, reader } = await fresh();
    for (const records of batches) await store.commit(batchOf(records));
    expect(await reader.session(TENANT, SESSION)).toEqual({
      sessionId: SESSION,
      tenantId: TENANT,
      keyId: sessionOpened().keyId,
      model: 'gpt-realtime',
      openedAtMs: sessionOpened().openedAtMs,
      endCause: 'client_closed',
      closeCode: 1000,
      closedAtMs: sessionClosed().closedAtMs,
      durationMs: 60_000,
    });
  });

  test('the first end cause that arrives is kept, in one batch and across batches', async () => {
    const { store, reader } = await fresh();
    const later: JournalRecord = { kind: 'session_closed', session: sessionClosed({ endCause: 'client_lost' }) };
    await store.commit(batchOf([opened, closed, later]));
    await store.commit(batchOf([later]));
    expect((await reader.session(TENANT, SESSION))?.endCause).toBe('client_closed');
  });

  test('a live session has no end cause, and a lost socket no close code', async () => {
    const { store, reader } = await fresh();
    await store.commit(batchOf([opened]));
    expect((await reader.session(TENANT, SESSION))?.endCause).toBeNull();
    await store.commit(batchOf([{ kind: 'session_closed', session: sessionClosed({ closeCode: null }) }]));
    expect(await reader.session(TENANT, SESSION)).toMatchObject({ endCause: 'client_closed', closeCode: null });
  });
}

function describeOwed(fresh: () => Promise<Subject>): void {
  const owed = (name: string, seenAtMs = 1_795_000_000_000): JournalRecord => ({
    kind: 'usage_owed',
    owed: anOwed(name, { seenAtMs }),
  });
  const owedIn = async (reader: JournalReader) =>
    (await reader.owedOfSession(TENANT, SESSION)).map(({ vendorObjectId }) => vendorObjectId).sort();

  test('what is owed is read back as it was last seen, whichever record came last', async () => {
    const { store, reader } = await fresh();
    const newest = anOwed('a', { seenAtMs: 1_795_000_002_000, model: 'gpt-realtime' });
    await store.commit(batchOf([owed('a', 1_795_000_000_000), { kind: 'usage_owed', owed: newest }]));
    await store.commit(batchOf([owed('a', 1_795_000_001_000)]));
    expect(await reader.owedOfSession(TENANT, SESSION)).toEqual([newest]);
    expect(await reader.owedOfSession(OTHER_TENANT, SESSION)).toEqual([]);
  });

  test('what is owed says why it was used, if it was not the app that asked', async () => {
    const { store, reader } = await fresh();
    await store.commit(batchOf([{ kind: 'usage_owed', owed: anOwed('a', { causedBy: 'policy' }) }, owed('b')]));
    const read = await reader.owedOfSession(TENANT, SESSION);
    expect(read.map(({ vendorObjectId, causedBy }) => [vendorObjectId, causedBy])).toEqual([
      ['a', 'policy'],
      ['b', undefined],
    ]);
  });

  test.each([
    ['a report', usageRecord('a')],
    ['a report that does not add up', usageRecord('a', { problem: 'usage_missing', vendorUsage: null })],
    ['an estimate', estimateRecord('a')],
    ['word that nothing was used', { kind: 'nothing_owed' as const, nothing: { ...anOwed('a'), atMs: 1 } }],
    ['the end of its session', { kind: 'session_closed' as const, session: sessionClosed() }],
  ])('%s takes away what was owed, in one batch and across batches', async (_name, end) => {
    const { store, reader } = await fresh();
    await store.commit(batchOf([owed('a'), end]));
    expect(await owedIn(reader)).toEqual([]);
    const later = await fresh();
    await later.store.commit(batchOf([owed('a')]));
    expect(await owedIn(later.reader)).toEqual(['a']);
    await later.store.commit(batchOf([end]));
    expect(await owedIn(later.reader)).toEqual([]);
  });

  test('what is accounted for is not owed again by a record that comes late', async () => {
    const { store, reader } = await fresh();
    await store.commit(batchOf([usageRecord('a'), estimateRecord('b')]));
    await store.commit(batchOf([owed('a'), owed('b'), owed('c')]));
    expect(await owedIn(reader)).toEqual(['c']);
  });

  test('an estimate and the report of its fact are two events, the estimate once', async () => {
    const { store, reader } = await fresh();
    await store.commit(batchOf([estimateRecord('a')]));
    await store.commit(batchOf([estimateRecord('a', ['seen_in_part']), usageRecord('a')]));
    const events = (await reader.usageOfSession(TENANT, SESSION)).map(({ event }) => event);
    expect(events.map((event) => event.evidence).sort()).toEqual(['estimated', 'reported']);
    expect(events.find((event) => event.factId !== null)).toMatchObject({
      factId: anEvent({ vendorObjectId: 'a' }).id,
      estimate: { method: 'seen_output_and_previous_context', confidence: 'high', billing: 'bill' },
    });
  });

  test('a session that was thought lost ends as its gateway says, and stays so', async () => {
    const { store, reader } = await fresh();
    const ends = (endCause: string, closeCode: number | null): JournalRecord => ({
      kind: 'session_closed',
      session: sessionClosed({ endCause, closeCode, durationMs: closeCode ?? 1 }),
    });
    await store.commit(batchOf([ends('gateway_lost', null)]));
    await store.commit(batchOf([{ kind: 'session_opened', session: sessionOpened() }, ends('client_closed', 1000)]));
    await store.commit(batchOf([ends('gateway_lost', null)]));
    expect(await reader.session(TENANT, SESSION)).toMatchObject({
      endCause: 'client_closed',
      closeCode: 1000,
      durationMs: 1000,
    });
  });
}

function describeWatermark(fresh: () => Promise<Subject>): void {
  test('the watermark of each run follows its batches and never goes back', async () => {
    const { store, reader } = await fresh();
    const spoolId = 'spl_watermark';
    await store.commit(batchOf([usageRecord('a'), usageRecord('b')], { spoolId, fromSequence: 1 }));
    await store.commit(batchOf([usageRecord('c')], { spoolId, fromSequence: 3 }));
    await store.commit(batchOf([usageRecord('a')], { spoolId, fromSequence: 1 }));
    await store.commit(batchOf([usageRecord('d')], { spoolId, epoch: 2 }));
    expect(await reader.watermark(spoolId, 1)).toBe(3);
    expect(await reader.watermark(spoolId, 2)).toBe(1);
    expect(await reader.watermark(spoolId, 3)).toBeNull();
  });
}
