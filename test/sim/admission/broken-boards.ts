// State machines that break one promise each, for seeing that the referee notices. Each is the real one with a few lines
// of its own in the way.
import type { PoolId } from '@trunkline/kernel';
import {
  LineWatch,
  Switchboard,
  type AcquireRequest,
  type Caller,
  type Lease,
  type LeaseTerms,
  type LineWatchParts,
  type PoolPlan,
  type Seeker,
  type TenantShare,
  type TokenUse,
} from '@trunkline/admission';
import type { Waiter } from './arrivals.js';

/** Waits for what the upstream owes whether the line is lost or not. */
export class Leisurely extends LineWatch {
  constructor(private readonly given: LineWatchParts) {
    super(given);
  }

  override whileHeld(_work: Promise<void>, mostMs: number): Promise<void> {
    return this.given.wait(mostMs, new AbortController().signal);
  }
}

/** Puts back what lapsed when it is renewed. */
export class Resurrecting extends Switchboard {
  constructor(private readonly leaseTerms: LeaseTerms) {
    super(leaseTerms);
  }

  override renew<L extends Caller>(leases: readonly L[], nowMs: number): readonly L[] {
    for (const lease of super.renew(leases, nowMs)) {
      if (this.lines.get(lease.sessionId)) continue;
      const expiresAtMs = nowMs + this.leaseTerms.confirmedMs;
      this.lines.put({
        lease: { ...lease, fence: 1 },
        sinceMs: nowMs,
        isInherited: false,
        isEnding: false,
        charge: null,
        state: 'confirmed',
        expiresAtMs,
      });
    }
    return [];
  }
}

/** Lends the lines that floors are kept for. */
export class Floorless extends Switchboard {
  override acquire(request: AcquireRequest, nowMs: number) {
    return super.acquire(withPlans(request, withoutFloors), nowMs);
  }

  override attend(callers: readonly Seeker[], nowMs: number) {
    return super.attend(
      callers.map((caller) => withPlans(caller, withoutFloors)),
      nowMs,
    );
  }

  override reregister<L extends Lease>(leases: readonly L[], nowMs: number): readonly L[] {
    return super.reregister(
      leases.map((lease) => withPlan(lease, withoutFloors)),
      nowMs,
    );
  }
}

/** Serves whoever came last. */
export class LastInFirstOut extends Switchboard {
  constructor(terms: LeaseTerms) {
    super(terms);
    const inOrder = this.queue.ofPool.bind(this.queue);
    this.queue.ofPool = (poolId) => inOrder(poolId).toReversed();
  }
}

/** Keeps lines that lapsed. */
export class Hoarding extends Switchboard {
  constructor(terms: LeaseTerms) {
    super(terms);
    this.lines.removeLapsed = () => [];
  }
}

/** Counts lines in and, now and then, not out. */
export class Miscounting extends Switchboard {
  constructor(terms: LeaseTerms) {
    super(terms);
    const add = this.lines.counts.add.bind(this.lines.counts);
    let added = 0;
    this.lines.counts.add = (place, by) => {
      if (by > 0 || ++added % 20 > 0) add(place, by);
    };
  }
}

/** Lets a line that comes free lie until somebody asks. */
export class Idle extends Switchboard {
  override release(lease: Caller, keepMs: number, nowMs: number) {
    const pools = this.queue.pools.bind(this.queue);
    this.queue.pools = () => new Set();
    const outcome = super.release(lease, keepMs, nowMs);
    this.queue.pools = pools;
    return outcome;
  }
}

/** Takes no notice of an upstream that asks for a pause. */
export class Restless extends Switchboard {
  override pause(_poolId: PoolId, _forMs: number, nowMs: number): void {
    this.renew([], nowMs);
  }
}

/** Takes no notice of a pause that is of one family. */
export class FamilyBlind extends Switchboard {
  override pause(poolId: PoolId, forMs: number, nowMs: number, family: string | null = null): void {
    if (family === null) super.pause(poolId, forMs, nowMs);
    else this.renew([], nowMs);
  }
}

/** Counts no tokens. */
export class Spendthrift extends Switchboard {
  override used(_use: TokenUse, nowMs: number): void {
    this.renew([], nowMs);
  }
}

/** Gives a line that is kept for a key to anybody. */
export class Careless extends Switchboard {
  constructor(terms: LeaseTerms) {
    super(terms);
    const { lines } = this;
    lines.keptFor = (place) =>
      [...lines.all()].find(({ state, lease }) => state === 'kept' && lease.place.poolId === place.poolId) ?? null;
  }
}

/** Lets a call that several pools may carry wait for the first of them only. */
export class OnePool extends Switchboard {
  override acquire(request: AcquireRequest, nowMs: number) {
    return super.acquire({ ...request, otherPools: [] }, nowMs);
  }

