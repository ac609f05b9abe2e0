import { JournalBatchRefused, type JournalBatch, type JournalStore } from '@trunkline/metering';
import { eventually } from '../../../../test/support/poll.js';
import { eachProcessDead } from '../../test/processes.js';
import { namesOf, usageRecord } from '../../test/records.js';
import { SimulatedDisk } from '../../test/simulated-disk.js';
import { MemoryJournalStore } from '../memory/index.js';
import { Drain, type DrainOptions } from './drain.js';
import type { SpoolIncident } from './incident.js';
import { openSpool } from './open-spool.js';
import type { Spool } from './spool.js';

const FAST: DrainOptions = { backoff: { firstMs: 1, maxMs: 4, random: () => 0 } };

class TroubledStore implements JournalStore {
  readonly inner = new MemoryJournalStore();
  readonly batches: JournalBatch[] = [];
  trouble: (batch: JournalBatch) => Promise<void> = () => Promise.resolve();

  async commit(batch: JournalBatch): Promise<void> {
    await this.trouble(batch);
    this.batches.push(batch);
    await this.inner.commit(batch);
  }

  names(): readonly string[] {
    return this.inner.allEvents().map((event) => event.vendorObjectId);
  }
}

function open(files: SimulatedDisk, onIncident: (incident: SpoolIncident) => void = () => undefined): Promise<Spool> {
  return openSpool({ folder: '/spool', files, processes: eachProcessDead, onIncident });
}

async function appendAll(spool: Spool, prefix: string, count: number): Promise<string[]> {
  const names = Array.from({ length: count }, (_, index) => `${prefix}${index}`);
  await Promise.all(names.map((name) => spool.append(usageRecord(name))));
  return names;
}

test('what is appended reaches the store in order, in batches, and leaves nothing behind', async () => {
  const disk = new SimulatedDisk();
  const spool = await open(disk);
  const store = new TroubledStore();
  const names = await appendAll(spool, 'r', 1_200);
  const drain = new Drain(spool, store);
  drain.start();
  await drain.idle();
  expect(store.names()).toEqual(names);
  expect(store.batches.every((batch) => batch.records.length <= 500)).toBe(true);
  expect(drain.stats()).toMatchObject({ pendingRecords: 0, lagMs: 0 });
  expect(await drain.stop(1_000)).toBe(true);
  await spool.close();
  expect(disk.fileNames().filter((name) => name.endsWith('.seg'))).toEqual([]);
});

test('records that come one by one are gathered into one batch; a full one does not wait', async () => {
  const spool = await open(new SimulatedDisk());
  const store = new TroubledStore();
  const drain = new Drain(spool, store, { lingerMs: 100, limits: { recordsMax: 10, bytesMax: 1_048_576 } });
  await appendAll(spool, 'full', 25);
  drain.start();
  for (let at = 0; at < 5; at++) await appendAll(spool, `one${at}`, 1);
  await drain.idle();
  expect(store.batches.map((batch) => batch.records.length)).toEqual([10, 10, 10]);
  expect(await drain.stop(1_000)).toBe(true);
  await spool.close();
});

test('a store that is away is tried again until it is back, and nothing is lost or repeated', async () => {
  const spool = await open(new SimulatedDisk());
  const store = new TroubledStore();
  let failures = 0;
  store.trouble = () => (failures++ < 5 ? Promise.reject(new Error('away')) : Promise.resolve());
  const reported: number[] = [];
  const drain = new Drain(spool, store, { ...FAST, onFailure: (_error, inARow) => reported.push(inARow) });
  drain.start();
  const names = await appendAll(spool, 'r', 10);
  await drain.idle();
  expect(reported).toEqual([1, 2, 3, 4, 5]);
  expect(store.names()).toEqual(names);
  await drain.stop(1_000);
  await spool.close();
});

