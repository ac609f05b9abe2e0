import { jest } from '@jest/globals';
import { startTestPostgres, type TestPostgres } from '../../../../test/support/postgres.js';
import { formatAmount, trustedId } from '@trunkline/kernel';
import { periodsAt } from '../../index.js';
import { PrismaSpendRecords } from './index.js';

jest.setTimeout(60_000);

let postgres: TestPostgres;
beforeAll(async () => {
  postgres = await startTestPostgres();
});
afterAll(() => postgres.stop());

const TENANT = trustedId('tnt', 'tnt_one');
const UNKNOWN = trustedId('tnt', 'tnt_two');

describe('what is recorded as spent', () => {
  it('is summed up for the day and the month of an instant, exactly', async () => {
    const { db } = postgres;
    const hours = [
      '2026-10-31T23',
      '2026-11-01T00',
      '2026-11-21T23',
      '2026-11-22T00',
      '2026-11-22T09',
      '2026-12-01T00',
    ];
    for (const [i, hour] of hours.entries())
      await db.$executeRaw`
        INSERT INTO tenant_spend VALUES (${TENANT}, ${`${hour}:00:00Z`}::timestamptz, ${`${10 ** i}.000000000001`}::numeric)`;
    const periods = periodsAt(Date.parse('2026-11-22T12:00:00Z'));
    const spent = await new PrismaSpendRecords(db).spentBy([TENANT, UNKNOWN], periods);
    const shown = [...spent].map(([id, { day, month, dayAmount, monthAmount }]) => [
      id,
      { day, month, spent: [formatAmount(dayAmount), formatAmount(monthAmount)] },
    ]);
    expect(shown).toEqual([
      [TENANT, { ...periods, spent: ['11000.000000000002', '11110.000000000004'] }],
      [UNKNOWN, { ...periods, spent: ['0', '0'] }],
    ]);
  });
});
