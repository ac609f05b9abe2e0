// One simulated world: replicas, a store, an upstream, clients and a policy that changes, all by the chance of one number.
// Runs through a time of trouble and then a time of quiet, at the end of which nothing may be left.
import {
  goneBeforeMs,
  leaseTerms,
  LineWatch,
  Switchboard,
  type LeaseTerms,
  type LineWatchParts,
} from '@trunkline/admission';
import { trustedId } from '@trunkline/kernel';
import { Chance } from './chance.js';
import { Chronicle } from './chronicle.js';
import { breakThings, type FaultKind } from './faults.js';
import { makeShare, type MakeShare } from './lending.js';
import { Link, Network } from './link.js';
import { drawLandscape, drawPlace, drawPolicy, type Landscape, type Policy, type Tenant } from './policy.js';
import { Process } from './process.js';
import { Referee } from './referee.js';
import { Replica, type Call } from './replica.js';
import { StoreServer } from './store-server.js';
import { Timeline } from './timeline.js';
import { Violation } from './violation.js';
import { Upstream, type OpenSession } from './upstream.js';

/** What a world may be made with instead of the real thing, to see that the referee notices. */
export interface WorldOptions {
  readonly makeBoard?: (terms: LeaseTerms) => Switchboard;
  readonly makeWatch?: (parts: LineWatchParts) => LineWatch;
  readonly whenUnreachable?: 'keep' | 'end';
  /** What the keepers are told, where it is not the truth. */
  readonly keepersTold?: 'keep' | 'end';
  /** What gateways lend by while they cannot reach the store; by default the real share in a part of all worlds. */
  readonly makeShare?: MakeShare;
  /** What breaks, where it should not be everything. */
  readonly faults?: readonly FaultKind[];
}

/** What went on in a world. */
export interface WorldSummary {
  readonly steps: number;
  readonly grants: number;
  /** Of the grants, those to calls that stood in line. */
  readonly waited: number;
  /** Lines that were lent without the store. */
  readonly lent: number;
  readonly simulatedMs: number;
}

/** Runs the world of this seed. @throws Violation in the step that breaks a promise. */
export async function simulate(seed: number, options: WorldOptions = {}): Promise<WorldSummary> {
  const world = new World(seed, options);
  try {
    await world.run();
  } catch (error) {
    throw world.explained(error);
  }
  return world.summary();
}

// The shorter a lease's life, the more of them fit into a second of testing; the design's own 30 s are among them.
const LIVES_MS = [...Array.from({ length: 17 }, () => 4_000), 12_000, 12_000, 30_000];
const TROUBLE_LIVES = 4;
const EVENTS_TOLD = 60;
const POLICY_LAG_MS_MAX = 2_000;
// A stream of its own, so that the worlds of those that lend are otherwise those that do not.
const LENDS = 0x1e4d;
const WORLDS_THAT_LEND = 0.4;

class World {
  readonly #timeline = new Timeline();
  readonly #chronicle = new Chronicle(() => this.#timeline.nowMs, EVENTS_TOLD);
  readonly #chance: Chance;
  readonly #terms: LeaseTerms;
  readonly #landscape: Landscape;
  readonly #network: Network;
  readonly #server: StoreServer;
  readonly #referee: Referee;
  readonly #upstream: Upstream;
  readonly #whenUnreachable: 'keep' | 'end';
  readonly #makeShare: MakeShare | null;
  readonly #deadlineMs: number;
  readonly #slackMs: number;
  #policy: Policy;
  #replicas: { readonly replica: Replica; readonly link: Link; renewedAtMs: number }[] = [];
  #started = 0;
  #lent = 0;
  #calm = false;

