// One round of the admission benchmark: what is asked of the store, and how it is timed. Everything runs through the
// classes that the gateway uses, on connections of their own.
import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import {
  admit,
  DEFAULT_LEASE_TERMS,
  WaitingRoom,
  type AcquireRequest,
  type Lease,
  type PoolChoice,
  type PoolPlan,
} from '@trunkline/admission';
import {
  connectGrants,
  connectLeaseRedis,
  Grants,
  RedisLeaseStore,
  type RedisClient,
} from '@trunkline/admission/adapters/redis';
import { systemClock, trustedId, type SessionId } from '@trunkline/kernel';
import { Histogram } from '../workload/histogram.js';

/** What a round found. */
export interface AdmissionFigures {
  /** What a handshake needs of the store, dial left out: `acquire`, then `confirm`. */
  readonly admissionsPerSecond: number;
  readonly admissionMsP50: number;
  readonly admissionMsP99: number;
  readonly commandsPerAdmission: number;
  readonly redisUsPerAdmission: number;
  /** The first of the two alone. */
  readonly acquiresPerSecond: number;
  readonly acquireMsP50: number;
  readonly acquireMsP99: number;
  /** One acquisition at a time while so many calls wait as a pool may have: for the same pool (refused), and for another. */
  readonly acquireInLineMsP50: number;
  readonly acquireInLineRedisUs: number;
  readonly acquireBesideLineMsP50: number;
  readonly acquireBesideLineRedisUs: number;
  readonly renewMs: number;
  readonly renewCommands: number;
  /** Redis's time for one look at so many calls in line as a pool may have, and its scripts. */
  readonly lookRedisMs: number;
  readonly lookCommands: number;
  readonly handOverMsP50: number;
  readonly handOverMsP99: number;
}

const TENANTS = 50;
const LINES_EACH = 1_000;
const AT_ONCE = 64;
const ADMISSIONS = 10_000;
const RENEWED = 5_000;
const HAND_OVERS = 300;
const IN_LINE = 1_000;
const LOOKS = 5;
const BESIDE_LINE = 200;
// As `LeaseKeeper` sends them.
const RENEW_BATCH = 200;
const REPLICA = trustedId('rep', 'rep_bench');
// Lines live as long as the benchmark.
const TERMS = { ...DEFAULT_LEASE_TERMS, pendingMs: 3_600_000, confirmedMs: 3_600_000 };

/** A store filled with the lines of all tenants. */
export class AdmissionBench {
  private readonly held: Lease[] = [];
  private readonly full = planOf('pool_full', 1);
  private readonly wide = planOf('pool_wide', null);
  private readonly long = { ...planOf('pool_long', 1), waitingMax: IN_LINE, waitingPerTenantMax: IN_LINE };
  private sessions = 0;

  private constructor(
    private readonly redis: RedisClient,
    private readonly subscriber: RedisClient,
    private readonly store: RedisLeaseStore,
  ) {}

  /** Connects and fills the store: 50,000 lines, the plan with a share of every tenant. */
  static async start(url: string): Promise<AdmissionBench> {
    const redis = await connectLeaseRedis({ address: { kind: 'single', url }, onError: () => undefined });
    const subscriber = connectGrants({ address: { kind: 'single', url }, onError: () => undefined });
    const store = new RedisLeaseStore(redis, { terms: TERMS, grants: new Grants(subscriber), deadlineMs: 5_000 });
    await store.open(true);
    const bench = new AdmissionBench(redis, subscriber, store);
    await bench.together(TENANTS * LINES_EACH, async (i) => bench.held.push(await bench.take(i)));
    return bench;
  }

  stop(): void {
    this.redis.disconnect();
    this.subscriber.disconnect();
  }

  async round(): Promise<AdmissionFigures> {
    return {
      ...(await this.admissions()),
      ...(await this.renewal()),
      ...(await this.looks()),
      ...(await this.handOvers()),
    };
  }