test('a commit whose answer was lost is repeated and stores nothing twice', async () => {
  const spool = await open(new SimulatedDisk());
  const store = new TroubledStore();
  let cut = true;
  store.trouble = async (batch) => {
    if (!cut) return;
    cut = false;
    await store.inner.commit(batch);
    throw new Error('connection lost after COMMIT');
  };
  const drain = new Drain(spool, store, FAST);
  drain.start();
  const names = await appendAll(spool, 'r', 10);
  await drain.idle();
  expect(store.names()).toEqual(names);
  await drain.stop(1_000);
  await spool.close();
});

test('a commit that gives no answer does not hold the queue for ever', async () => {
  const spool = await open(new SimulatedDisk());
  const store = new TroubledStore();
  let tries = 0;
  store.trouble = () => (tries++ === 0 ? new Promise(() => undefined) : Promise.resolve());
  const drain = new Drain(spool, store, { ...FAST, commitTimeoutMs: 20 });
  drain.start();
  await appendAll(spool, 'r', 3);
  await drain.idle();
  expect(store.names()).toHaveLength(3);
  await drain.stop(1_000);
  await spool.close();
});

test('a record the store will never take is set aside durably, and the others go on', async () => {
  const disk = new SimulatedDisk();
  const incidents: SpoolIncident[] = [];
  const spool = await open(disk, (incident) => incidents.push(incident));
  const store = new TroubledStore();
  store.trouble = (batch) =>
    namesOf(batch.records).includes('r3') ? Promise.reject(new JournalBatchRefused('bad')) : Promise.resolve();
  const drain = new Drain(spool, store, FAST);
  const names = await appendAll(spool, 'r', 8);
  drain.start();
  await drain.idle();
  expect(store.names()).toEqual(names.filter((name) => name !== 'r3'));
  expect(incidents).toMatchObject([{ kind: 'set_aside', file: 'set-aside.jsonl', sequence: 4, recordKind: 'usage' }]);
  expect(
    disk
      .afterPowerCut(() => 0)
      .bytesOf('set-aside.jsonl')
      .toString(),
  ).toContain('"r3"');
  await drain.stop(1_000);
  await spool.close();
});

test('lag is the age of the oldest record that the store does not have', async () => {
  const spool = await open(new SimulatedDisk());
  const store = new TroubledStore();
  store.trouble = () => Promise.reject(new Error('away'));
  const clock = { nowMs: () => 10_000, monotonicMs: () => 0 };
  const drain = new Drain(spool, store, { ...FAST, clock });
  drain.start();
  await spool.append(usageRecord('old', { occurredAtMs: 4_000 }));
  await spool.append(usageRecord('young', { occurredAtMs: 9_000 }));
  await eventually('the drain has tried', () => (drain.stats().failuresInARow > 0 ? true : null));
  expect(drain.stats()).toMatchObject({ lagMs: 6_000, pendingRecords: 2 });
  await drain.stop(1);
  await spool.close();
});

test('stopping gives up at its deadline and leaves the rest on disk for the next start', async () => {
  const disk = new SimulatedDisk();
  const spool = await open(disk);
  const store = new TroubledStore();
  store.trouble = () => new Promise(() => undefined);
  const drain = new Drain(spool, store, FAST);
  drain.start();
  const names = await appendAll(spool, 'r', 5);
  expect(await drain.stop(20)).toBe(false);
  await spool.close();

  const next = await open(disk);
  const healthy = new TroubledStore();
  const again = new Drain(next, healthy);
  again.start();
  await again.idle();
  expect(healthy.names()).toEqual(names);
  await again.stop(1_000);
  await next.close();
});

test('appends during draining are drained too, with one file still open', async () => {
  const spool = await open(new SimulatedDisk());
  const store = new TroubledStore();
  const drain = new Drain(spool, store);
  drain.start();
  for (let round = 0; round < 20; round++) await appendAll(spool, `round${round}-`, 7);
  await drain.idle();
  expect(store.names()).toHaveLength(140);
  await drain.stop(1_000);
  await spool.close();
});
