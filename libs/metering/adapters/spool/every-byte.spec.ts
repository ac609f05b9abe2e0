// A segment cut off at every byte, and with a flipped bit in every byte, after a crash and after a clean stop. Whatever is
// left: each record comes out as it was, in order and once, or it is named as lost; and a restart gives none of them again.
import { takeAll } from '../../test/drained.js';
import { eachProcessDead } from '../../test/processes.js';
import { namesOf, usageRecord } from '../../test/records.js';
import { SimulatedDisk } from '../../test/simulated-disk.js';
import type { SpoolIncident } from './incident.js';
import { openSpool } from './open-spool.js';
import { frameAt, frameSeed, SEGMENT_HEADER_BYTES } from './segment-format.js';

const FILE = '0000000001-0000000001.seg';
const NAMES = ['r1', 'r2', 'r3'];

interface Found {
  readonly drained: readonly string[];
  readonly again: readonly string[];
  readonly incidents: readonly SpoolIncident[];
}

const open = (files: SimulatedDisk, incidents: SpoolIncident[]) =>
  openSpool({
    ...{ folder: '/spool', files, segmentBytes: 1_000_000, bytesMax: 10_000_000, processes: eachProcessDead },
    onIncident: (incident) => incidents.push(incident),
  });

/** Three records in one segment, as a crash or a clean stop leaves it. */
async function written(end: 'crash' | 'clean stop'): Promise<SimulatedDisk> {
  const disk = new SimulatedDisk();
  const spool = await open(disk, []);
  for (const name of NAMES) await spool.append(usageRecord(name));
  if (end === 'crash') return disk.afterKill();
  await spool.close();
  return disk;
}

/** Where each record ends. */
function endsOf(disk: SimulatedDisk): readonly number[] {
  const ends: number[] = [];
  for (let at = SEGMENT_HEADER_BYTES; ; at = ends.at(-1) ?? at) {
    const frame = frameAt(disk.bytesOf(FILE), at, frameSeed({ epoch: 1, segment: 1 }));
    if (frame === null) return ends;
    ends.push(frame.end);
  }
}

/** What a start finds on a copy of the disk, and what the start after it. */
async function found(disk: SimulatedDisk, damage: (copy: SimulatedDisk) => Promise<void> | void): Promise<Found> {
  const copy = disk.afterPowerCut((max) => max);
  await damage(copy);
  const incidents: SpoolIncident[] = [];
  const spool = await open(copy, incidents);
  const drained = namesOf(await takeAll(spool));
  await spool.close();
  const next = await open(copy, []);
  const again = namesOf(await takeAll(next));
  await next.close();
  return { drained, again, incidents };
}

const cutAt = (byte: number) => async (copy: SimulatedDisk) => (await copy.open(`/spool/${FILE}`)).truncate(byte);
const isAbout = (incident: SpoolIncident): boolean => 'file' in incident && incident.file === FILE;

test('cut off at any byte after a crash: all records before it, and what was torn is cut off and told', async () => {
  const disk = await written('crash');
  const ends = endsOf(disk);
  expect(ends).toHaveLength(NAMES.length);
  for (let byte = 0; byte <= (ends.at(-1) ?? 0); byte++) {
    const { drained, again, incidents } = await found(disk, cutAt(byte));
    const whole = ends.filter((end) => end <= byte).length;
    const isTorn = byte !== SEGMENT_HEADER_BYTES && !ends.includes(byte);
    expect([byte, drained, again, incidents.filter(isAbout).length]).toEqual([
      ...[byte, NAMES.slice(0, whole), [], isTorn ? 1 : 0],
    ]);
  }
}, 60_000);

test('cut off at any byte after a clean stop, which promised its end: the records that are missing are named', async () => {
  const disk = await written('clean stop');
  const ends = endsOf(disk);
  for (let byte = 0; byte < (ends.at(-1) ?? 0); byte++) {
    const { drained, again, incidents } = await found(disk, cutAt(byte));
    const whole = ends.filter((end) => end <= byte).length;
    expect([byte, drained, again]).toEqual([byte, NAMES.slice(0, whole), []]);
    const [damage] = incidents.filter((each) => each.kind === 'damaged');
    const hasHeader = byte >= SEGMENT_HEADER_BYTES;
    const missing = { fromSequence: hasHeader ? whole + 1 : null, toByte: ends.at(-1), toSequence: null };
    expect([byte, damage?.file, damage?.ranges.at(-1)]).toMatchObject([byte, FILE, missing]);
  }
}, 60_000);

test.each(['crash', 'clean stop'] as const)(
  'a flipped bit in any byte after a %s: no record is altered, and what is lost is named',
  async (end) => {
    const disk = await written(end);
    const bytes = disk.bytesOf(FILE).length;
    for (let byte = 0; byte < bytes; byte++) {
      const { drained, again, incidents } = await found(disk, (copy) => copy.flipBit(FILE, byte));
      const kept = NAMES.filter((name) => drained.includes(name));
      expect([byte, drained, again]).toEqual([byte, kept, []]);
      if (kept.length < NAMES.length) expect([byte, incidents.some(isAbout)]).toEqual([byte, true]);
    }
  },
  60_000,
);