  private async admissions() {
    const whole = await this.timed(async (i) => this.confirmed(await this.take(i)));
    const alone = await this.timed((i) => this.take(i));
    return {
      admissionsPerSecond: whole.perSecond,
      admissionMsP50: whole.msP50,
      admissionMsP99: whole.msP99,
      commandsPerAdmission: whole.calls / ADMISSIONS,
      redisUsPerAdmission: whole.usec / ADMISSIONS,
      acquiresPerSecond: alone.perSecond,
      acquireMsP50: alone.msP50,
      acquireMsP99: alone.msP99,
    };
  }

  /** Takes many lines, so many at once, and gives them back untimed. */
  private async timed(take: (i: number) => Promise<Lease>) {
    const taken: Lease[] = [];
    const times = new Histogram();
    await this.redis.config('RESETSTAT');
    const startedMs = performance.now();
    await this.together(ADMISSIONS, async (i) => {
      const askedMs = performance.now();
      taken.push(await take(i));
      times.record((performance.now() - askedMs) * 1_000);
    });
    const seconds = (performance.now() - startedMs) / 1_000;
    const { calls, usec } = await this.scripts();
    await this.together(taken.length, async (i) => this.giveBack(taken[i]));
    const ms = (quantile: number) => (times.quantile(quantile) ?? 0) / 1_000;
    return { perSecond: ADMISSIONS / seconds, msP50: ms(0.5), msP99: ms(0.99), calls, usec };
  }

  private async renewal() {
    await this.redis.config('RESETSTAT');
    const startedMs = performance.now();
    const batches = Array.from({ length: RENEWED / RENEW_BATCH }, (_, i) =>
      this.held.slice(i * RENEW_BATCH, (i + 1) * RENEW_BATCH),
    );
    await Promise.all(batches.map((batch) => this.store.renew(batch)));
    const renewMs = performance.now() - startedMs;
    return { renewMs, renewCommands: (await this.scripts()).calls };
  }

  /** What a process asks of the store twice a second while its calls wait. */
  private async looks() {
    const holder = leaseOf(await this.store.acquire(this.request(0, this.long)));
    const calls = Array.from({ length: IN_LINE }, (_, i) => ({ ...this.request(i, this.long), mayWait: true }));
    for (const call of calls) await this.store.acquire(call);
    await this.redis.config('RESETSTAT');
    for (let i = 0; i < LOOKS; i++) await this.store.attend(calls);
    const look = await this.scripts();
    const inLine = await this.acquisitions(this.long);
    const besideLine = await this.acquisitions(this.wide);
    for (const call of calls) await this.store.leave(call);
    await this.store.release(holder);
    return {
      lookRedisMs: look.usec / 1_000 / LOOKS,
      lookCommands: look.calls / LOOKS,
      ...{ acquireInLineMsP50: inLine.msP50, acquireInLineRedisUs: inLine.redisUs },
      ...{ acquireBesideLineMsP50: besideLine.msP50, acquireBesideLineRedisUs: besideLine.redisUs },
    };
  }

  /** One after the other, given back untimed where they were admitted. */
  private async acquisitions(plan: PoolPlan) {
    const times = new Histogram();
    const taken: Lease[] = [];
    await this.redis.config('RESETSTAT');
    for (let i = 0; i < BESIDE_LINE; i++) {
      const askedMs = performance.now();
      const outcome = await this.store.acquire(this.request(i, plan));
      times.record((performance.now() - askedMs) * 1_000);
      if (outcome.kind === 'admitted') taken.push(outcome.lease);
    }
    const { usec } = await this.scripts();
    for (const lease of taken) await this.giveBack(lease);
    return { msP50: (times.quantile(0.5) ?? 0) / 1_000, redisUs: usec / BESIDE_LINE };
  }

  /** A pool of one line, held and waited for; how long its release takes to reach the waiting call. */
  private async handOvers() {
    const stop = new AbortController();
    const room = this.waitingRoom();
    const running = room.run(stop.signal);
    const times = new Histogram();
    let holder = await this.takeFull();
    for (let i = 0; i < HAND_OVERS; i++) {
      const waiting = this.wait(room, i);
      while (room.size === 0) await delay(1);
      const releasedMs = performance.now();
      await this.store.release(holder);
      holder = await waiting;
      times.record((performance.now() - releasedMs) * 1_000);
    }
    await this.store.release(holder);
    stop.abort();
    await running;
    return {
      handOverMsP50: (times.quantile(0.5) ?? 0) / 1_000,
      handOverMsP99: (times.quantile(0.99) ?? 0) / 1_000,
    };
  }

