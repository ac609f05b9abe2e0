import { takeAll } from '../../test/drained.js';
import { eachProcessDead } from '../../test/processes.js';
import { namesOf, usageRecord } from '../../test/records.js';
import { SimulatedDisk } from '../../test/simulated-disk.js';
import type { SpoolIncident } from './incident.js';
import { crc32c } from './crc32c.js';
import { openSpool } from './open-spool.js';
import { FRAME_HEADER_BYTES, frameAt, frameSeed, SEGMENT_HEADER_BYTES, type FrameAt } from './segment-format.js';
import { salvageSegment } from './salvage.js';
import type { Spool } from './spool.js';

const FIRST = '0000000001-0000000001.seg';

interface Opened {
  readonly spool: Spool;
  readonly incidents: readonly SpoolIncident[];
}

async function open(files: SimulatedDisk, segmentBytes = 4_096): Promise<Opened> {
  const incidents: SpoolIncident[] = [];
  const spool = await openSpool({
    folder: '/spool',
    files,
    segmentBytes,
    bytesMax: 10_000_000,
    processes: eachProcessDead,
    onIncident: (incident) => incidents.push(incident),
  });
  return { spool, incidents };
}

/** A disk on which 20 records lie in several files, as a crash left it. */
async function writtenDisk(segmentBytes = 4_096): Promise<SimulatedDisk> {
  const disk = new SimulatedDisk();
  const { spool } = await open(disk, segmentBytes);
  for (let index = 0; index < 20; index++) await spool.append(usageRecord(`r${index}`));
  const crashed = disk.afterKill();
  return crashed;
}

function framesOf(disk: SimulatedDisk, name: string): FrameAt[] {
  const bytes = disk.bytesOf(name);
  const seed = frameSeed({ epoch: 1, segment: Number(name.slice(11, 21)) });
  const frames: FrameAt[] = [];
  for (let at = SEGMENT_HEADER_BYTES; ;) {
    const frame = frameAt(bytes, at, seed);
    if (frame === null) return frames;
    frames.push(frame);
    at = frame.end;
  }
}

function frame(disk: SimulatedDisk, index: number): FrameAt {
  const found = framesOf(disk, FIRST)[index];
  if (found === undefined) throw new Error('no such frame');
  return found;
}

test('a flipped bit in a closed file stops that file, names the record, and the other files drain', async () => {
  const disk = await writtenDisk();
  const inFirst = framesOf(disk, FIRST).length;
  const bad = frame(disk, 2);
  disk.flipBit(FIRST, bad.offset + FRAME_HEADER_BYTES + 5);
  const { spool, incidents } = await open(disk);
  const drained = namesOf(await takeAll(spool));
  const expected = Array.from({ length: 20 }, (_, i) => `r${i}`).filter((_, i) => i < 2 || i >= inFirst);
  expect(drained).toEqual(expected);
  expect(incidents).toEqual([
    {
      kind: 'damaged',
      file: FIRST,
      quarantinedAs: `${FIRST}.quarantined`,
      ranges: [{ fromByte: bad.offset, toByte: bad.end, fromSequence: 3, toSequence: 3 }],
      intactAfter: inFirst - 3,
    },
  ]);
  expect(disk.fileNames()).toContain(`${FIRST}.quarantined`);
  await spool.close();
});

test('what is still readable in a quarantined file can be salvaged', async () => {
  const disk = await writtenDisk();
  const bad = frame(disk, 2);
  const inFirst = framesOf(disk, FIRST).length;
  disk.flipBit(FIRST, bad.offset + 40);
  const { spool } = await open(disk);
  await takeAll(spool);
  await spool.close();
  const { batch, ranges } = await salvageSegment(`/spool/${FIRST}.quarantined`, 'salvage', disk);
  const readable = Array.from({ length: inFirst }, (_, i) => `r${i}`).filter((_, i) => i !== 2);
  expect(namesOf(batch?.records ?? [])).toEqual(readable);
  expect(ranges).toEqual([{ fromByte: bad.offset, toByte: bad.end, fromSequence: 3, toSequence: 3 }]);
  await expect(salvageSegment('/spool/other', 'salvage', disk)).rejects.toThrow(/not the name of a spool segment/);
});

test.each([
  ['the length', 1],
  ['the checksum', 5],
  ['the sequence', 14],
  ['the group', 20],
  ['the record', 60],
])('a flipped bit in %s hides no record after it from the report', async (_name, byte) => {
  const disk = await writtenDisk();
  const bad = frame(disk, 1);
  disk.flipBit(FIRST, bad.offset + byte);
  const { spool, incidents } = await open(disk);
  expect(incidents).toMatchObject([
    { kind: 'damaged', ranges: [{ fromByte: bad.offset, toByte: bad.end, fromSequence: 2, toSequence: 2 }] },
  ]);
  await spool.close();
});

test('a flipped bit in the last file is damage, not a torn tail, when a later write follows', async () => {
  const disk = await writtenDisk(1_000_000);
  const bad = frame(disk, 10);
  disk.flipBit(FIRST, bad.offset + 30);
  const { spool, incidents } = await open(disk);
  expect(namesOf(await takeAll(spool))).toHaveLength(10);
  expect(incidents).toMatchObject([{ kind: 'damaged', intactAfter: 9 }]);
  await spool.close();
});

