import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eachProcessDead, othersAre } from '../../test/processes.js';
import { usageRecord } from '../../test/records.js';
import { SimulatedDisk } from '../../test/simulated-disk.js';
import { nodeFiles } from './files.js';
import type { SpoolIncident } from './incident.js';
import { openSpool } from './open-spool.js';
import { SpoolFolderError, takeFolder } from './owner.js';
import { systemProcesses, type Processes } from './process-identity.js';

function take(files: SimulatedDisk, processes: Processes): ReturnType<typeof takeFolder> {
  return takeFolder({ files, folder: '/spool', processes, ownerSilenceMs: 1 });
}

test('a second process is refused while the first one lives, and told which one it is and what to do', async () => {
  const disk = new SimulatedDisk();
  await take(disk, othersAre('alive', 4711));
  const second = take(disk, othersAre('alive', 4712));
  await expect(second).rejects.toThrow(SpoolFolderError);
  await expect(second).rejects.toThrow(/Two instances on one data folder: process 4711 on test .*\/spool.*Stop that/);
});

test('the folder of a dead process is taken over with the next epoch and the same id', async () => {
  const disk = new SimulatedDisk();
  const first = await take(disk, eachProcessDead);
  const second = await take(disk, eachProcessDead);
  expect(second.epoch).toBe(first.epoch + 1);
  expect(second.spoolId).toBe(first.spoolId);
  expect(second.lastPromise).toBeNull();
});

test('a released folder is free although its process lives, and hands on what was promised', async () => {
  const disk = new SimulatedDisk();
  const first = await take(disk, othersAre('alive'));
  await first.release({ epoch: 1, segment: 3, bytes: 99 });
  expect(await take(disk, othersAre('alive'))).toMatchObject({
    epoch: 2,
    lastPromise: { epoch: 1, segment: 3, bytes: 99 },
  });
});

test('of many processes that start at once exactly one gets the folder', async () => {
  const disk = new SimulatedDisk();
  const starters = Array.from({ length: 20 }, (_, index) => {
    // Each sees the others as alive; that is what they are while they race.
    return take(disk, othersAre('alive', index + 1)).then(
      (owner) => owner.epoch,
      () => null,
    );
  });
  const epochs = (await Promise.all(starters)).filter((epoch) => epoch !== null);
  expect(epochs).toHaveLength(1);
});

/** A disk on which the owner shows that it lives whenever somebody looks. */
class BeatingDisk extends SimulatedDisk {
  beating = true;

  override async touchedAtMs(path: string): Promise<number> {
    if (this.beating) await this.touch(path);
    return super.touchedAtMs(path);
  }
}

test('an owner in another container keeps the folder as long as it shows that it lives', async () => {
  const disk = new BeatingDisk();
  await take(disk, othersAre('unknown'));
  await expect(take(disk, othersAre('unknown'))).rejects.toThrow(SpoolFolderError);
  disk.beating = false;
  expect(await take(disk, othersAre('unknown'))).toMatchObject({ epoch: 2 });
});

test('an owner that was displaced notices', async () => {
  const disk = new SimulatedDisk();
  const first = await take(disk, eachProcessDead);
  expect(await first.beat()).toBe(true);
  await take(disk, eachProcessDead);
  expect(await first.beat()).toBe(false);
});

test('a spool that was displaced while it stood still acknowledges nothing more', async () => {
  const disk = new SimulatedDisk();
  const incidents: SpoolIncident[] = [];
  let nowMs = 0;
  const clock = { nowMs: () => nowMs, monotonicMs: () => nowMs };
  const options = { folder: '/spool', files: disk, processes: eachProcessDead, clock };
  const first = await openSpool({ ...options, onIncident: (incident) => incidents.push(incident) });
  const second = await openSpool(options);
  nowMs = 60_000;
  await expect(first.append(usageRecord('late'))).rejects.toMatchObject({ code: 'owner_lost' });
  expect(first.pressure()).toBe('full');
  expect(incidents).toEqual([{ kind: 'owner_lost', folder: '/spool' }]);
  await first.close();
  await second.append(usageRecord('fine'));
  await second.close();
});

test('a damaged owner file does not lock the folder for ever, nor give its epoch twice', async () => {
  const disk = new SimulatedDisk();
  await take(disk, eachProcessDead);
  disk.bytesOf('owner-0000000001.json').fill('#');
  expect(await take(disk, othersAre('alive'))).toMatchObject({ epoch: 2 });
});

test('a folder without owner files but with segments goes on above their epochs', async () => {
  const disk = new SimulatedDisk();
  await (await disk.create('/spool/0000000041-0000000001.seg')).close();
  expect(await take(disk, eachProcessDead)).toMatchObject({ epoch: 42 });
});

describe('on the real disk', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'spool-owner-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  test('the same process cannot open one folder twice', async () => {
    const first = await openSpool({ folder });
    await expect(openSpool({ folder })).rejects.toThrow(new RegExp(`process ${process.pid} `));
    await first.close();
    await (await openSpool({ folder })).close();
  });

  test('a process number that was reused by another process does not count as the owner', async () => {
    const own = systemProcesses.own();
    expect(systemProcesses.livenessOf(own)).toBe('alive');
    expect(systemProcesses.livenessOf({ ...own, startTicks: '1' })).toBe('dead');
    expect(systemProcesses.livenessOf({ ...own, place: 'elsewhere' })).toBe('unknown');
  });

  test('a path that is not a folder is refused with what to do', async () => {
    const path = join(folder, 'file');
    await (await nodeFiles.create(path)).close();
    await expect(openSpool({ folder: join(path, 'spool') })).rejects.toThrow(/part of its path is a file/);
  });
});

test('a folder that cannot be written is refused with what to do', async () => {
  const disk = new SimulatedDisk();
  disk.fail('create', 'EACCES');
  const opened = openSpool({ folder: '/spool', files: disk, processes: eachProcessDead });
  await expect(opened).rejects.toThrow(/may not write there. Change the owner of the folder/);
});