  override attend(callers: readonly Seeker[], nowMs: number) {
    return super.attend(
      callers.map((caller) => ({ ...caller, otherPools: [] })),
      nowMs,
    );
  }
}

/** Gives a call that stands in two lines a line of the second one only when nobody else is there. */
export class Second extends Switchboard {
  constructor(terms: LeaseTerms) {
    super(terms);
    const inOrder = this.queue.ofPool.bind(this.queue);
    this.queue.ofPool = (poolId) => {
      const isFirst = ({ caller }: Waiter) => this.queue.get(caller.sessionId)[0]?.caller.place.poolId === poolId;
      const waiters = inOrder(poolId);
      return [...waiters.filter(isFirst), ...waiters.filter((waiter) => !isFirst(waiter))];
    };
  }
}

/** Forgets to take a call that has a line out of the lines of other pools. */
export class Lingering extends Switchboard {
  constructor(terms: LeaseTerms) {
    super(terms);
    const remove = this.queue.remove.bind(this.queue);
    this.queue.remove = (sessionId) => {
      const line = this.lines.get(sessionId);
      const others = this.queue.get(sessionId).slice(1);
      if (line || others.length === 0) remove(sessionId);
      else this.queue.stay(sessionId, others);
    };
  }
}

/** Lets a reservation run on while its call has not heard of it. */
export class Impatient extends Switchboard {
  override attend(callers: readonly Seeker[], nowMs: number) {
    const known = new Map([...this.lines.all()].map((line) => [line, line.expiresAtMs]));
    const outcomes = super.attend(callers, nowMs);
    for (const line of this.lines.all()) {
      const expiresAtMs = known.get(line);
      if (line.state === 'pending' && expiresAtMs !== undefined) this.lines.set(line, 'pending', expiresAtMs);
    }
    return outcomes;
  }
}

/** Keeps a line for a reconnect whoever else waits. */
export class Loyal extends Switchboard {
  override release(lease: Caller, keepMs: number, nowMs: number) {
    const inOrder = this.queue.ofPool.bind(this.queue);
    if (keepMs > 0) this.queue.ofPool = () => [];
    const outcome = super.release(lease, keepMs, nowMs);
    this.queue.ofPool = inOrder;
    this.renew([], nowMs);
    return outcome;
  }
}

/** Leaves a call that counts on a line of its key counting when that line is gone. */
export class Hopeful extends Switchboard {
  constructor(terms: LeaseTerms) {
    super(terms);
    this.queue.countOn = () => undefined;
  }
}

/** Keeps no line for a reconnect. */
export class Disloyal extends Switchboard {
  override release(lease: Caller, _keepMs: number, nowMs: number) {
    return super.release(lease, 0, nowMs);
  }
}

/** Is open to everybody at once after it lost its memory. */
export function withoutRecovery(terms: LeaseTerms): Switchboard {
  return new Switchboard({ ...terms, recoveryMs: 1 });
}

/** Goes by other shares than the policy's. */
export class Partial extends Switchboard {
  constructor(
    terms: LeaseTerms,
    private readonly change: (share: TenantShare, tenantId: string) => TenantShare,
  ) {
    super(terms);
  }

  override acquire(request: AcquireRequest, nowMs: number) {
    return super.acquire(
      withPlans(request, (plan) => this.#changed(plan)),
      nowMs,
    );
  }

  override attend(callers: readonly Seeker[], nowMs: number) {
    return super.attend(
      callers.map((caller) => withPlans(caller, (plan) => this.#changed(plan))),
      nowMs,
    );
  }

  #changed(plan: PoolPlan): PoolPlan {
    return { ...plan, shares: changed(plan.shares, this.change) };
  }
}

function withPlan<C extends Caller>(caller: C, change: (plan: PoolPlan) => PoolPlan): C {
  return { ...caller, plan: change(caller.plan) };
}

function withPlans<S extends Seeker>(seeker: S, change: (plan: PoolPlan) => PoolPlan): S {
  return { ...withPlan(seeker, change), otherPools: seeker.otherPools.map(change) };
}

function withoutFloors(plan: PoolPlan): PoolPlan {
  return {
    ...plan,
    shares: changed(plan.shares, (share) => ({ ...share, floor: 0, keys: changed(share.keys, floorless) })),
  };
}

function floorless<T extends { readonly floor: number }>(share: T): T {
  return { ...share, floor: 0 };
}

function changed<T>(record: Readonly<Record<string, T>>, change: (value: T, name: string) => T): Record<string, T> {
  const out: Record<string, T> = {};
  for (const [name, value] of Object.entries(record)) out[name] = change(value, name);
  return out;
}
