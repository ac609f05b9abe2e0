// One run of the world: clients come and go, one gateway after another is killed and comes back, and Redis is hurt if
// asked for.
import { setMaxListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { callersOf, type CallCounts } from './clients.js';
import { handOvers, type HandOvers } from './hand-overs.js';
import { watchLines, type Watched } from './watch.js';
import { startWorld, type World, type WorldSize } from './world.js';

/** How a run goes. */
export interface RunPlan {
  readonly size: WorldSize;
  readonly clientsPerTenant: number;
  readonly seconds: number;
  /** One gateway is killed this often; it comes back at once. Null: none is. */
  readonly killEverySeconds: number | null;
  /** It goes on, up to twice as long, until so many were killed: a busy machine takes its time to start one again. */
  readonly killsMin?: number;
  /** What happens to Redis besides, in its own time. */
  readonly trouble?: (world: World, signal: AbortSignal) => Promise<void>;
}

/** What came of it. */
export interface RunResult {
  readonly counts: CallCounts;
  readonly watched: Watched;
  readonly kills: number;
  /** From a line's freeing to the client that waited for it. */
  readonly handOvers: HandOvers;
  /** Most sessions open at once, by the upstream's own books. */
  readonly peak: number;
  /** Open there at the end, when everybody has hung up. */
  readonly leftOpen: number;
}

const HANG_UP_MS_MAX = 10_000;

/** Runs it. */
export async function runFairCap(plan: RunPlan): Promise<RunResult> {
  const world = await startWorld(plan.size);
  try {
    const over = new AbortController();
    // Every client listens for the end.
    setMaxListeners(0, over.signal);
    const calling = callersOf(world, plan.clientsPerTenant, over.signal);
    const watching = watchLines(world, over.signal);
    const hits = new Hits(plan.killsMin ?? 0);
    const killing = killInTurn(world, plan.killEverySeconds, { hits, signal: over.signal });
    const hurting = plan.trouble?.(world, over.signal);
    await delay(plan.seconds * 1_000);
    await Promise.race([
      hits.enough,
      delay(plan.seconds * 1_000, undefined, { signal: over.signal }).catch(() => null),
    ]);
    over.abort();
    const [{ counts, letIn }, watched, kills] = await Promise.all([calling, watching, killing, hurting]);
    await untilNobodyIsOpen(world);
    const { books } = world.simulator;
    const { openMax, openNow } = books;
    return {
      counts,
      watched,
      kills,
      handOvers: handOvers(books.list(), letIn),
      peak: openMax.total,
      leftOpen: openNow.total,
    };
  } finally {
    await world.stop();
  }
}

/** How many were killed. */
class Hits {
  count = 0;
  readonly enough: Promise<void>;
  #tellEnough: () => void = () => undefined;

  constructor(private readonly min: number) {
    this.enough = new Promise((resolve) => (this.#tellEnough = resolve));
    if (min === 0) this.#tellEnough();
  }

  add(): void {
    this.count += 1;
    if (this.count === this.min) this.#tellEnough();
  }
}

async function killInTurn(
  world: World,
  everySeconds: number | null,
  { hits, signal }: { readonly hits: Hits; readonly signal: AbortSignal },
): Promise<number> {
  for (;;) {
    if (everySeconds !== null) await delay(everySeconds * 1_000, undefined, { signal }).catch(() => undefined);
    if (everySeconds === null || signal.aborted) return hits.count;
    const index = hits.count % world.size.gateways;
    await world.kill(index);
    await world.start(index);
    hits.add();
  }
}

async function untilNobodyIsOpen(world: World): Promise<void> {
  for (let waitedMs = 0; world.simulator.books.openNow.total > 0 && waitedMs < HANG_UP_MS_MAX; waitedMs += 100)
    await delay(100);
}
