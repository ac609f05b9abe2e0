// State machines that break one promise each, for seeing that the referee notices. Each is the real one with a few lines
// of its own in the way.
import type { PoolId } from '@trunkline/kernel';
import {
  Switchboard,
  type AcquireRequest,
  type Caller,
  type Lease,
  type LeaseTerms,
  type PoolPlan,
  type TenantShare,
} from '@trunkline/admission';

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
    return super.acquire(withPlan(request, withoutFloors), nowMs);
  }

  override attend(callers: readonly Caller[], nowMs: number) {
    return super.attend(
      callers.map((caller) => withPlan(caller, withoutFloors)),
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

/** Gives a line that is kept for a key to anybody. */
export class Careless extends Switchboard {
  constructor(terms: LeaseTerms) {
    super(terms);
    const { lines } = this;
    lines.keptFor = (place) =>
      [...lines.all()].find(({ state, lease }) => state === 'kept' && lease.place.poolId === place.poolId) ?? null;
  }
}

/** Lets a reservation run on while its call has not heard of it. */
export class Impatient extends Switchboard {
  override attend(callers: readonly Caller[], nowMs: number) {
    const known = new Map([...this.lines.all()].map((line) => [line, line.expiresAtMs]));
    const outcomes = super.attend(callers, nowMs);
    for (const line of this.lines.all()) {
      const expiresAtMs = known.get(line);
      if (line.state === 'pending' && expiresAtMs !== undefined) this.lines.set(line, 'pending', expiresAtMs);
    }
    return outcomes;
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
      withPlan(request, (plan) => this.#changed(plan)),
      nowMs,
    );
  }

  override attend(callers: readonly Caller[], nowMs: number) {
    return super.attend(
      callers.map((caller) => withPlan(caller, (plan) => this.#changed(plan))),
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
