// The whole way of a record: appended, drained, stored, with a real server that dies on the way.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Drain, openSpool } from '@trunkline/metering/adapters/spool';
import { PrismaJournalStore } from '@trunkline/metering/adapters/prisma';
import { eventually } from '../../../test/support/poll.js';
import { startTestPostgres, type TestPostgres } from '../../../test/support/postgres.js';
import { usageRecord } from './records.js';

let postgres: TestPostgres;
let folder: string;
beforeAll(async () => {
  postgres = await startTestPostgres();
  folder = await mkdtemp(join(tmpdir(), 'spool-postgres-'));
}, 60_000);
afterAll(async () => {
  await postgres.stop();
  await rm(folder, { recursive: true, force: true });
});

test('appends go on while PostgreSQL is down, and each event is in it once when it is back', async () => {
  const spool = await openSpool({ folder });
  const backoff = { firstMs: 20, maxMs: 200, random: () => 0 };
  const drain = new Drain(spool, new PrismaJournalStore(postgres.db), { backoff });
  drain.start();
  const names = Array.from({ length: 600 }, (_, index) => `resp_${index}`);
  await Promise.all(names.slice(0, 200).map((name) => spool.append(usageRecord(name))));
  await postgres.crash();
  await Promise.all(names.slice(200).map((name) => spool.append(usageRecord(name))));
  await eventually('the drain has noticed', () => (drain.stats().failuresInARow > 0 ? true : null));
  expect(drain.stats().pendingRecords).toBeGreaterThanOrEqual(400);
  await postgres.restart();
  await drain.idle();
  const rows = await postgres.db.usageEvent.findMany({ select: { vendorObjectId: true } });
  expect(rows.map((row) => row.vendorObjectId).sort()).toEqual([...names].sort());
  expect(await drain.stop(1_000)).toBe(true);
  await spool.close();
}, 60_000);
