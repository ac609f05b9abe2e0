// One measured window: what passed, what it cost, how long it took, and who else used the cores. Guarantees that CPU and
// frames are read at the same instants on all sides, so that a quotient of the two is fair.
import type { RunningLane } from '../lanes/lane.js';
import { CORE } from '../process/pinned.js';
import { coreBusySeconds, cpuSeconds, rssKiB } from '../process/proc-stat.js';
import { Histogram } from '../workload/histogram.js';
import type { BothEnds, Load } from './load.js';

/** Figures by name; null where nothing was counted, which is not zero. */
export type Figures = Record<string, number | null>;

/** What a window is about. `onTick` runs every 250 ms, to sample what has no counter. */
export interface WindowRequest {
  group: string;
  windowMs: number;
  onTick?: () => void;
}

interface Reading {
  atMs: number;
  proxy: number;
  aside: number;
  load: number;
  proxyCore: number;
  loadCore: number;
}

/** Measures a group for a while. Times are microseconds, memory KiB, shares of one core 0 to 1. */
export async function measureWindow(load: Load, lane: RunningLane, request: WindowRequest): Promise<Figures> {
  await load.openWindow();
  const before = read(load, lane);
  const ticker = request.onTick && setInterval(request.onTick, 250);
  await new Promise((resolve) => setTimeout(resolve, request.windowMs));
  clearInterval(ticker);
  const after = read(load, lane);
  return figuresOf(before, after, await load.figures(request.group), lane);
}

/** Measures the handshakes, or whatever `work` does and counts, by the same clocks. */
export async function measureWork(
  load: Load,
  lane: RunningLane,
  work: () => Promise<number>,
): Promise<{ count: number; figures: Figures }> {
  const before = read(load, lane);
  const count = await work();
  return { count, figures: costOf(before, read(load, lane), lane) };
}

/** Resident memory of all processes of a lane's proxy, KiB. */
export function proxyRss(lane: RunningLane): number {
  return lane.proxyPids.reduce((sum, pid) => sum + rssKiB(pid), 0);
}

function read(load: Load, lane: RunningLane): Reading {
  const sum = (pids: readonly number[]): number => pids.reduce((total, pid) => total + cpuSeconds(pid), 0);
  return {
    atMs: performance.now(),
    proxy: sum(lane.proxyPids),
    aside: asideCpu(lane),
    load: sum([process.pid, ...load.pids]),
    proxyCore: coreBusySeconds(CORE.proxy),
    loadCore: coreBusySeconds(CORE.load),
  };
}

/** Workers of a database come and go; what an ended one used is in its parent's account of its children. */
function asideCpu(lane: RunningLane): number {
  return lane.asidePids.reduce((total, pid) => {
    try {
      return total + cpuSeconds(pid, true);
    } catch {
      return total;
    }
  }, 0);
}

function costOf(before: Reading, after: Reading, lane: RunningLane): Figures {
  const seconds = (after.atMs - before.atMs) / 1000;
  const used = (key: keyof Reading): number => (after[key] - before[key]) / seconds;
  const hasProxy = lane.proxyPids.length > 0;
  const aside = Math.max(0, used('aside'));
  return {
    seconds,
    proxyBusy: hasProxy ? used('proxy') : null,
    asideBusy: aside,
    loadBusy: used('load'),
    othersOnProxyCore: Math.max(0, used('proxyCore') - used('proxy')),
    othersOnLoadCore: Math.max(0, used('loadCore') - used('load') - aside),
  };
}

function figuresOf(before: Reading, after: Reading, ends: BothEnds, lane: RunningLane): Figures {
  const cost = costOf(before, after, lane);
  const messages = ends.client.windowReceived + ends.upstream.windowReceived;
  const proxyCpuSeconds = lane.proxyPids.length > 0 ? after.proxy - before.proxy : null;
  const latency = new Histogram().add(ends.client.latency).add(ends.upstream.latency);
  return {
    ...cost,
    messages,
    messagesPerSecond: (messages / (after.atMs - before.atMs)) * 1000,
    cpuUsPerMessage: proxyCpuSeconds === null || messages === 0 ? null : (proxyCpuSeconds * 1e6) / messages,
    messagesPerCpuSecond: proxyCpuSeconds ? messages / proxyCpuSeconds : null,
    p50Us: latency.quantile(0.5),
    p99Us: latency.quantile(0.99),
    usageP99Us: new Histogram().add(ends.client.usageLatency).quantile(0.99),
  };
}
