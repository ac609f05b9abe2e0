import { JournalError } from '@trunkline/metering';
import { namesOf, usageRecord } from '../../test/records.js';
import { SimulatedDisk } from '../../test/simulated-disk.js';
import { takeAll } from '../../test/drained.js';
import { eachProcessDead } from '../../test/processes.js';
import type { SpoolIncident } from './incident.js';
import { openSpool } from './open-spool.js';
import type { Spool } from './spool.js';
import type { SpoolOptions } from './spool-options.js';
import { eventually } from '../../../../test/support/poll.js';

const FOLDER = '/spool';

function open(files: SimulatedDisk, set: Partial<SpoolOptions> = {}): Promise<Spool> {
  return openSpool({ folder: FOLDER, files, processes: eachProcessDead, ...set });
}

function names(count: number, prefix = 'r'): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}${index}`);
}

async function appendAll(spool: Spool, ids: readonly string[]): Promise<void> {
  for (const id of ids) await spool.append(usageRecord(id));
}

function codeOf(error: unknown): string {
  return error instanceof JournalError ? error.code : String(error);
}

async function failureOf(promise: Promise<void>): Promise<string> {
  return promise.then(() => 'resolved', codeOf);
}

test('records come out in the order they went in', async () => {
  const spool = await open(new SimulatedDisk());
  await appendAll(spool, names(20));
  expect(namesOf(await takeAll(spool))).toEqual(names(20));
  await spool.close();
});

test('an append that resolved survives a power cut at once', async () => {
  const disk = new SimulatedDisk();
  const spool = await open(disk);
  await spool.append(usageRecord('kept'));
  const afterCut = disk.afterPowerCut(() => 0);
  await spool.close();
  const again = await open(afterCut);
  expect(namesOf(await takeAll(again))).toEqual(['kept']);
  await again.close();
});

test('appends that arrive during a sync share the next one', async () => {
  const disk = new SimulatedDisk();
  const spool = await open(disk);
  await spool.append(usageRecord('first'));
  const before = disk.syncs;
  await Promise.all(names(1_000).map((id) => spool.append(usageRecord(id))));
  expect(disk.syncs - before).toBeLessThanOrEqual(3);
  await spool.close();
});

test('a file is deleted only after all its records were confirmed and it was closed', async () => {
  const disk = new SimulatedDisk();
  const spool = await open(disk, { segmentBytes: 4_096, bytesMax: 1_000_000 });
  await appendAll(spool, names(20));
  const segments = (): number => disk.fileNames().filter((name) => name.endsWith('.seg')).length;
  const written = segments();
  expect(written).toBeGreaterThan(2);
  await spool.read({ recordsMax: 100, bytesMax: 1_000_000 });
  expect(segments()).toBe(written);
  await takeAll(spool);
  expect(segments()).toBe(1);
  await spool.close();
  expect(segments()).toBe(0);
});

test('what was not drained before a clean stop is there after it', async () => {
  const disk = new SimulatedDisk();
  const first = await open(disk, { segmentBytes: 4_096, bytesMax: 1_000_000 });
  await appendAll(first, names(20));
  await first.close();
  const second = await open(disk);
  await second.append(usageRecord('new'));
  expect(namesOf(await takeAll(second))).toEqual([...names(20), 'new']);
  await second.close();
});

test('the folder keeps its id and each run gets a higher epoch, even when nothing is left to drain', async () => {
  const disk = new SimulatedDisk();
  const seen: { spoolId: string; epoch: number }[] = [];
  for (let run = 0; run < 3; run++) {
    const spool = await open(disk);
    await spool.append(usageRecord(`run${run}`));
    const batch = await spool.read({ recordsMax: 1, bytesMax: 1 });
    if (batch !== null) seen.push(batch);
    await takeAll(spool);
    await spool.close();
  }
  expect(seen.map((each) => each.epoch)).toEqual([1, 2, 3]);
  expect(new Set(seen.map((each) => each.spoolId)).size).toBe(1);
});

test('pressure rises with the bytes that wait and falls when they are drained', async () => {
  const spool = await open(new SimulatedDisk(), { bytesMax: 64_000, segmentBytes: 2_000 });
  const seen = new Set<string>();
  for (let id = 0; spool.pressure() !== 'full'; id++) {
    seen.add(spool.pressure());
    if ((await failureOf(spool.append(usageRecord(`r${id}`)))) === 'full') break;
  }
  expect([...seen]).toEqual(['ok', 'warn', 'refuse']);
  expect(await failureOf(spool.append(usageRecord('over')))).toBe('full');
  await takeAll(spool);
  expect(spool.pressure()).toBe('ok');
  await spool.append(usageRecord('fits again'));
  await spool.close();
});

test('a full disk fails the append, tells why, and writing goes on by itself when there is space', async () => {
  const disk = new SimulatedDisk();
  const incidents: SpoolIncident[] = [];
  const spool = await open(disk, { onIncident: (incident) => incidents.push(incident) });
  await appendAll(spool, ['a', 'b']);
  disk.capacity = 0;
  const error = await spool.append(usageRecord('lost')).catch((reason: unknown) => reason);
  expect(codeOf(error)).toBe('io');
  expect(String(error)).toMatch(/disk is full.*Free some space/);
  expect(spool.pressure()).toBe('full');
  disk.heal();
  await eventually('the spool takes writes again', () => (spool.pressure() === 'ok' ? true : null));
  await spool.append(usageRecord('c'));
  expect(incidents.map((each) => each.kind)).toEqual(['disk_failed', 'disk_recovered']);
  expect(namesOf(await takeAll(spool))).toEqual(['a', 'b', 'c']);
  await spool.close();
});

test('a failed sync is never trusted: the file is given up and the records go into a new one', async () => {
  const disk = new SimulatedDisk();
  const spool = await open(disk);
  await spool.append(usageRecord('a'));
  disk.fail('sync', 'EIO');
  const failed = spool.append(usageRecord('b'));
  expect(await failureOf(failed)).toBe('io');
  disk.heal();
  await eventually('the spool takes writes again', () => (spool.pressure() === 'ok' ? true : null));
  await spool.append(usageRecord('b'));
  const next = await open(disk.afterPowerCut((max) => max));
  expect(namesOf(await takeAll(next))).toEqual(['a', 'b']);
  await Promise.all([spool.close(), next.close()]);
});

test.each(['write', 'sync', 'create', 'syncFolder'] as const)(
  'what a failing %s left behind is never taken for a record',
  async (operation) => {
    const disk = new SimulatedDisk();
    const spool = await open(disk);
    await spool.append(usageRecord('a'));
    disk.fail('truncate', 'EIO');
    disk.fail('remove', 'EIO');
    if (operation === 'write') disk.capacity = disk.bytesOf('0000000001-0000000001.seg').length + 300;
    else disk.fail(operation, 'EIO');
    // Creating a file is only needed once the first one was given up.
    if (operation === 'create' || operation === 'syncFolder') disk.fail('sync', 'EIO');
    expect(await failureOf(spool.append(usageRecord('refused')))).toBe('io');
    disk.heal();
    await eventually('the spool takes writes again', () => (spool.pressure() === 'ok' ? true : null));
    await spool.append(usageRecord('b'));
    const incidents: SpoolIncident[] = [];
    const next = await open(disk.afterKill(), { onIncident: (incident) => incidents.push(incident) });
    expect(namesOf(await takeAll(next))).toEqual(['a', 'b']);
    expect(incidents.filter((each) => each.kind === 'damaged')).toEqual([]);
    await next.close();
  },
);

test('a disk that does not answer fails the appends that wait for it, and writing goes on when it does', async () => {
  const disk = new SimulatedDisk();
  const spool = await open(disk, { stallMsMax: 1 });
  await spool.append(usageRecord('a'));
  let answer: () => void = () => undefined;
  disk.beforeWrite = () => new Promise((resolve) => (answer = resolve));
  const stalled = [spool.append(usageRecord('stalled')), spool.append(usageRecord('behind it'))];
  expect(await Promise.all(stalled.map(failureOf))).toEqual(['io', 'io']);
  expect(spool.pressure()).toBe('full');
  disk.beforeWrite = () => Promise.resolve();
  answer();
  await eventually('the spool takes writes again', () => (spool.pressure() === 'ok' ? true : null));
  await spool.append(usageRecord('b'));
  expect(namesOf(await takeAll(spool))).toEqual(expect.arrayContaining(['a', 'b']));
  await spool.close();
});

test('appends that wait for a disk are bounded', async () => {
  const disk = new SimulatedDisk();
  const spool = await open(disk, { waitingBytesMax: 5_000 });
  const results = await Promise.all(names(50).map((id) => failureOf(spool.append(usageRecord(id)))));
  expect(new Set(results)).toEqual(new Set(['resolved', 'overloaded']));
  await spool.close();
});

test('a record that is too large is refused and disturbs nobody', async () => {
  const spool = await open(new SimulatedDisk());
  expect(await failureOf(spool.append(usageRecord('x'.repeat(1_100_000))))).toBe('too_large');
  await spool.append(usageRecord('fine'));
  expect(namesOf(await takeAll(spool))).toEqual(['fine']);
  await spool.close();
});

test('a record that could not be read back is refused, not acknowledged', async () => {
  const spool = await open(new SimulatedDisk());
  expect(await failureOf(spool.append(usageRecord('x', { occurredAtMs: Number.NaN })))).toBe('invalid');
  await spool.close();
});

test('closing makes durable what waits and refuses what comes after', async () => {
  const disk = new SimulatedDisk();
  const spool = await open(disk);
  const waiting = names(10).map((id) => spool.append(usageRecord(id)));
  const closed = spool.close();
  expect(await failureOf(spool.append(usageRecord('late')))).toBe('closed');
  await Promise.all([...waiting, closed]);
  const next = await open(disk);
  expect(namesOf(await takeAll(next))).toEqual(names(10));
  await next.close();
});
