// A gateway process as far as admission is concerned: the real keeper, the real waiting room and the real `admit`, in the
// order in which `apps/gateway` uses them, with calls in place of sockets.
import {
  admit,
  LeaseKeeper,
  WaitingRoom,
  type Lease,
  type LeaseKeeperParts,
  type LeaseStore,
  type LeaseTerms,
  type LineWatch,
  type LineWatchParts,
  type OnLost,
  type OwnLimits,
  type Place,
  type PoolChoice,
  type TokenUse,
} from '@trunkline/admission';
import { trustedId, type ReplicaId, type SessionId } from '@trunkline/kernel';
import type { Chance } from './chance.js';
import type { Policy } from './policy.js';
import type { Process } from './process.js';
import type { Upstream } from './upstream.js';

/** A call of a client, and all that will become of it unless something breaks. */
export interface Call {
  readonly place: Place;
  /** The other pools may carry it as well. */
  readonly anyPool: boolean;
  /** How long it waits for a line, at most; 0: not at all. */
  readonly waitMs: number;
  /** When its client goes away while it waits; null: it does not. */
  readonly leavesAfterMs: number | null;
  readonly dialMs: number;
  readonly dialWorks: boolean;
  readonly lastsMs: number;
  /** It says nothing: it may be asked to make room. */
  readonly isIdle: boolean;
  /** Its line is kept so long after its end, for it to connect again; 0: it does not. */
  readonly keepMs: number;
  /** From the end of its session to that of its connection to the upstream; its client may come back meanwhile. */
  readonly settleMs: number;
}

/** What a replica is made of. */
export interface ReplicaParts {
  readonly id: ReplicaId;
  readonly process: Process;
  /** What it admits by: the link, or a share that lends while the store cannot be reached by it. */
  readonly store: LeaseStore;
  readonly upstream: Upstream;
  readonly terms: LeaseTerms;
  readonly chance: Chance;
  readonly policy: Policy;
  readonly whenUnreachable: LeaseKeeperParts['whenUnreachable'];
  readonly makeWatch: (parts: LineWatchParts) => LineWatch;
  /** Its leases were renewed. */
  readonly renewed: () => void;
  /** A session ended whose client will call again, most likely within so long. */
  readonly callsAgain: (call: Call, withinMs: number) => void;
}

/** A session that is being settled. */
interface Ended {
  readonly lease: Lease;
  readonly line: LineWatch;
  readonly endsByItself: boolean;
}

const IDLE_ASK_MS = 700;
const SETTLE_MS = 5_000;
const NO_LIMITS: OwnLimits = { keySessionsMax: null, tenantSessionsMax: null, sessionsPerMinuteMax: null };

/** One replica. */
export class Replica {
  /** As it knows it, which may be late. */
  policy: Policy;
  readonly keeper: LeaseKeeper;
  readonly #room: WaitingRoom;
  readonly #parts: ReplicaParts;
  /** Ends what a client has, be it a call in line or a session. */
  readonly #clients = new Set<AbortController>();
  #calls = 0;

  constructor(parts: ReplicaParts) {
    this.#parts = parts;
    this.policy = parts.policy;
    const { process, store, terms, chance, whenUnreachable } = parts;
    const wait = (ms: number, signal: AbortSignal): Promise<void> => process.wait(ms, signal);
    this.keeper = new LeaseKeeper({
      store,
      terms,
      clock: process.clock,
      random: () => chance.next(),
      wait,
      observe: ({ kind }) => kind === 'renewed' && parts.renewed(),
      whenUnreachable,
      heldMax: 1_000,
    });
    this.#room = new WaitingRoom({ store, replicaId: parts.id, clock: process.clock, wait, observe: () => undefined });
  }

  get id(): ReplicaId {
    return this.#parts.id;
  }

  get process(): Process {
    return this.#parts.process;
  }

  /** Runs until it is killed. */
  start(): void {
    const { signal } = new AbortController();
    void this.keeper.run(signal);
    void this.#room.run(signal);
  }

  /** Killed: its sockets to the upstream die at once, and what it knew is gone. */
  kill(): void {
    this.#parts.process.kill();
    this.#parts.upstream.endAllOf(this.id);
  }

