// The central promise under random histories: appends, drains, failing disks, clean stops, kills and power cuts in any
// order. What was acknowledged is in the store or still in the spool; nothing is in the spool twice.
import fc from 'fast-check';
import { JournalError } from '@trunkline/metering';
import { takeAll } from '../../test/drained.js';
import { eachProcessDead } from '../../test/processes.js';
import { namesOf, usageRecord } from '../../test/records.js';
import { SimulatedDisk } from '../../test/simulated-disk.js';
import type { SpoolIncident } from './incident.js';
import { openSpool } from './open-spool.js';
import type { Spool } from './spool.js';

type Step =
  | { readonly do: 'append'; readonly count: number; readonly wait: boolean }
  | { readonly do: 'drain'; readonly batches: number }
  | { readonly do: 'fail'; readonly operation: 'write' | 'sync' | 'create' | 'truncate' | 'remove' }
  | { readonly do: 'fill'; readonly room: number }
  | { readonly do: 'heal' | 'stop' | 'kill' }
  | { readonly do: 'power'; readonly choices: readonly number[] };

const aStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('append'), count: fc.integer({ min: 1, max: 12 }), wait: fc.boolean() }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('drain'), batches: fc.integer({ min: 1, max: 6 }) }) },
  fc.record({
    do: fc.constant('fail'),
    operation: fc.constantFrom('write', 'sync', 'create', 'truncate', 'remove'),
  }),
  fc.record({ do: fc.constant('fill'), room: fc.integer({ min: 0, max: 3_000 }) }),
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('heal', 'stop', 'kill') }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('power'),
      choices: fc.array(fc.nat({ max: 1_000 }), { minLength: 20, maxLength: 20 }),
    }),
  },
);

/** One machine through its history, with the books of an outside observer. */
class History {
  private disk = new SimulatedDisk();
  private spool: Spool | null = null;
  private count = 0;
  private readonly abandoned: Spool[] = [];
  private readonly acknowledged = new Set<string>();
  private readonly stored: string[] = [];
  private readonly incidents: SpoolIncident[] = [];

  async apply(step: Step): Promise<void> {
    switch (step.do) {
      case 'append':
        return this.append(step.count, step.wait);
      case 'drain':
        return this.drain(step.batches);
      case 'fail':
        return this.disk.fail(step.operation, 'EIO');
      case 'fill':
        this.disk.capacity = this.disk.used() + step.room;
        return;
      case 'heal':
        return this.disk.heal();
      case 'stop':
        this.disk.heal();
        await this.spool?.close();
        this.spool = null;
        return;
      case 'kill':
        return this.crash(this.disk.afterKill());
      case 'power': {
        let at = 0;
        return this.crash(
          this.disk.afterPowerCut((max) => (step.choices[at++ % step.choices.length] ?? 0) % (max + 1)),
        );
      }
    }
  }

  /** Heals, restarts, drains everything, and checks the books. */
  async settle(): Promise<void> {
    this.crash(this.disk.afterKill());
    this.disk.heal();
    const rest = namesOf(await takeAll(await this.running()));
    expect(new Set(rest).size).toBe(rest.length);
    const found = new Set([...this.stored, ...rest]);
    expect([...this.acknowledged].filter((name) => !found.has(name))).toEqual([]);
    expect(this.incidents.filter((each) => each.kind === 'damaged')).toEqual([]);
    await this.spool?.close();
    await Promise.all(this.abandoned.map((spool) => spool.close().catch(() => undefined)));
  }

  private async append(count: number, wait: boolean): Promise<void> {
    const spool = await this.running().catch(() => null);
    if (spool === null) return;
    const waits = Array.from({ length: count }, async () => {
      const name = `r${this.count++}`;
      try {
        await spool.append(usageRecord(name, { vendorUsage: 'x'.repeat((this.count * 37) % 900) }));
        if (spool === this.spool) this.acknowledged.add(name); // The dead acknowledge nothing.
      } catch (error) {
        if (!(error instanceof JournalError)) throw error;
      }
    });
    // Without waiting, the next step meets the appends half done.
    if (wait) await Promise.all(waits);
    else await new Promise((resolve) => setImmediate(resolve));
  }

  private async drain(batches: number): Promise<void> {
    const spool = await this.running().catch(() => null);
    for (let taken = 0; spool !== null && taken < batches; taken++) {
      const batch = await spool.read({ recordsMax: 5, bytesMax: 4_096 });
      if (batch === null) return;
      this.stored.push(...namesOf(batch.records));
      await spool.confirm(batch);
    }
  }

  private crash(next: SimulatedDisk): void {
    // Whatever the dead process still does happens on a disk that nobody will see.
    if (this.spool !== null) this.abandoned.push(this.spool);
    this.spool = null;
    this.disk = next;
  }

  private async running(): Promise<Spool> {
    this.spool ??= await openSpool({
      folder: '/spool',
      files: this.disk,
      segmentBytes: 3_000,
      bytesMax: 100_000,
      groupBytesMax: 3_000,
      processes: eachProcessDead,
      onIncident: (incident) => this.incidents.push(incident),
    });
    return this.spool;
  }
}

test('nothing acknowledged is lost and nothing comes twice, whatever fails and whenever the power goes', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(aStep, { minLength: 3, maxLength: 25 }), async (steps) => {
      const history = new History();
      for (const step of steps) await history.apply(step);
      await history.settle();
    }),
    { numRuns: 150 },
  );
}, 60_000);
