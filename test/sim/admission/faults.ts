// What breaks, and when. Each fault begins by chance and ends by itself; several may be under way at once. Their sizes are
// those that admission promises to withstand: a process that stands still for longer than the margin of its leases is
// drawn only where calls may outlive their lines.
import type { LeaseTerms } from '@trunkline/admission';
import type { Chance } from './chance.js';
import type { Chronicle } from './chronicle.js';
import type { Network } from './link.js';
import type { Replica } from './replica.js';
import type { StoreServer } from './store-server.js';
import type { Timeline } from './timeline.js';

/** What faults work on. */
export interface Breakable {
  readonly timeline: Timeline;
  readonly chronicle: Chronicle;
  readonly chance: Chance;
  readonly terms: LeaseTerms;
  readonly network: Network;
  readonly server: StoreServer;
  readonly replicas: () => readonly Replica[];
  /** In place of a killed one. */
  readonly startReplica: () => void;
  /** A process may stand still for so long without its policy of ending calls being too late. */
  readonly stallMsMax: number;
  /** A copy's clock may differ by so much. */
  readonly skewMsMax: number;
  readonly mayFreeze: boolean;
  /** Everything is whole again by then. */
  readonly untilMs: number;
}

type Fault = (world: Breakable) => void;

const FAULTS = [
  { kind: 'crash', weight: 4, begin: crash },
  { kind: 'cut one', weight: 8, begin: cutOne },
  { kind: 'cut all', weight: 1, begin: cutAll },
  { kind: 'stall store', weight: 1, begin: stallStore },
  { kind: 'stop store', weight: 1, begin: stopStore },
  { kind: 'flush store', weight: 1, begin: flushStore },
  { kind: 'restart empty', weight: 1, begin: restartEmpty },
  { kind: 'fail over', weight: 2, begin: failOver },
  { kind: 'stall replica', weight: 2, begin: stallReplica },
  { kind: 'freeze replica', weight: 2, begin: freezeReplica },
  { kind: 'bad network', weight: 5, begin: badNetwork },
] as const satisfies readonly { readonly kind: string; readonly weight: number; readonly begin: Fault }[];

/** What can break. */
export type FaultKind = (typeof FAULTS)[number]['kind'];

/** Breaks something now and then. @param only kinds to break; by default everything, or in half of all worlds two kinds. */
export function breakThings(world: Breakable, everyMs: number, only: readonly FaultKind[] | undefined): void {
  const { chance, timeline, chronicle, untilMs } = world;
  const all = FAULTS.map(({ kind }) => kind);
  const kinds = only ?? (chance.happens(0.5) ? all : [chance.pick(all), chance.pick(all)]);
  const faults = FAULTS.filter(({ kind }) => kinds.includes(kind));
  const urn = faults.flatMap((fault) => Array.from({ length: fault.weight }, () => fault));
  const next = (): void => {
    timeline.after(chance.exponential(everyMs), () => {
      if (timeline.nowMs >= untilMs) return;
      const { kind, begin } = chance.pick(urn);
      chronicle.note(() => `fault: ${kind}`);
      begin(world);
      next();
    });
  };
  next();
}

function crash(world: Breakable): void {
  world.chance.pick(world.replicas()).kill();
  world.timeline.after(world.chance.between(0, world.terms.confirmedMs), world.startReplica);
}

function cutOne(world: Breakable): void {
  world.network.cut(world.chance.pick(world.replicas()).id, length(world));
}

function cutAll(world: Breakable): void {
  const forMs = length(world);
  for (const { id } of world.replicas()) world.network.cut(id, forMs);
}

function stallStore(world: Breakable): void {
  world.server.stall(length(world));
}

function stopStore(world: Breakable): void {
  world.server.stop(length(world));
}

function flushStore({ server, chance }: Breakable): void {
  if (server.isAway) return;
  server.flush();
  if (chance.happens(0.5)) server.open(false);
}

function restartEmpty(world: Breakable): void {
  world.server.flush();
  world.server.stop(length(world));
}

function failOver(world: Breakable): void {
  const { server, chance, skewMsMax } = world;
  const lostMs = chance.happens(0.3) ? 0 : chance.between(1, chance.happens(0.8) ? 300 : 3_000);
  server.failOver({ lostMs, skewMs: chance.between(-skewMsMax, skewMsMax) });
  server.stop(chance.happens(0.5) ? Math.min(length(world), 2_000) : length(world));
}

function stallReplica({ chance, replicas, stallMsMax }: Breakable): void {
  chance.pick(replicas()).process.stall(chance.between(1, stallMsMax));
}

function freezeReplica(world: Breakable): void {
  if (world.mayFreeze) world.chance.pick(world.replicas()).process.freeze(length(world));
}

function badNetwork(world: Breakable): void {
  const { network, chance, timeline } = world;
  network.lost = chance.happens(0.6) ? chance.pick([0.1, 0.3, 0.6]) : 0;
  network.late = chance.happens(0.5) ? 0.05 * chance.next() : 0;
  network.delayMsMax = chance.pick([1, 5, 50, 150]);
  timeline.after(length(world), () => {
    network.lost = 0;
    network.late = 0;
    network.delayMsMax = 5;
  });
}

// From a blink to longer than anything in the terms of a lease.
function length({ chance, timeline, untilMs, terms: { confirmedMs } }: Breakable): number {
  const drawnMs = chance.between(50, chance.pick([0.1, 0.5, 1.5, 2.5]) * confirmedMs);
  return Math.max(50, Math.min(drawnMs, untilMs - timeline.nowMs));
}
