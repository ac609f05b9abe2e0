import { randomBytes } from 'node:crypto';
import { mintId } from '@trunkline/kernel';
import type { RecordedRefusal } from '@trunkline/metering';
import { startTestPostgres, type TestPostgres } from '../../../../test/support/postgres.js';
import { refusedCalls } from '../../test/records.js';
import { PrismaJournalStore } from './prisma-journal-store.js';
import { REFUSED_DAYS_KEPT, refusedCallsOfAllTenants, sweepRefusedCalls } from './refused-calls.js';

const NOON = Date.parse('2026-11-20T12:00:00Z');
const DAY = 86_400_000;

let postgres: TestPostgres;
beforeAll(async () => {
  postgres = await startTestPostgres();
}, 60_000);
afterAll(() => postgres.stop());

/** Stores records of calls that first asked so long after noon. */
async function record(...afterNoonMs: readonly number[]): Promise<void> {
  await postgres.db.$executeRaw`TRUNCATE refused_calls`;
  const records = afterNoonMs.map((ms) => {
    const times = { fromMs: NOON + ms, untilMs: NOON + ms + 900 };
    return {
      kind: 'calls_refused',
      refused: refusedCalls({ id: mintId('rfc', NOON, randomBytes), ...times }),
    } as const;
  });
  const batch = { spoolId: 'spl_a', epoch: 1, segment: 1, fromSequence: 1, toSequence: records.length, records };
  // A batch may be stored twice.
  for (let i = 0; i < 2; i++) await new PrismaJournalStore(postgres.db).commit(batch);
}

const found = async () => {
  const all: RecordedRefusal[] = [];
  for await (const page of refusedCallsOfAllTenants(postgres.db, { fromMs: NOON, toMs: NOON + DAY })) all.push(...page);
  return all;
};
const askedMs = async () => (await found()).map(({ fromMs }) => fromMs - NOON);

describe('the refused calls in the database', () => {
  it('are read as the gateway counted them, once however often they are stored', async () => {
    await record(1);
    const { id: _id, replicaId: _replica, family: _family, pools, waitedMsMax, ...told } = refusedCalls();
    expect(await found()).toEqual([{ ...told, fromMs: NOON + 1, untilMs: NOON + 901 }]);
    const [row] = await postgres.db.refusedCalls.findMany();
    expect(row).toMatchObject({ pools, waitedMsMax: BigInt(waitedMsMax) });
  });

  it('are those of the range by when they asked, over as many pages as there are', async () => {
    await record(5, DAY - 1, DAY, -1, 0, 5);
    expect(await askedMs()).toEqual([0, 5, 5, DAY - 1]);
    // Two full pages and two rows, of which many asked in the same millisecond.
    const many = Array.from({ length: 2_002 }, (_, i) => Math.floor(i / 500));
    await record(...many);
    expect(await askedMs()).toEqual(many);
  });

  it('are deleted when their time is over, some at a time', async () => {
    await record(-2, -1, 0, 1);
    const nowMs = NOON + REFUSED_DAYS_KEPT * DAY;
    expect(await sweepRefusedCalls(postgres.db, { nowMs, max: 1 })).toBe(1);
    expect(await sweepRefusedCalls(postgres.db, { nowMs, max: 5 })).toBe(1);
    expect(await askedMs()).toEqual([0, 1]);
  });
});
