// Real processes on a real disk, killed at random moments while they append and drain.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runTypescript, type TsProcess } from '../../../../test/support/ts-process.js';
import { takeAll } from '../../test/drained.js';
import { namesOf } from '../../test/records.js';
import { openSpool } from './index.js';

const KILLS = 6;

// Appends from 8 loops and prints each name once it is acknowledged; drains into a file that stands for the database.
function gateway(folder: string, run: number): string {
  return `
    import { appendFileSync } from 'node:fs';
    import { Drain, openSpool } from '@trunkline/metering/adapters/spool';
    const { namesOf, usageRecord } = await import('./libs/metering/test/records.ts');
    const spool = await openSpool({ folder: ${JSON.stringify(folder)}, segmentBytes: 20_000, bytesMax: 50_000_000 });
    const commit = async ({ records }) =>
      appendFileSync(${JSON.stringify(`${folder}.db`)}, namesOf(records).map((name) => name + '\\n').join(''));
    new Drain(spool, { commit }, { limits: { recordsMax: 20, bytesMax: 100_000 } }).start();
    const client = async (id) => {
      for (let n = 0; ; n++) {
        const name = ['run${run}', id, n].join('-');
        await spool.append(usageRecord(name, { vendorUsage: 'x'.repeat((n * 131) % 3_000) }));
        process.stdout.write(name + '\\n');
      }
    };
    await Promise.all([0, 1, 2, 3, 4, 5, 6, 7].map(client));`;
}

async function linesUntilKilled(child: TsProcess, count: number): Promise<string[]> {
  const lines: string[] = [];
  while (lines.length < count) lines.push(await child.nextLine());
  await child.end('SIGKILL');
  for (;;) {
    const line = await child.nextLine().catch(() => null);
    if (line === null) return lines;
    lines.push(line);
  }
}

let folder: string;
beforeEach(async () => {
  folder = join(await mkdtemp(join(tmpdir(), 'spool-kill-')), 'spool');
});
afterEach(() => rm(join(folder, '..'), { recursive: true, force: true }));

test('a killed process loses nothing it had acknowledged, and the next one goes on', async () => {
  const acknowledged: string[] = [];
  for (let run = 0; run < KILLS; run++) {
    const child = runTypescript(gateway(folder, run));
    acknowledged.push(...(await linesUntilKilled(child, 50 + Math.floor(Math.random() * 400))));
  }
  const incidents: unknown[] = [];
  const spool = await openSpool({ folder, onIncident: (incident) => incidents.push(incident) });
  const rest = namesOf(await takeAll(spool));
  await spool.close();
  const stored = (await readFile(`${folder}.db`, 'utf8')).split('\n');
  const found = new Set([...stored, ...rest]);
  expect(acknowledged.filter((name) => !found.has(name))).toEqual([]);
  expect(new Set(rest).size).toBe(rest.length);
  expect(incidents).not.toContainEqual(expect.objectContaining({ kind: 'damaged' }));
}, 120_000);
