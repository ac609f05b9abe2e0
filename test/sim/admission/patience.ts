// Whether somebody starves. Counts, for a tenant that waits with nothing above its floor, the lines above floors that it
// could have had and others got since its own last one.
//
// The bound: a turn of the pool (`turnOf`) is two lines given of each that there is. Within PHASES turns a tenant's phase
// visits every step once, and at step 0 nobody is ahead of the tenant but those at step 0 who asked before, and each of
// them once: so it has a line within PHASES turns and one line for each other tenant, whoever else calls. With a share of
// s lines it comes far sooner, after about 1 / s turns; only that it comes at all is a promise. A tenant that has lines
// above its floor waits for its own calls to end: each of their lines comes to its next call, or leaves it with one line
// fewer, and then with none.
import { PHASES, shareOf, type Lease, type PoolPlan } from '@trunkline/admission';
import type { Rules, Tally } from './rules.js';
import type { StepRun } from './step-run.js';
import { Violation } from './violation.js';

/** Turns that tenants were passed over, of one store. */
export class Patience {
  readonly #passed = new Map<string, number>();
  readonly #versions = new Map<string, number>();
  /** The most that anybody was passed over. */
  worst = 0;

  constructor(
    private readonly rules: Rules,
    private readonly tenants: number,
  ) {}

  /** The store forgot who waits. */
  forgot(): void {
    this.#passed.clear();
  }

  stepped({ board, memory, nowMs }: StepRun, granted: readonly Lease[], tally: Tally): void {
    for (const plan of memory.plans()) {
      const ofPool = granted.filter(({ place }) => place.poolId === plan.poolId);
      if (this.#versions.get(plan.poolId) !== plan.version) this.#passed.clear();
      this.#versions.set(plan.poolId, plan.version);
      const waiting = board.queue.ofPool(plan.poolId).map(({ caller }) => caller);
      const tenants = new Set(waiting.map(({ place }) => place.tenantId as string));
      for (const name of this.#passed.keys())
        if (name.startsWith(`${plan.poolId}|`) && !tenants.has(name.slice(plan.poolId.length + 1)))
          this.#passed.delete(name);
      for (const given of ofPool) {
        this.#passed.delete(`${plan.poolId}|${given.place.tenantId}`);
        if (!isAboveFloor(given, plan, tally)) continue;
        tally.add(this.rules.scopesOf(given.place), -1);
        const could = waiting.filter(
          (caller) =>
            caller.own.sessionsPerMinuteMax === null &&
            !memory.isPaused(caller.place, nowMs) &&
            this.rules.whyNoRoom(caller, plan, tally) === null,
        );
        tally.add(this.rules.scopesOf(given.place));
        for (const tenantId of new Set(could.map(({ place }) => place.tenantId)))
          if (tenantId !== given.place.tenantId) this.#pass(tenantId, plan, tally);
      }
    }
  }

  #pass(tenantId: string, plan: PoolPlan, tally: Tally): void {
    if (tally.of(`pt|${plan.poolId}|${tenantId}`) !== shareOf(plan, tenantId).floor) return;
    const name = `${plan.poolId}|${tenantId}`;
    const passed = (this.#passed.get(name) ?? 0) + 1;
    this.#passed.set(name, passed);
    const bound = PHASES * 2 * (plan.sessionsMax ?? Infinity) + this.tenants;
    this.worst = Math.max(this.worst, passed);
    if (passed > bound)
      throw new Violation(
        'starved',
        `${tenantId} was passed over ${passed} times in ${plan.poolId}, of ${bound} at most`,
      );
  }
}

function isAboveFloor({ place }: Lease, plan: PoolPlan, tally: Tally): boolean {
  return tally.of(`pt|${plan.poolId}|${place.tenantId}`) > shareOf(plan, place.tenantId).floor;
}