  private waitingRoom(): WaitingRoom {
    return new WaitingRoom({
      store: this.store,
      replicaId: REPLICA,
      clock: systemClock,
      wait: async (ms, signal) => {
        await delay(ms, undefined, { signal }).catch(() => undefined);
      },
      observe: () => undefined,
    });
  }

  private async wait(room: WaitingRoom, i: number): Promise<Lease> {
    const { sessionId, replicaId, place, own } = this.request(i, this.full);
    const who = { ...place, ...own };
    const gone = new AbortController().signal;
    const plans: PoolChoice = [this.full];
    const request = { sessionId, replicaId, who, plans, family: place.family, waitMs: 60_000, gone };
    const outcome = await admit(request, { store: this.store, room, randomBytes });
    if (!outcome.ok) throw new Error(outcome.error.refusal.message);
    return outcome.value;
  }

  private async takeFull(): Promise<Lease> {
    return leaseOf(await this.store.acquire(this.request(0, this.full)));
  }

  private async take(i: number): Promise<Lease> {
    return leaseOf(await this.store.acquire(this.request(i, this.wide)));
  }

  private async confirmed(lease: Lease): Promise<Lease> {
    if ((await this.store.confirm(lease)) === 'lost') throw new Error('a line was lost as soon as it was given');
    return lease;
  }

  private async giveBack(lease: Lease | undefined): Promise<void> {
    if (lease) await this.store.release(lease);
  }

  private request(i: number, plan: PoolPlan): AcquireRequest {
    const tenant = `tnt_${String(i % TENANTS).padStart(26, '0')}`;
    const sessionId: SessionId = trustedId('ses', `ses_${String(++this.sessions).padStart(26, '0')}`);
    return {
      sessionId,
      replicaId: REPLICA,
      token: randomBytes(16).toString('hex'),
      place: {
        keyId: trustedId('key', `key_${tenant}`),
        tenantId: trustedId('tnt', tenant),
        poolId: plan.poolId,
        family: 'gpt-realtime',
      },
      own: { keySessionsMax: 5_000, tenantSessionsMax: 5_000, sessionsPerMinuteMax: null },
      plan,
      otherPools: [],
      mayWait: false,
    };
  }

  private async scripts(): Promise<{ readonly calls: number; readonly usec: number }> {
    const line = /cmdstat_evalsha:calls=(\d+),usec=(\d+)/.exec(await this.redis.info('commandstats'));
    return { calls: Number(line?.[1] ?? 0), usec: Number(line?.[2] ?? 0) };
  }

  private async together(count: number, work: (i: number) => Promise<unknown>): Promise<void> {
    let next = 0;
    const worker = async (): Promise<void> => {
      while (next < count) await work(next++);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
  }
}

function planOf(pool: string, sessionsMax: number | null): PoolPlan {
  const share = (i: number) => ({ floor: 0, ceiling: 5_000, weight: 1 + (i % 4), keys: {} });
  const shares = Array.from({ length: TENANTS }, (_, i) => [`tnt_${String(i).padStart(26, '0')}`, share(i)] as const);
  return {
    poolId: trustedId('pool', pool),
    version: 1,
    sessionsMax: sessionsMax ?? 2 * TENANTS * LINES_EACH,
    familyMax: {},
    shares: Object.fromEntries(
      sessionsMax === null ? shares.map(([id, own]) => [id, { ...own, floor: 1_000 }]) : shares,
    ),
    waitingMax: 200,
    waitingPerTenantMax: 20,
  };
}

function leaseOf(outcome: Awaited<ReturnType<RedisLeaseStore['acquire']>>): Lease {
  if (outcome.kind === 'admitted') return outcome.lease;
  throw new Error(`the store answered ${outcome.kind}`);
}