test('damage is not forgotten when the process dies before the good part was drained', async () => {
  const disk = await writtenDisk(1_000_000);
  disk.flipBit(FIRST, frame(disk, 10).offset + 30);
  const first = await open(disk);
  await first.spool.append(usageRecord('new'));
  const crashed = disk.afterKill();
  const { spool, incidents } = await open(crashed);
  expect(incidents).toMatchObject([{ kind: 'damaged', intactAfter: 9 }]);
  expect(namesOf(await takeAll(spool))).toHaveLength(11);
  expect(crashed.fileNames()).toContain(`${FIRST}.quarantined`);
  await spool.close();
});

test('a torn tail is cut off and what comes after the restart is kept', async () => {
  const disk = await writtenDisk(1_000_000);
  const last = frame(disk, 19);
  await (await disk.open(`/spool/${FIRST}`)).truncate(last.end - 7);
  const { spool, incidents } = await open(disk);
  expect(incidents).toEqual([
    { kind: 'torn_tail', file: FIRST, fromByte: last.offset, bytes: last.end - 7 - last.offset },
  ]);
  expect(disk.bytesOf(FIRST)).toHaveLength(last.offset);
  await spool.append(usageRecord('new'));
  const crashed = disk.afterKill();
  const next = await open(crashed);
  expect(namesOf(await takeAll(next.spool))).toEqual([...Array.from({ length: 19 }, (_, i) => `r${i}`), 'new']);
  expect(next.incidents).toEqual([]);
  await next.spool.close();
});

test('a missing end is damage when a clean stop had promised it', async () => {
  const disk = new SimulatedDisk();
  const first = await open(disk, 1_000_000);
  for (let index = 0; index < 5; index++) await first.spool.append(usageRecord(`r${index}`));
  await first.spool.close();
  const last = frame(disk, 4);
  await (await disk.open(`/spool/${FIRST}`)).truncate(last.offset);
  const { spool, incidents } = await open(disk);
  expect(namesOf(await takeAll(spool))).toHaveLength(4);
  expect(incidents).toMatchObject([
    {
      kind: 'damaged',
      ranges: [{ fromByte: last.offset, toByte: last.end, fromSequence: 5, toSequence: null }],
      intactAfter: 0,
    },
  ]);
  await spool.close();
});

test.each([0, 20, SEGMENT_HEADER_BYTES])(
  'a file cut to %i bytes is damage when the next one repeats its promise',
  async (length) => {
    const disk = await writtenDisk();
    const inFirst = framesOf(disk, FIRST).length;
    const { end } = frame(disk, inFirst - 1);
    await (await disk.open(`/spool/${FIRST}`)).truncate(length);
    const { spool, incidents } = await open(disk);
    expect(namesOf(await takeAll(spool))).toEqual(Array.from({ length: 20 - inFirst }, (_, i) => `r${i + inFirst}`));
    expect(incidents).toHaveLength(1);
    const damage = incidents.find((each) => each.kind === 'damaged');
    expect(damage).toMatchObject({ file: FIRST, intactAfter: 0 });
    expect(damage?.ranges.at(-1)).toMatchObject({ fromByte: SEGMENT_HEADER_BYTES, toByte: end });
    await spool.close();
  },
);

test('a damaged header sets the whole file apart and says how many records are still readable in it', async () => {
  const disk = await writtenDisk();
  const inFirst = framesOf(disk, FIRST).length;
  disk.flipBit(FIRST, 20);
  const { spool, incidents } = await open(disk);
  expect(namesOf(await takeAll(spool))).toHaveLength(20 - inFirst);
  expect(incidents).toMatchObject([{ kind: 'damaged', file: FIRST, intactAfter: inFirst }]);
  expect(disk.fileNames()).toContain(`${FIRST}.quarantined`);
  await spool.close();
});

test('a bit that flips while the spool runs is found by the drain, and new records are safe from it', async () => {
  const disk = new SimulatedDisk();
  const { spool, incidents } = await open(disk, 1_000_000);
  for (let index = 0; index < 5; index++) await spool.append(usageRecord(`r${index}`));
  disk.flipBit(FIRST, frame(disk, 3).offset + 40);
  expect(namesOf(await takeAll(spool))).toEqual(['r0', 'r1', 'r2']);
  expect(incidents).toMatchObject([{ kind: 'damaged', intactAfter: 1 }]);
  await spool.append(usageRecord('new'));
  expect(namesOf(await takeAll(spool))).toEqual(['new']);
  expect(disk.fileNames()).toContain(`${FIRST}.quarantined`);
  await spool.close();
});

test('a file that somebody deleted is reported, and the others drain', async () => {
  const disk = await writtenDisk();
  const inFirst = framesOf(disk, FIRST).length;
  const { spool, incidents } = await open(disk);
  await disk.remove(`/spool/${FIRST}`);
  expect(namesOf(await takeAll(spool))).toHaveLength(20 - inFirst);
  expect(incidents.map((each) => each.kind)).toEqual(['damaged', 'leftover']);
  await spool.close();
});

test('files of a newer version are kept untouched for it', async () => {
  const disk = await writtenDisk();
  const bytes = disk.bytesOf(FIRST);
  bytes.writeUInt32BE(2, 8);
  bytes.writeUInt32BE(crc32c(bytes.subarray(0, 60)), 60);
  const before = Buffer.from(bytes);
  const { spool, incidents } = await open(disk);
  await takeAll(spool);
  await spool.close();
  expect(incidents).toMatchObject([{ kind: 'unreadable', file: FIRST }]);
  expect(disk.bytesOf(FIRST).equals(before)).toBe(true);
});
