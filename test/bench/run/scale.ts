// A second process beside the first: whether two cores carry twice as much. Guarantees that both halves are counted
// together. The second process shares its core with the load, so latency means nothing here and CPU per message does.
import type { RunningLane } from '../lanes/lane.js';
import { type CellContext, type CellResult, finish, pause } from './cell.js';
import { measureWindow } from './window.js';

const GROUP = 'main';
const WARM_MS = 2000;

/** Measures CPU per message of one process alone, and of two that carry as many sessions each. */
export async function measureScale(
  { sessions, windowMs }: { sessions: number; windowMs: number },
  context: CellContext,
): Promise<CellResult> {
  const { load, lane } = context;
  await load.open(lane.target, GROUP, 'voice', sessions);
  await load.speak();
  await pause(WARM_MS);
  const alone = await measureWindow(load, lane, { group: GROUP, windowMs });
  const second = await context.startSecond();
  try {
    await load.open(second.target, GROUP, 'voice', sessions);
    await pause(WARM_MS);
    const both: RunningLane = { ...lane, proxyPids: [...lane.proxyPids, ...second.proxyPids] };
    const together = await measureWindow(load, both, { group: GROUP, windowMs });
    const [one, two] = [alone['cpuUsPerMessage'], together['cpuUsPerMessage']];
    return await finish(load, GROUP, {
      aloneCpuUsPerMessage: one ?? null,
      togetherCpuUsPerMessage: two ?? null,
      togetherRatio: one && two ? two / one : null,
    });
  } finally {
    await second.stop();
  }
}
