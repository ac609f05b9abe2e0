// What one side (client or upstream) counted for one group of sessions. Guarantees that a window's figures cover only
// that window, while integrity is kept for the group's whole life. Leaves joining both sides to the run.
import { z } from 'zod';
import { Histogram } from './histogram.js';
import { flawless } from './sequence.js';

const Sparse = z.array(z.tuple([z.number(), z.number()]));

/** One side's figures as they travel to the benchmark. */
export const GroupFigures = z.object({
  group: z.string(),
  /** Stamped frames since the group began. */
  sent: z.number(),
  received: z.number(),
  /** Stamped frames received in the window. */
  windowReceived: z.number(),
  windowBytes: z.number(),
  /** One-way times of all frames received in the window, and of those that bear usage. */
  latency: Sparse,
  usageLatency: Sparse,
  integrity: z.object({ lost: z.number(), reordered: z.number(), altered: z.number(), foreign: z.number() }),
  /** Sessions that ended although nobody asked them to. */
  endedEarly: z.number(),
  /** The first thing that went wrong, for the reader of a failed run. */
  firstFault: z.string().nullable(),
});
export type GroupFigures = z.infer<typeof GroupFigures>;

/** Counters of one group on one side. */
export class GroupStats {
  sent = 0;
  received = 0;
  endedEarly = 0;
  firstFault: string | null = null;
  readonly integrity = flawless();
  private bytes = 0;
  private readonly latency = new Histogram();
  private readonly usageLatency = new Histogram();
  private mark = { received: 0, bytes: 0 };

  constructor(readonly group: string) {}

  /** Counts one intact frame. */
  take(bytes: number, latencyUs: number, bearsUsage: boolean): void {
    this.received += 1;
    this.bytes += bytes;
    this.latency.record(latencyUs);
    if (bearsUsage) this.usageLatency.record(latencyUs);
  }

  /** Keeps the first description of a fault. */
  fault(description: string): void {
    this.firstFault ??= description.slice(0, 300);
  }

  /** Begins a window. */
  openWindow(): void {
    this.mark = { received: this.received, bytes: this.bytes };
    this.latency.clear();
    this.usageLatency.clear();
  }

  /** The figures of the window so far. */
  figures(): GroupFigures {
    const { group, sent, received, integrity, endedEarly, firstFault } = this;
    return {
      group,
      sent,
      received,
      windowReceived: received - this.mark.received,
      windowBytes: this.bytes - this.mark.bytes,
      latency: this.latency.sparse(),
      usageLatency: this.usageLatency.sparse(),
      integrity: { ...integrity },
      endedEarly,
      firstFault,
    };
  }
}
