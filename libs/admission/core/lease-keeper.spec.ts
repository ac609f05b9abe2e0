import type { Clock } from '@trunkline/kernel';
import { MemoryLeaseStore } from '../adapters/memory/index.js';
import { acquired, confirmed as confirmedIn, held, storeThrough } from './lease-builders.conformance.js';
import { DEFAULT_LEASE_TERMS, type Lease } from './lease.js';
import { LeaseKeeper, type LeaseKeeperEvent, type LeaseKeeperParts } from './lease-keeper.js';
import { LeaseStoreUnavailable, type LeaseStore } from './lease-store.js';

const terms = DEFAULT_LEASE_TERMS;

/** A keeper on a real in-process store that can be cut off, with time in the test's hands. */
class Rig {
  nowMs = 0;
  away = false;
  renewals = 0;
  readonly clock: Clock = { nowMs: () => this.nowMs, monotonicMs: () => this.nowMs };
  readonly inner = new MemoryLeaseStore(this.clock, terms);
  readonly events: LeaseKeeperEvent[] = [];
  readonly lost: string[] = [];
  /** As told last. */
  fenced = false;
  readonly keeper: LeaseKeeper;

  constructor(replacing: Partial<LeaseKeeperParts> = {}) {
    this.keeper = new LeaseKeeper({
      store: this.store,
      terms,
      clock: this.clock,
      random: () => 0.5,
      wait: (ms) => this.pass(ms),
      observe: (event) => {
        this.events.push(event);
        if (event.kind === 'fenced' || event.kind === 'renewed') this.fenced = event.kind === 'fenced';
      },
      whenUnreachable: 'keep',
      heldMax: 100,
      ...replacing,
    });
  }

  get store(): LeaseStore {
    return storeThrough((method) => {
      if (method === 'renew') this.renewals++;
      if (this.away) throw new LeaseStoreUnavailable('disconnected');
      return this.inner;
    });
  }

  async hold(session: string, pool = 10): Promise<Lease> {
    const lease = await acquired(this.inner, { session, caps: { pool } });
    expect(
      await this.keeper.confirm(
        lease,
        (gone, loss) => void this.lost.push(`${gone.sessionId} ${loss.reason} ${loss.goneWithinMs}`),
      ),
    ).toBe('confirmed');
    return lease;
  }

  /** Time passes in small steps with the keeper at work, as `run` would let it. */
  async pass(ms: number): Promise<void> {
    for (const end = this.nowMs + ms; this.nowMs < end;) {
      this.nowMs += Math.min(500, end - this.nowMs);
      this.keeper.tick();
      await this.keeper.idle();
    }
  }

  kinds(): string[] {
    return [...new Set(this.events.map((event) => event.kind))];
  }
}

