// A slow consumer on either side: clients that read nothing while the upstream floods them, and an upstream that reads
// nothing while clients flood it. Guarantees that growth is the peak of the proxy's own memory over its level with only
// the neighbours present, per slow session. Kernel socket buffers are not the proxy's and do not count.
import type { Behaviour } from '../workload/behaviour.js';
import { type CellContext, type CellResult, finish, pause } from './cell.js';
import { type Figures, measureWindow, proxyRss } from './window.js';

const NEIGHBOURS = 'neighbours';
const WARM_MS = 2000;
/** Long enough for every buffer on the way to fill before the window opens. */
const FILL_MS = 3000;

/** How many of each, and how long. */
export interface SlowRequest {
  neighbours: number;
  slow: number;
  windowMs: number;
}

/** Measures neighbours alone, then beside slow readers, then beside a slow upstream. */
export async function measureSlowConsumers(request: SlowRequest, context: CellContext): Promise<CellResult> {
  const { load, lane } = context;
  await load.open(lane.target, NEIGHBOURS, 'voice', request.neighbours);
  await load.speak();
  await pause(WARM_MS);
  const alone = await measureWindow(load, lane, { group: NEIGHBOURS, windowMs: request.windowMs });
  const reader = await beside('flood', request, context);
  const writer = await beside('stall', request, context);
  const aloneP99Us = alone['p99Us'] ?? null;
  const timesAlone = (p99Us: number | null): number | null => (p99Us && aloneP99Us ? p99Us / aloneP99Us : null);
  return finish(load, NEIGHBOURS, {
    neighboursAloneP99Us: aloneP99Us,
    neighboursOthersOnProxyCore: alone['othersOnProxyCore'] ?? null,
    slowReaderP99Us: reader.p99Us,
    slowReaderP99Ratio: timesAlone(reader.p99Us),
    slowReaderGrowthKiB: reader.growthKiB,
    slowUpstreamP99Us: writer.p99Us,
    slowUpstreamP99Ratio: timesAlone(writer.p99Us),
    slowUpstreamGrowthKiB: writer.growthKiB,
  });
}

async function beside(
  behaviour: Behaviour,
  { slow, windowMs }: SlowRequest,
  { load, lane }: CellContext,
): Promise<{ p99Us: number | null; growthKiB: number }> {
  const before = proxyRss(lane);
  let peak = before;
  const sample = (): void => {
    peak = Math.max(peak, proxyRss(lane));
  };
  await load.open(lane.target, behaviour, behaviour, slow);
  sample();
  await pause(FILL_MS);
  sample();
  const figures: Figures = await measureWindow(load, lane, { group: NEIGHBOURS, windowMs, onTick: sample });
  await load.cutGroup(behaviour);
  return { p99Us: figures['p99Us'] ?? null, growthKiB: (peak - before) / slow };
}