  /** All its clients go away. */
  hangUpAll(): void {
    for (const client of this.#clients) client.abort();
  }

  /** A client calls. */
  async serve(call: Call): Promise<void> {
    const { store, process, chance } = this.#parts;
    const sessionId: SessionId = trustedId('ses', `ses_${this.id}_${++this.#calls}`);
    const plans = this.#plansFor(call);
    if (!plans) return;
    const gone = this.#client();
    if (call.leavesAfterMs !== null) process.after(call.leavesAfterMs, () => gone.abort());
    const { keyId, tenantId, family } = call.place;
    const who = { keyId, tenantId, ...(this.policy.own.get(keyId) ?? NO_LIMITS) };
    const review = () => ({
      plans: this.#plansFor(call) ?? plans,
      own: this.policy.own.get(keyId) ?? NO_LIMITS,
    });
    const asked = { sessionId, replicaId: this.id, who, plans, family };
    const request = { ...asked, waitMs: call.waitMs, gone: gone.signal, review };
    const parts = { store, room: this.#room, randomBytes: (n: number) => chance.bytes(n) };
    let admitted = await admit(request, parts);
    // As `admit-and-dial` does: a line of its own is worth a wait.
    if (!admitted.ok && admitted.error.ownLineEnds && !gone.signal.aborted)
      admitted = await admit({ ...request, waitMs: Math.max(call.waitMs, SETTLE_MS) }, parts);
    this.#clients.delete(gone);
    if (!admitted.ok) return;
    if (gone.signal.aborted) await this.#release(admitted.value, 0);
    else await this.#hold(call, admitted.value);
  }

  /** The upstream asked for a pause, of a pool or of one family in it. */
  async pause(poolId: Place['poolId'], forMs: number, family: string | null): Promise<void> {
    await this.#parts.store.pause(poolId, forMs, family).catch(() => undefined);
  }

  /** Tokens went by. */
  async used(use: TokenUse): Promise<void> {
    await this.#parts.store.used(use).catch(() => undefined);
  }

  #plansFor({ place, anyPool }: Call): PoolChoice | null {
    const { plans } = this.policy;
    const plan = plans.get(place.poolId);
    if (!plan) return null;
    return [plan, ...(anyPool ? [...plans.values()].filter((other) => other !== plan) : [])];
  }

  async #hold(call: Call, lease: Lease): Promise<void> {
    const hangUp = this.#parts.upstream.dial(lease);
    const end = this.#client();
    const line = this.#watch();
    void line.lost.then(() => end.abort());
    await this.#parts.process.wait(call.dialMs);
    if (!call.dialWorks || !(await this.#confirm(lease, (_, { goneWithinMs }) => line.lose(goneWithinMs)))) {
      this.#clients.delete(end);
      hangUp();
      await this.#release(lease, 0);
      return;
    }
    if (call.isIdle) void this.#makeRoom(lease, end);
    await this.#parts.process.wait(call.lastsMs, end.signal);
    const endsByItself = !end.signal.aborted;
    end.abort();
    this.#clients.delete(end);
    if (call.settleMs > 0) await this.#settle(call, { lease, line, endsByItself });
    hangUp();
    await this.#release(lease, call.keepMs);
    if (endsByItself && call.keepMs > 0 && call.settleMs === 0) this.#parts.callsAgain(call, call.keepMs);
  }

  // Its client comes back as often before the line is free as after.
  async #settle(call: Call, { lease, line, endsByItself }: Ended): Promise<void> {
    await this.keeper.ending(lease).catch(() => undefined);
    if (endsByItself && call.keepMs > 0) this.#parts.callsAgain(call, 2 * call.settleMs);
    // As `settle` of the gateway does, whose upstream says what it owes when it likes.
    await line.whileHeld(new Promise(() => undefined), call.settleMs);
  }

  #watch(): LineWatch {
    const { process } = this.#parts;
    return this.#parts.makeWatch({ clock: process.clock, wait: (ms, signal) => process.wait(ms, signal) });
  }

  #client(): AbortController {
    const client = new AbortController();
    this.#clients.add(client);
    return client;
  }

  async #confirm(lease: Lease, onLost: OnLost): Promise<boolean> {
    return this.keeper.confirm(lease, onLost).then(
      (outcome) => outcome === 'confirmed',
      () => false,
    );
  }

  async #release(lease: Lease, keepMs: number): Promise<void> {
    await this.keeper.release(lease, keepMs).catch(() => undefined);
  }

  async #makeRoom(lease: Lease, end: AbortController): Promise<void> {
    for (;;) {
      await this.#parts.process.wait(IDLE_ASK_MS, end.signal);
      if (end.signal.aborted) return;
      if (await this.#parts.store.mayReclaim(lease).catch(() => false)) return end.abort();
    }
  }
}