describe('the lease keeper', () => {
  it('keeps confirmed leases for as long as the session lives', async () => {
    const rig = new Rig();
    await rig.hold('a');
    await rig.pass(10 * 60_000);
    expect(await held(rig.inner)).toBe(1);
    expect(rig.lost).toEqual([]);
  });

  it('renews all leases in one batch per interval, held or not', async () => {
    const rig = new Rig();
    for (let i = 0; i < 50; i++) await rig.hold(`s${i}`, 100);
    await rig.pass(60_000);
    expect(rig.renewals).toBeGreaterThanOrEqual(5);
    expect(rig.renewals).toBeLessThanOrEqual(7);

    const idle = new Rig();
    await idle.pass(60_000);
    expect(idle.renewals).toBe(rig.renewals);
  });

  it('spreads renewals by ten per cent either way', async () => {
    const counts: number[] = [];
    for (const random of [0, 0.999]) {
      const rig = new Rig({ random: () => random });
      await rig.pass(100_000);
      counts.push(rig.renewals);
    }
    expect(counts).toEqual([12, 10]);
  });

  it('does not keep a lease that lapsed during the dial', async () => {
    const rig = new Rig();
    const lease = await acquired(rig.inner);
    await rig.pass(terms.pendingMs);
    expect(await rig.keeper.confirm(lease, () => undefined)).toBe('lost');
    expect(rig.keeper.size).toBe(0);
  });

  it('gives a released line back and keeps it no longer', async () => {
    const rig = new Rig();
    const lease = await rig.hold('a');
    expect(await rig.keeper.release(lease)).toBe('released');
    await rig.pass(60_000);
    expect(await held(rig.inner)).toBe(0);
    expect(rig.lost).toEqual([]);
  });

  it('tells the holder once when its line is gone', async () => {
    const rig = new Rig();
    const lease = await rig.hold('a', 1);
    await rig.inner.release(lease);
    await confirmedIn(rig.inner, { session: 'b', caps: { pool: 1 } });
    await rig.pass(60_000);
    expect(rig.lost).toEqual(['ses_a taken 2250']);
    expect(rig.keeper.size).toBe(0);
  });

  it('takes a lapsed line back when it is still free', async () => {
    const rig = new Rig();
    const lease = await rig.hold('a', 1);
    await rig.inner.release(lease);
    await rig.pass(12_000);
    expect(rig.lost).toEqual([]);
    expect(await held(rig.inner)).toBe(1);
    expect(rig.events.find((event) => event.kind === 'renewed' && event.reregistered === 1)).toBeDefined();
  });

  it('does not take back the line of a session that ended while it was asking', async () => {
    const rig = new Rig();
    const lease = await rig.hold('a');
    await rig.inner.release(lease);
    rig.nowMs += 11_000;
    rig.keeper.tick();
    await Promise.all([rig.keeper.release(lease), rig.keeper.idle()]);
    expect(await held(rig.inner)).toBe(0);
  });

  it('keeps live sessions through an outage, fenced before their leases lapse, and re-registers them after it', async () => {
    const rig = new Rig();
    await rig.hold('a');
    rig.away = true;
    await rig.pass(terms.confirmedMs - terms.fenceMarginMs - 1_000);
    expect(rig.fenced).toBe(false);
    await rig.pass(1_000);
    expect(rig.fenced).toBe(true);
    await rig.pass(60_000);
    expect(await held(rig.inner)).toBe(0);

    rig.away = false;
    await rig.pass(2_000);
    expect(rig.fenced).toBe(false);
    expect(rig.lost).toEqual([]);
    expect(await held(rig.inner)).toBe(1);
    expect(rig.events.filter((event) => event.kind === 'fenced')).toHaveLength(1);
  });

  it('ends, after being cut off, the sessions whose lines were given to others', async () => {
    const rig = new Rig();
    await rig.hold('a', 1);
    rig.away = true;
    await rig.pass(terms.confirmedMs + 1_000);
    await confirmedIn(rig.inner, { session: 'b', caps: { pool: 1 } });
    rig.away = false;
    await rig.pass(2_000);
    expect(rig.lost).toEqual(['ses_a taken 2250']);
  });

  it('ends sessions before their leases lapse where the policy is to end', async () => {
    const rig = new Rig({ whenUnreachable: 'end' });
    await rig.hold('a', 1);
    rig.away = true;
    await rig.pass(terms.confirmedMs - terms.fenceMarginMs);
    expect(rig.lost).toEqual(['ses_a unreachable 2750']);
    expect(await held(rig.inner)).toBe(1);
    await rig.pass(terms.fenceMarginMs);
    expect(await held(rig.inner)).toBe(0);
  });

  it('gives a session the less time to end the later it saw that its lease could not be renewed', async () => {
    for (const [lateMs, leftMs] of [
      [500, 2_250],
      [2_000, 750],
      [2_750, 0],
      [60_000, 0],
    ] as const) {
      const rig = new Rig({ whenUnreachable: 'end' });
      await rig.hold('a');
      rig.away = true;
      rig.nowMs += terms.confirmedMs - terms.fenceMarginMs + lateMs;
      rig.keeper.tick();
      expect(rig.lost).toEqual([`ses_a unreachable ${leftMs}`]);
      await rig.keeper.idle();
    }
  });

  it('fences even when the store never answers', async () => {
    const never = new Promise<never>(() => undefined);
    const rig = new Rig();
    await rig.hold('a');
    rig.inner.renew = () => never;
    for (let i = 0; i < 26; i++) {
      rig.nowMs += 1_000;
      rig.keeper.tick();
    }
    expect(rig.fenced).toBe(true);
  });

  it('tries again soon after a failed renewal, so that a short outage goes unnoticed', async () => {
    const rig = new Rig();
    await rig.hold('a');
    await rig.pass(9_000);
    rig.away = true;
    await rig.pass(8_000);
    rig.away = false;
    await rig.pass(2_000);
    expect(rig.kinds()).toEqual(['renewed', 'renewal_failed']);
    expect(rig.fenced).toBe(false);
    expect(await held(rig.inner)).toBe(1);
  });

  it('asks for all batches of a renewal before the first is answered', async () => {
    const rig = new Rig({ heldMax: 1_000 });
    for (let i = 0; i < 600; i++) await rig.hold(`s${i}`, 600);
    const renew = rig.inner.renew.bind(rig.inner);
    const answers: (() => void)[] = [];
    rig.inner.renew = async (leases) => {
      await new Promise<void>((resolve) => answers.push(resolve));
      return renew(leases);
    };
    rig.keeper.tick();
    expect(answers).toHaveLength(3);
    for (const answer of answers) answer();
    await rig.keeper.idle();
    expect(rig.events).toEqual([{ kind: 'renewed', held: 600, reregistered: 0, lost: 0 }]);
  });

  it('renews everybody else on time when one batch of many fails at every try', async () => {
    const rig = new Rig({ whenUnreachable: 'end', heldMax: 1_000 });
    const first = await rig.hold('s0', 600);
    for (let i = 1; i < 600; i++) await rig.hold(`s${i}`, 600);
    const renew = rig.inner.renew.bind(rig.inner);
    rig.inner.renew = (leases) => {
      if (leases.includes(first)) throw new LeaseStoreUnavailable('timeout');
      return renew(leases);
    };
    await rig.pass(terms.confirmedMs - terms.fenceMarginMs - 1_000);
    expect(rig.lost).toEqual([]);
    await rig.pass(2_000);
    // The batch that never got through, and nobody else.
    expect(rig.lost).toHaveLength(200);
    expect(rig.lost).toContain('ses_s0 unreachable 2750');
    await rig.pass(3 * terms.confirmedMs);
    expect(rig.lost).toHaveLength(200);
    expect(rig.keeper.size).toBe(400);
  });

  it('leaves no line behind of a session that ended while its own line was put back', async () => {
    const rig = new Rig();
    const lease = await rig.hold('a');
    await rig.inner.release(lease);
    const reregister = rig.inner.reregister.bind(rig.inner);
    rig.inner.reregister = async (leases) => {
      // The end is here first, and finds no line to give back.
      expect(await rig.keeper.release(lease)).toBe('gone');
      return reregister(leases);
    };
    await rig.pass(12_000);
    expect(await held(rig.inner)).toBe(0);
  });

  it('leaves a line that was put back to a session which is ending by policy and still open upstream', async () => {
    const rig = new Rig({ whenUnreachable: 'end' });
    const lease = await rig.hold('a');
    await rig.inner.release(lease);
    const reregister = rig.inner.reregister.bind(rig.inner);
    rig.inner.reregister = async (leases) => {
      rig.nowMs += terms.confirmedMs;
      rig.keeper.tick();
      return reregister(leases);
    };
    await rig.pass(500);
    expect(rig.lost).toEqual(['ses_a unreachable 0']);
    expect(await held(rig.inner)).toBe(1);
  });

  it('takes back no line of a session that ended while others were put back before it', async () => {
    const rig = new Rig({ heldMax: 1_000 });
    const leases: Lease[] = [];
    for (let i = 0; i < 60; i++) leases.push(await rig.hold(`s${i}`, 60));
    for (const lease of leases) await rig.inner.release(lease);
    const reregister = rig.inner.reregister.bind(rig.inner);
    const last = leases.at(-1);
    if (!last) throw new Error('there are sixty');
    let ended = false;
    rig.inner.reregister = async (some) => {
      const refused = await reregister(some);
      if (!ended) await rig.keeper.release(last);
      ended = true;
      return refused;
    };
    await rig.pass(12_000);
    expect(await held(rig.inner)).toBe(59);
  });

  it('goes on when a holder’s callback throws', async () => {
    const rig = new Rig();
    const broken = await acquired(rig.inner, { session: 'a' });
    await rig.keeper.confirm(broken, () => {
      throw new Error('a bug');
    });
    const other = await rig.hold('b');
    await rig.inner.release(broken);
    await rig.inner.release(other);
    await confirmedIn(rig.inner, { session: 'c', caps: { pool: 1 } });
    rig.inner.reregister = async (leases) => leases;
    await rig.pass(12_000);
    expect(rig.lost).toEqual(['ses_b taken 2250']);
    expect(rig.kinds()).toContain('callback_failed');
  });

  it('holds a bounded number of leases', async () => {
    const rig = new Rig({ heldMax: 1 });
    await rig.hold('a');
    const second = await acquired(rig.inner, { session: 'b' });
    await expect(rig.keeper.confirm(second, () => undefined)).rejects.toThrow('this process may hold 1 leases');
  });

  it('runs until it is told to stop', async () => {
    const rig = new Rig();
    const stop = new AbortController();
    const run = new LeaseKeeper({
      store: rig.store,
      terms,
      clock: rig.clock,
      random: () => 0.5,
      wait: async (ms) => {
        rig.nowMs += ms;
        if (rig.nowMs > 60_000) stop.abort();
      },
      observe: () => undefined,
      whenUnreachable: 'keep',
      heldMax: 1,
    }).run(stop.signal);
    await run;
    expect(rig.renewals).toBeGreaterThanOrEqual(5);
  });
});
