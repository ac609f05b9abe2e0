import { trustedId } from '@trunkline/kernel';
import { JournalBatchRefused, type JournalRecord } from '@trunkline/metering';
import { startTestPostgres, type TestPostgres } from '../../../../test/support/postgres.js';
import { describeJournalStore } from '../../core/journal-store.conformance.js';
import { sessionClosed, sessionOpened, usageRecord } from '../../test/records.js';
import { PrismaJournalReader } from './prisma-journal-reader.js';
import { PrismaJournalStore } from './prisma-journal-store.js';

let postgres: TestPostgres;

beforeAll(async () => {
  postgres = await startTestPostgres();
}, 60_000);

afterAll(() => postgres.stop());

async function emptyTables(): Promise<void> {
  // Some of it was billed, and triggers keep that.
  await postgres.db.$executeRaw`DO $$ BEGIN
    SET LOCAL session_replication_role = replica;
    TRUNCATE usage_event, session, spool_watermark, owed_usage CASCADE;
  END $$`;
}

function batchOf(records: readonly JournalRecord[]): Parameters<PrismaJournalStore['commit']>[0] {
  return { spoolId: 'spl_a', epoch: 1, segment: 1, fromSequence: 1, toSequence: records.length, records };
}

describeJournalStore('the journal store in PostgreSQL', async () => {
  await emptyTables();
  return { store: new PrismaJournalStore(postgres.db), reader: new PrismaJournalReader(postgres.db) };
});

test('a batch is stored whole or not at all, and bad data is told from a database that is away', async () => {
  await emptyTables();
  const store = new PrismaJournalStore(postgres.db);
  await postgres.db.$executeRaw`ALTER TABLE usage_event ADD CONSTRAINT no_poison CHECK (model <> 'poison')`;
  const commit = store.commit(batchOf([usageRecord('a'), usageRecord('b', { model: 'poison' })]));
  await expect(commit).rejects.toBeInstanceOf(JournalBatchRefused);
  await postgres.db.$executeRaw`ALTER TABLE usage_event DROP CONSTRAINT no_poison`;
  expect(await postgres.db.usageEvent.count()).toBe(0);
  expect(await postgres.db.spoolWatermark.count()).toBe(0);
});

test('a database that is away rejects with something that may be tried again', async () => {
  const store = new PrismaJournalStore(postgres.db);
  await postgres.crash();
  await expect(store.commit(batchOf([usageRecord('a')]))).rejects.not.toBeInstanceOf(JournalBatchRefused);
  await postgres.restart();
  await store.commit(batchOf([usageRecord('a')]));
}, 30_000);

test('an event that was billed cannot be changed', async () => {
  await emptyTables();
  await new PrismaJournalStore(postgres.db).commit(batchOf([usageRecord('a')]));
  await postgres.db.$executeRaw`UPDATE usage_event SET rating_state = 'rated'`;
  await expect(postgres.db.$executeRaw`UPDATE usage_event SET model = 'cheaper'`).rejects.toThrow(/immutable/);
});

test('the row of a session says what its hooks judged', async () => {
  await emptyTables();
  const verdicts = [{ hook: 'words', verdict: 'pass', dryRun: false, pieces: 3 }];
  const store = new PrismaJournalStore(postgres.db);
  await store.commit(batchOf([{ kind: 'session_closed', session: sessionClosed({ verdicts }) }]));
  await store.commit(batchOf([{ kind: 'session_opened', session: sessionOpened() }]));
  expect(await postgres.db.session.findMany({ select: { model: true, verdicts: true } })).toEqual([
    { model: 'gpt-realtime', verdicts },
  ]);
});

test('an event says when it was not the app that wanted the use', async () => {
  await emptyTables();
  const records = [usageRecord('a', { causedBy: 'policy' }), usageRecord('b')];
  await new PrismaJournalStore(postgres.db).commit(batchOf(records));
  const rows = await postgres.db.usageEvent.findMany({ orderBy: { vendorObjectId: 'asc' } });
  expect(rows.map(({ vendorObjectId, causedBy }) => [vendorObjectId, causedBy])).toEqual([
    ['a', 'policy'],
    ['b', null],
  ]);
});

test('an event with a problem cannot leave the parking place', async () => {
  await emptyTables();
  await new PrismaJournalStore(postgres.db).commit(batchOf([usageRecord('a', { problem: 'sum_mismatch' })]));
  await expect(postgres.db.$executeRaw`UPDATE usage_event SET rating_state = 'pending'`).rejects.toThrow(
    /usage_event_problem_is_parked/,
  );
});

test('a session says with which client secret it was opened', async () => {
  await emptyTables();
  const secretId = trustedId('ecs', 'ecs_00000000000000000000000001');
  const records: JournalRecord[] = [{ kind: 'session_opened', session: sessionOpened({ secretId }) }];
  await new PrismaJournalStore(postgres.db).commit(batchOf(records));
  expect(await postgres.db.session.findMany()).toMatchObject([{ secretId }]);
});