  constructor(
    private readonly seed: number,
    private readonly options: WorldOptions,
  ) {
    this.#chance = new Chance(seed);
    const confirmedMs = this.#chance.pick(LIVES_MS);
    this.#terms = leaseTerms({ confirmedMs, pendingMs: confirmedMs / 2 });
    this.#whenUnreachable = options.whenUnreachable ?? this.#chance.pick(['keep', 'end', 'end']);
    const lends = new Chance(seed ^ LENDS).happens(WORLDS_THAT_LEND);
    this.#makeShare = options.makeShare ?? (lends ? makeShare : null);
    this.#landscape = drawLandscape(this.#chance);
    this.#policy = drawPolicy(this.#landscape, 1, this.#chance);
    this.#network = new Network(this.#timeline);
    // What is left between the end of a lost session and that of its lease, for a stall of its own and a copy's clock.
    this.#deadlineMs = confirmedMs / 40;
    this.#slackMs = goneBeforeMs(this.#terms) - 0.01 * confirmedMs;
    this.#upstream = new Upstream((session) => this.#opened(session));
    this.#referee = new Referee({
      tenants: this.#landscape.tenants.length,
      waiterMs: this.#terms.waiterMs,
      openSessions: () => this.#upstream.sessions(),
      mayOutlive: (session) => this.#mayOutlive(session),
    });
    this.#server = new StoreServer({
      timeline: this.#timeline,
      terms: this.#terms,
      makeBoard: options.makeBoard ?? ((terms) => new Switchboard(terms)),
      watch: this.#referee,
      chronicle: this.#chronicle,
      granted: (replicaId, sessionId) =>
        this.#replicas.find(({ replica }) => replica.id === replicaId)?.link.tell(sessionId),
    });
  }

  async run(): Promise<void> {
    const troubleMs = TROUBLE_LIVES * this.#terms.confirmedMs;
    this.#server.open(this.#chance.happens(0.7));
    for (let i = this.#chance.between(3, 4); i > 0; i--) this.#startReplica();
    for (const tenant of this.#landscape.tenants) this.#call(tenant);
    this.#changePolicy(1);
    this.#pauseNowAndThen();
    this.#troubles(troubleMs);
    await this.#timeline.run(troubleMs);
    this.#calm = true;
    for (const { replica } of this.#replicas) replica.process.reach(0, () => replica.hangUpAll());
    // What nobody could give back lapses.
    await this.#timeline.run(troubleMs + 2.5 * this.#terms.confirmedMs);
    this.#referee.assertEmpty(this.#server.board);
  }

  summary(): WorldSummary {
    const { steps, grants, waited } = this.#referee;
    return { steps, grants, waited, lent: this.#lent, simulatedMs: this.#timeline.nowMs };
  }

  /** The error with the events that led to it. */
  explained(error: unknown): unknown {
    if (error instanceof Violation)
      error.message += `\nAgain: SEED=${this.seed} npm test -- test/sim/admission/admission.spec.ts\n${this.#chronicle.toString()}`;
    return error;
  }

  #troubles(untilMs: number): void {
    breakThings(
      {
        timeline: this.#timeline,
        chronicle: this.#chronicle,
        chance: this.#chance.fork(),
        terms: this.#terms,
        network: this.#network,
        server: this.#server,
        replicas: () => this.#replicas.map(({ replica }) => replica),
        startReplica: () => this.#startReplica(),
        stallMsMax: this.#stallMsMax,
        skewMsMax: Math.floor(this.#stallMsMax / 2),
        mayFreeze: this.#whenUnreachable === 'keep',
        untilMs,
      },
      this.#terms.confirmedMs * this.#chance.pick([0.5, 1, 2]),
      this.options.faults,
    );
  }

  #startReplica(): void {
    const chance = this.#chance.fork();
    const id = trustedId('rep', `r${++this.#started}`);
    const process = new Process(this.#timeline, {
      drift: 0.02 * chance.next() - 0.01,
      wallMs: chance.between(-1e9, 1e9),
    });
    const link = new Link({
      replicaId: id,
      process,
      server: this.#server,
      network: this.#network,
      timeline: this.#timeline,
      chance,
      deadlineMs: this.#deadlineMs,
    });
    const replica = new Replica({
      id,
      process,
      store: this.#makeShare?.({ link, terms: this.#terms, clock: process.clock, lent: () => this.#lent++ }) ?? link,
      upstream: this.#upstream,
      terms: this.#terms,
      chance,
      policy: this.#policy,
      whenUnreachable: this.options.keepersTold ?? this.#whenUnreachable,
      makeWatch: this.options.makeWatch ?? ((parts) => new LineWatch(parts)),
      renewed: () => (running.renewedAtMs = this.#timeline.nowMs),
      callsAgain: (call, withinMs) => this.#timeline.after(chance.exponential(withinMs / 2), () => this.#arrive(call)),
    });
    const running = { replica, link, renewedAtMs: this.#timeline.nowMs };
    this.#replicas = [...this.#replicas.filter((each) => each.replica.process.isAlive), running];
    replica.start();
  }

  #opened(session: OpenSession): void {
    this.#chronicle.note(() => `dialled ${session.lease.sessionId}`);
    try {
      this.#referee.opened(session);
    } catch (error) {
      this.#timeline.fail(error instanceof Error ? error : new Error(String(error)));
    }
  }

  // Of a replica that was cut off for so long that it must be uncertain of its leases, or stood still in a dial.
  #mayOutlive({ replicaId }: OpenSession): boolean {
    if (this.#whenUnreachable === 'end') return false;
    const of = this.#replicas.find(({ replica }) => replica.id === replicaId);
    if (of === undefined) return false;
    const { confirmedMs, fenceMarginMs, pendingMs } = this.#terms;
    const silentMs = this.#timeline.nowMs - of.renewedAtMs;
    return silentMs >= confirmedMs - fenceMarginMs - this.#deadlineMs || of.replica.process.wasFrozen(pendingMs);
  }

  // Tenants call as often as they like, one more than the other, and in bursts.
  #call(
    tenant: Tenant,
    meanMs = this.#chance.pick([300, 600, 1_500, 5_000]) * (this.#terms.confirmedMs / 6_000),
  ): void {
    this.#timeline.after(this.#chance.exponential(meanMs), () => {
      if (this.#calm) return;
      for (let calls = this.#chance.happens(0.1) ? 4 : 1; calls > 0; calls--) this.#arrive(this.#drawCall(tenant));
      this.#call(tenant, meanMs);
    });
  }

  #arrive(call: Call): void {
    if (this.#calm) return;
    const { replica } = this.#chance.pick(this.#replicas);
    replica.process.reach(0, () => void replica.serve(call));
  }

  #drawCall(tenant: Tenant): Call {
    const chance = this.#chance;
    const { confirmedMs } = this.#terms;
    return {
      place: drawPlace(this.#landscape, tenant, chance),
      anyPool: chance.happens(0.5),
      waitMs: chance.happens(0.7) ? chance.between(1, confirmedMs) : 0,
      leavesAfterMs: chance.happens(0.2) ? chance.exponential(confirmedMs / 3) : null,
      dialMs: chance.happens(0.3) ? this.#dialMsMax : chance.between(1, this.#dialMsMax),
      dialWorks: chance.happens(0.9),
      lastsMs: chance.exponential(chance.pick([0.05, 0.2, 0.5, 4]) * confirmedMs),
      isIdle: chance.happens(0.2),
      keepMs: chance.happens(0.2) ? chance.between(100, confirmedMs / 2) : 0,
      settleMs: chance.happens(0.3) ? chance.between(1, confirmedMs / 2) : 0,
    };
  }

  get #stallMsMax(): number {
    return Math.floor(0.4 * this.#slackMs);
  }

  // A dial must end, and its line be confirmed or given back, before the reservation can lapse.
  get #dialMsMax(): number {
    return Math.floor(0.98 * this.#terms.pendingMs - 2 * this.#deadlineMs - 0.7 * this.#slackMs);
  }

  #changePolicy(version: number): void {
    this.#timeline.after(this.#chance.exponential(this.#terms.confirmedMs), () => {
      if (this.#calm) return;
      const policy = drawPolicy(this.#landscape, version + 1, this.#chance);
      this.#policy = policy;
      for (const { replica } of this.#replicas)
        replica.process.reach(this.#chance.between(0, POLICY_LAG_MS_MAX), () => (replica.policy = policy));
      this.#changePolicy(version + 1);
    });
  }

  #pauseNowAndThen(): void {
    this.#timeline.after(this.#chance.exponential(2 * this.#terms.confirmedMs), () => {
      if (this.#calm) return;
      const { replica } = this.#chance.pick(this.#replicas);
      const poolId = this.#chance.pick(this.#landscape.pools);
      const family = this.#chance.happens(0.5) ? this.#chance.pick(this.#landscape.families) : null;
      const forMs = this.#chance.between(100, this.#terms.confirmedMs / 4);
      // What it says itself, or what we counted: a few of these in a minute are more than the account has.
      if (this.#chance.happens(0.6)) void replica.pause(poolId, forMs, family);
      else void replica.used({ poolId, family, tokens: this.#chance.between(0, 700), tokensPerMinuteMax: 1_000 });
      this.#pauseNowAndThen();
    });
  }
}
