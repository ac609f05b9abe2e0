// How each cell is measured on a lane. Guarantees that it leaves no session open, also when it fails half way. Leaves
// order, rounds and medians to `rounds.ts` and the report.
import type { RunningLane } from '../lanes/lane.js';
import type { Behaviour } from '../workload/behaviour.js';
import { flawless } from '../workload/sequence.js';
import { type Cell, type CellContext, type CellResult, finish, pause } from './cell.js';
import type { Load } from './load.js';
import { measureScale } from './scale.js';
import { quantileBetween, spoolWaits } from './spool-wait.js';
import { measureSlowConsumers } from './slow-consumers.js';
import { measureWindow, measureWork, proxyRss } from './window.js';

/** Before a window, so that a relay's code is compiled and its buffers have grown. */
const WARM_MS = 2000;
const SETTLE_MS = 1500;
const HANDSHAKE_WORKERS = 32;
const GROUP = 'main';

/** Runs one cell; null when it makes no sense on this lane (memory of no proxy, say). */
export async function runCell(cell: Cell, context: CellContext): Promise<CellResult | null> {
  const hasProxy = context.lane.proxyPids.length > 0;
  switch (cell.mode) {
    case 'memory':
      return hasProxy ? measureMemory(cell, context) : null;
    case 'paced':
    case 'saturation':
      return measureTraffic(cell, context);
    case 'rehearsal':
      return rehearse(cell, context);
    case 'handshakes':
      return measureHandshakes(cell, context);
    case 'scale':
      return hasProxy ? measureScale(cell, context) : null;
    case 'slow':
      return hasProxy ? measureSlowConsumers(cell, context) : null;
  }
}

/**
 * Opens and closes a few sessions, collects garbage and reads the memory that sessions are counted over. Garbage is
 * collected for the base only: what a thousand handshakes leave behind counts against the thousand sessions.
 * @param ageMs how long a Node program is given first: it keeps some of what starting took for about 20 s, and a base
 * with that in it would make sessions look lighter than they are.
 */
export async function warmUp(load: Load, lane: RunningLane, sessions: number, ageMs = 0): Promise<number> {
  await load.open(lane.target, GROUP, 'quiet', sessions);
  await load.closeAll();
  if (lane.collectGarbage) await pause(ageMs);
  lane.collectGarbage?.();
  await pause(SETTLE_MS);
  return proxyRss(lane);
}

async function measureMemory({ sessions }: { sessions: number }, context: CellContext): Promise<CellResult> {
  const { load, lane, baseRssKiB } = context;
  await load.open(lane.target, GROUP, 'quiet', sessions);
  await pause(SETTLE_MS);
  const idleRssKiB = proxyRss(lane);
  lane.collectGarbage?.();
  await pause(SETTLE_MS);
  return finish(load, GROUP, {
    idleKiBPerSession: (idleRssKiB - baseRssKiB) / sessions,
    // The same without garbage: what sessions hold on to.
    liveKiBPerSession: (proxyRss(lane) - baseRssKiB) / sessions,
    baseRssKiB,
  });
}

async function measureTraffic(
  { behaviour, sessions, windowMs }: { behaviour: Behaviour; sessions: number; windowMs: number },
  { load, lane, baseRssKiB }: CellContext,
): Promise<CellResult> {
  const tookMs = await load.open(lane.target, GROUP, behaviour, sessions);
  await load.speak();
  await pause(WARM_MS);
  const before = await spoolWaits(lane);
  const figures = await measureWindow(load, lane, { group: GROUP, windowMs });
  const spoolWaitP99Ms = quantileBetween(before, await spoolWaits(lane), 0.99);
  const activeKiB = lane.proxyPids.length > 0 ? (proxyRss(lane) - baseRssKiB) / sessions : null;
  return finish(load, GROUP, {
    ...figures,
    spoolWaitP99Ms,
    activeKiBPerSession: activeKiB,
    openedPerSecond: (sessions / tookMs) * 1000,
  });
}

/** Carries calls without measuring, where a program compiles itself while it runs: gateways live for days. */
async function rehearse({ sessions, windowMs }: { sessions: number; windowMs: number }, context: CellContext) {
  const { load, lane } = context;
  if (!lane.collectGarbage) return null;
  await load.open(lane.target, GROUP, 'voice', sessions);
  await load.speak();
  await pause(windowMs);
  return finish(load, GROUP, {});
}

async function measureHandshakes({ windowMs }: { windowMs: number }, context: CellContext): Promise<CellResult> {
  const { load, lane } = context;
  let outcome = await load.handshakes(lane.target, HANDSHAKE_WORKERS, windowMs / 4);
  const { count, figures } = await measureWork(load, lane, async () => {
    outcome = await load.handshakes(lane.target, HANDSHAKE_WORKERS, windowMs);
    return outcome.completed;
  });
  const { seconds, proxyBusy } = figures;
  const proxyCpuSeconds = proxyBusy && seconds ? proxyBusy * seconds : null;
  const failed = outcome.failed > 0 ? [`${outcome.failed} handshakes failed, first: ${outcome.firstError}`] : [];
  await load.closeAll();
  return {
    figures: {
      ...figures,
      handshakesPerSecond: seconds ? count / seconds : null,
      handshakesPerCpuSecond: proxyCpuSeconds ? count / proxyCpuSeconds : null,
      p50Us: outcome.p50Us,
      p99Us: outcome.p99Us,
    },
    integrity: flawless(),
    endedEarly: 0,
    faults: failed,
  };
}
