// Runs a plan: each round starts all lanes afresh, then measures each cell on one lane after the other, so that a change
// in the machine's mood touches all lanes of a cell alike. Guarantees that everything it started is stopped, and that a
// cell that fails on one lane is written down and does not end the run.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Lane, LaneContext, RunningLane } from '../lanes/lane.js';
import { CORE } from '../process/pinned.js';
import { flawless } from '../workload/sequence.js';
import type { CellResult } from './cell.js';
import { runCell, warmUp } from './cells.js';
import type { Load } from './load.js';
import type { Plan } from './plan.js';
import { QuietGate } from './quiet.js';

/** One cell on one lane in one round: the raw record of a run. */
export interface Sample extends CellResult {
  round: number;
  lane: string;
  cell: string;
}

/** What a run works with; `log` takes one line of progress. */
export interface RunContext extends LaneContext {
  load: Load;
  log(line: string): void;
}

interface Started {
  name: string;
  running: RunningLane;
  startSecond(): Promise<RunningLane>;
  baseRssKiB: number;
}

/** Runs all rounds. */
export async function runPlan(plan: Plan, lanes: readonly Lane[], context: RunContext): Promise<Sample[]> {
  const gate = new QuietGate(plan.patienceMs);
  const samples: Sample[] = [];
  for (let round = 1; round <= plan.rounds; round++) {
    const workDir = join(context.workDir, `round-${round}`);
    mkdirSync(workDir, { mode: 0o711 });
    const started: Started[] = [];
    try {
      for (const lane of lanes) {
        context.log(`round ${round}: starting ${lane.name}`);
        started.push(await startLane(lane, plan, { ...context, workDir }));
      }
      for (const cell of plan.cells) {
        for (const lane of started) {
          await gate.pass();
          const result = await attempt(
            () => runCell(cell, { ...lane, lane: lane.running, load: context.load }),
            context,
          );
          if (!result) continue;
          samples.push({ round, lane: lane.name, cell: cell.name, ...result });
          context.log(`round ${round}: ${cell.name} ${lane.name}: ${summary(result)}`);
        }
      }
    } finally {
      for (const lane of started.reverse()) await lane.running.stop();
    }
  }
  return samples;
}

async function startLane(lane: Lane, plan: Plan, context: RunContext): Promise<Started> {
  const running = await lane.start(context);
  try {
    const baseRssKiB = await warmUp(context.load, running, plan.warmUpSessions, plan.ageMs);
    return { name: lane.name, running, baseRssKiB, startSecond: () => startBeside(lane, context) };
  } catch (error) {
    await running.stop();
    throw error;
  }
}

async function startBeside(lane: Lane, context: RunContext): Promise<RunningLane> {
  const workDir = join(context.workDir, `second-${lane.name}`);
  mkdirSync(workDir, { mode: 0o711 });
  return lane.start({ ...context, workDir, core: CORE.load });
}

/** Runs a cell; what it throws becomes its result, after its sessions were closed. */
async function attempt(run: () => Promise<CellResult | null>, { load }: RunContext): Promise<CellResult | null> {
  try {
    return await run();
  } catch (error) {
    const faults = [error instanceof Error ? error.message : String(error)];
    await load.abandon();
    return { figures: {}, integrity: flawless(), endedEarly: 0, faults };
  }
}

function summary({ figures, integrity, faults }: CellResult): string {
  const shown = Object.entries(figures).map(
    ([name, value]) => `${name} ${value === null ? '-' : +value.toPrecision(4)}`,
  );
  const wrong = Object.entries(integrity).filter(([, count]) => count !== 0);
  return [...shown, ...wrong.map(([name, count]) => `${count} ${name}!`), ...faults.map((fault) => `(${fault})`)].join(
    ' ',
  );
}
