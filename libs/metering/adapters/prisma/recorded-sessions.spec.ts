import { randomBytes } from 'node:crypto';
import { mintId } from '@trunkline/kernel';
import type { RecordedSession } from '@trunkline/metering';
import { startTestPostgres, type TestPostgres } from '../../../../test/support/postgres.js';
import { sessionOpened } from '../../test/records.js';
import { PrismaJournalStore } from './prisma-journal-store.js';
import { recordedSessionsOfAllTenants } from './recorded-sessions.js';

const NOON = Date.parse('2026-11-20T12:00:00Z');
const HOUR = 3_600_000;
const MODEL = 'gpt-realtime';

let postgres: TestPostgres;
beforeAll(async () => {
  postgres = await startTestPostgres();
}, 60_000);
afterAll(() => postgres.stop());

beforeEach(() => postgres.db.$executeRaw`TRUNCATE session`);

/** A session that was let in so long after noon, and asked so long before that. */
async function record(openedMs: number, parts: { waitedMs?: number; durationMs?: number | null } = {}): Promise<void> {
  const { waitedMs = 0, durationMs = 61_000 } = parts;
  const id = mintId('ses', NOON + openedMs - waitedMs, randomBytes);
  const openedAt = new Date(NOON + openedMs);
  const opened = {
    poolId: mintId('pool', NOON, randomBytes),
    keyId: 'key_k',
    replicaId: 'rep_r',
    model: MODEL,
    openedAt,
  };
  const endCause = durationMs === null ? null : 'client_closed';
  await postgres.db.session.create({ data: { id, tenantId: 'tnt_t', ...opened, durationMs, endCause } });
}

async function found() {
  const all: RecordedSession[] = [];
  const range = { fromMs: NOON, toMs: NOON + HOUR };
  for await (const page of recordedSessionsOfAllTenants(postgres.db, range)) all.push(...page);
  return all;
}
const askedMs = async () => (await found()).map(({ askedAtMs }) => askedAtMs - NOON);

describe('the recorded sessions', () => {
  it('are those let in within the range, by when they asked, so that a wait is part of a replay', async () => {
    await record(5_000);
    await record(9_000, { waitedMs: 8_000 });
    await record(0, { waitedMs: 120_000 });
    await record(HOUR);
    expect(await askedMs()).toEqual([-120_000, 1_000, 5_000]);
  });

  it('are those that were open when it began, too, and none that had ended', async () => {
    await record(-60_000, { durationMs: 60_001 });
    await record(-60_000, { durationMs: 60_000 });
    await record(-59 * 60_000, { durationMs: null, waitedMs: 60_000 });
    await record(-2 * HOUR, { durationMs: null });
    expect((await found()).map(({ openedAtMs }) => openedAtMs - NOON)).toEqual([-59 * 60_000, -60_000]);
  });

  it('have the length they had, or none while they are open', async () => {
    await record(1);
    await record(2, { durationMs: null });
    const who = { tenantId: 'tnt_t', keyId: 'key_k', poolId: expect.stringMatching(/^pool_/), model: MODEL };
    expect(await found()).toEqual([
      {
        ...who,
        askedAtMs: NOON + 1,
        openedAtMs: NOON + 1,
        durationMs: 61_000,
        endCause: 'client_closed',
        waitAskedMs: null,
      },
      { ...who, askedAtMs: NOON + 2, openedAtMs: NOON + 2, durationMs: null, endCause: null, waitAskedMs: null },
    ]);
  });

  it('know how long their app asked to wait, as the gateway journalled it', async () => {
    const opened = (waitAskedMs: number | null) =>
      ({
        kind: 'session_opened',
        session: sessionOpened({ sessionId: mintId('ses', NOON, randomBytes), openedAtMs: NOON, waitAskedMs }),
      }) as const;
    const batch = { spoolId: 'spl_a', epoch: 1, segment: 1, fromSequence: 1, toSequence: 2 };
    await new PrismaJournalStore(postgres.db).commit({ ...batch, records: [opened(2_000), opened(null)] });
    expect(new Set((await found()).map(({ waitAskedMs }) => waitAskedMs))).toEqual(new Set([2_000, null]));
  });

  it('are all of them, over as many pages as there are', async () => {
    const opened = { tenantId: 'tnt_t', keyId: 'key_k', poolId: 'pool_p', openedAt: new Date(NOON), durationMs: 1 };
    const data = Array.from({ length: 2_001 }, () => ({ id: mintId('ses', NOON, randomBytes), ...opened }));
    await postgres.db.session.createMany({ data });
    expect(await found()).toHaveLength(2_001);
  });
});
