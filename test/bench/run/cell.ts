// The cells of the benchmark: what is measured on every lane in turn, and what one measurement gives. Guarantees that a
// finished cell says what happened to every frame. Leaves how each is measured to `cells.ts`.
import type { RunningLane } from '../lanes/lane.js';
import type { Behaviour } from '../workload/behaviour.js';
import type { Integrity } from '../workload/sequence.js';
import { type BothEnds, type Load, missing } from './load.js';
import type { Figures } from './window.js';

/** One thing to measure. `mode` is what `--modes` selects by. */
export type Cell =
  | { mode: 'memory'; name: string; sessions: number }
  | { mode: 'paced'; name: string; behaviour: Behaviour; sessions: number; windowMs: number }
  | { mode: 'saturation'; name: string; behaviour: Behaviour; sessions: number; windowMs: number }
  | { mode: 'rehearsal'; name: string; sessions: number; windowMs: number }
  | { mode: 'handshakes'; name: string; windowMs: number }
  | { mode: 'scale'; name: string; sessions: number; windowMs: number }
  | { mode: 'slow'; name: string; neighbours: number; slow: number; windowMs: number };

/** What one cell found on one lane. */
export interface CellResult {
  figures: Figures;
  integrity: Integrity;
  /** Sessions that ended by themselves. */
  endedEarly: number;
  faults: string[];
}

/** What a cell works with. `baseRssKiB` is the proxy's memory after its warm-up, with no session open. */
export interface CellContext {
  load: Load;
  lane: RunningLane;
  baseRssKiB: number;
  /** Starts another process of the same lane, on the load's core. Whoever calls stops it. */
  startSecond(): Promise<RunningLane>;
}

/** Lets the last frames arrive, closes everything and sums up what became of the group's frames. */
export async function finish(load: Load, group: string, figures: Figures): Promise<CellResult> {
  const ends = await load.drain(group);
  const account = accountOf(ends);
  try {
    await load.closeAll();
  } catch (error) {
    // What was measured stays; that sessions did not end is a fault of its own.
    account.faults.push(error instanceof Error ? error.message : String(error));
    await load.abandon();
  }
  return { figures, ...account };
}

function accountOf(ends: BothEnds): Omit<CellResult, 'figures'> {
  const { client, upstream } = ends;
  const sum = (key: keyof Integrity): number => client.integrity[key] + upstream.integrity[key];
  // Gaps inside a session and frames missing at its end overlap when totals are compared; the greater is the truth.
  const lost = Math.max(sum('lost'), missing(ends));
  return {
    integrity: { lost, reordered: sum('reordered'), altered: sum('altered'), foreign: sum('foreign') },
    endedEarly: client.endedEarly + upstream.endedEarly,
    faults: [client.firstFault, upstream.firstFault].filter((fault) => fault !== null),
  };
}

/** Lets time pass while the system under test runs. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
