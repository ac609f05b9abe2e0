// Leases in Redis: what several gateway processes share. One script per atomic step, by Redis's own clock; all keys of a
// store carry one hash tag, so a store is one slot of a cluster. Rejects with `LeaseStoreUnavailable` within `deadlineMs`
// when Redis is away, stalled or refuses; see the port for what the system does then. Redis must not evict these keys
// (`maxmemory-policy noeviction`): an evicted lease is a line that can be lent twice.
import type { PoolId, ReplicaId } from '@trunkline/kernel';
import {
  headroomMark,
  LeaseStoreUnavailable,
  LineHeldElsewhere,
  NoSuchPage,
  KEEP_AGAIN_AGE_MS_MIN,
  KEEP_AGE_MS_MIN,
  RECLAIM_MS,
  type AcquireOutcome,
  type AcquireRequest,
  type AttendOutcome,
  type Caller,
  type HeldLine,
  type Lease,
  type LeaseStore,
  type LeaseTerms,
  type LinePage,
  type LineQuery,
  type OnGranted,
  type PageQuery,
  type PoolPlan,
  type PoolView,
  type Seeker,
  type TokenUse,
} from '../../index.js';
import { BoundedCalls } from './bounded-calls.js';
import type { Grants } from './grants.js';
import { Keyspace } from './keyspace.js';
import { PoolCounters } from './pool-counters.js';
import {
  parseCount,
  parseDenial,
  parseHeldLine,
  parseLine,
  parseListed,
  parseMoments,
  parsePlaces,
  parseReplies,
  parseReply,
  parseStanding,
  parseView,
  type CallerIn,
} from './replies.js';
import { loadScripts, runScript, type LeaseRedis, type ScriptName } from './scripts.js';
import { callerText, ownTexts, poolsText, WirePlans, type WirePlan } from './wire.js';

/** How a store uses its Redis. */
export interface RedisLeaseStoreOptions {
  readonly terms: LeaseTerms;
  /** Hash tag of every key. All processes that share caps use the same; ADR 020 says why one holds all pools. */
  readonly slot?: string;
  /** Milliseconds after which a command counts as failed. Default 500: a handshake should not wait longer for a no. */
  readonly deadlineMs?: number;
  /** Commands under way at once, beyond which Redis counts as too slow. Default 2,000. */
  readonly inFlightMax?: number;
  /** Where lines given to waiting calls are heard of at once; without it they are noticed at the next `attend`. */
  readonly grants?: Grants;
  /** Lua that sets `now`, for tests. */
  readonly clock?: string;
}

// A script blocks Redis while it runs; renewing a line costs it about 5 us, reading its record included.
const BATCH = 200;
// A look reads the whole line once a batch, 5 us a call, and for each call that it asks about 5 us more.
const ATTEND_BATCH = 500;
// One script each: not more of them under way than a small bound on commands allows.
const REREGISTER_BATCH = 50;
const LIST_MAX = 10_000;
const LIST_PAGE = 1_000;
// Their records are read by a script, which blocks Redis for about 10 us each. Beyond LIST_MAX of them, the rest is told as
// open.
const MOMENTS_PAGE = 200;
const CURSOR = /^\d{1,20}$/;
// A million fields: far beyond what an installation has.
const SCAN_STEPS_MAX = 1_000;

interface Scan {
  readonly key: string;
  readonly match: string;
  readonly from?: string;
  readonly count?: number;
}

/** Takes fields and values in turn. @returns whether to go on. */
type Take = (elements: readonly string[]) => boolean | Promise<boolean>;

/** The shared store. Call `open` before the first admission. */
export class RedisLeaseStore implements LeaseStore {
  readonly #scripts: ReturnType<typeof loadScripts>;
  readonly #keys: Keyspace;
  readonly #terms: readonly number[];
  readonly #calls: BoundedCalls;
  readonly #plans = new WirePlans();
  readonly #grants: Grants | null;

  constructor(
    private readonly redis: LeaseRedis,
    options: RedisLeaseStoreOptions,
  ) {
    const { pendingMs, confirmedMs, silenceMaxMs, recoveryMs, waiterMs } = options.terms;
    this.#terms = [pendingMs, confirmedMs, silenceMaxMs, recoveryMs, waiterMs];
    this.#keys = new Keyspace(options.slot ?? 'trunkline');
    this.#calls = new BoundedCalls(options.deadlineMs ?? 500, options.inFlightMax ?? 2_000);
    this.#scripts = loadScripts(options.clock);
    this.#grants = options.grants ?? null;
  }

  /**
   * Tells the store that this process begins. A store that is new, was flushed, or heard from nobody for a while keeps
   * admissions closed for the recovery window, because it cannot know whether other replicas have sessions open.
   * @param noSessionIsOpen pass true only when that is certain from elsewhere (no open session row): no window then.
   * @returns milliseconds for which admissions stay closed.
   */
  async open(noSessionIsOpen: boolean): Promise<number> {
    return parseCount(await this.#run('open', [noSessionIsOpen ? '1' : '0']));
  }

  async acquire(request: AcquireRequest): Promise<AcquireOutcome> {
    try {
      return await this.#acquire(request);
    } catch (error) {
      if (error instanceof LeaseStoreUnavailable && error.reason === 'timeout') this.#takeBack(request);
      throw error;
    }
  }

  async attend(callers: readonly Seeker[]): Promise<readonly AttendOutcome[]> {
    return inBatches(callers, (batch) => this.#attendBatch(batch), ATTEND_BATCH);
  }

  async leave(caller: Caller): Promise<AttendOutcome> {
    return parseStanding(parseReply(await this.#run('leave', [caller.sessionId, caller.token])), this.#in(caller));
  }

  async confirm({ sessionId, token }: Lease): Promise<'confirmed' | 'lost'> {
    return parseCount(await this.#run('confirm', [sessionId, token])) === 1 ? 'confirmed' : 'lost';
  }

  async renew(leases: readonly Lease[]): Promise<readonly Lease[]> {
    if (leases.length === 0) return this.#renewBatch(leases);
    return inBatches(leases, (batch) => this.#renewBatch(batch));
  }

  async reregister(leases: readonly Lease[]): Promise<readonly Lease[]> {
    return inBatches(
      leases,
      async (batch) => {
        const held = await Promise.all(batch.map((lease) => this.#reregisterOne(lease)));
        return batch.filter((_, i) => held[i] !== true);
      },
      REREGISTER_BATCH,
    );
  }

  async release({ sessionId, token }: Caller, keepMs = 0): Promise<'released' | 'gone'> {
    const ages = [KEEP_AGE_MS_MIN, KEEP_AGAIN_AGE_MS_MIN];
    return parseCount(await this.#run('release', [sessionId, token, keepMs, ...ages])) === 1 ? 'released' : 'gone';
  }

  async ending({ sessionId, token }: Caller): Promise<void> {
    await this.#run('ending', [sessionId, token]);
  }

  async pause(poolId: PoolId, forMs: number, family: string | null = null): Promise<void> {
    await this.#run('pause', [poolId, Math.ceil(forMs), family ?? '']);
  }

  async used({ poolId, family, tokens, tokensPerMinuteMax }: TokenUse): Promise<void> {
    await this.#run('used', [poolId, family ?? '', tokens, headroomMark(tokensPerMinuteMax)]);
  }

  async mayReclaim({ sessionId, token }: Lease): Promise<boolean> {
    return parseCount(await this.#run('reclaim', [sessionId, token, RECLAIM_MS])) === 1;
  }

  async list({ scope, id, linesMax }: LineQuery): Promise<readonly HeldLine[]> {
    const { nowMs } = parseView(await this.#run('view', ['']));
    const field = { key: 'keyId', tenant: 'tenantId', pool: 'poolId' } as const;
    const found: HeldLine[] = [];
    for (let offset = 0; found.length < Math.min(linesMax, LIST_MAX); offset += LIST_PAGE) {
      const page = await this.#page(nowMs, offset);
      found.push(...page.lines.filter((line) => line[field[scope]] === id));
      if (page.isLast) break;
    }
    return found.slice(0, linesMax);
  }

  async view(poolId: PoolId): Promise<PoolView> {
    const { nowMs: _, ...seen } = parseView(await this.#run('view', [poolId]), poolId);
    const counters = new PoolCounters(poolId);
    await this.#scan({ key: this.#keys.counts, match: counters.match }, (elements) => counters.add(elements));
    for (let passed = 0; passed < LIST_MAX; passed += MOMENTS_PAGE) {
      const { isLast, moments } = parseMoments(await this.#run('moments', [poolId, passed, MOMENTS_PAGE]));
      counters.addMoments(moments);
      if (isLast) break;
    }
    return { held: counters.lines(), ...seen };
  }

  async page({ poolId, linesMax, after }: PageQuery): Promise<LinePage> {
    if (after !== null && !CURSOR.test(after)) throw new NoSuchPage(`there is no page ${after}`);
    const { nowMs } = parseView(await this.#run('view', ['']));
    const found: HeldLine[] = [];
    const scan = { key: this.#keys.lines, match: '*', from: after ?? '0', count: Math.min(linesMax, LIST_PAGE) };
    const next = await this.#scan(scan, async (elements) => {
      found.push(...(await this.#linesOf(elements, nowMs)).filter((line) => line.poolId === poolId));
      return found.length < linesMax;
    });
    return { lines: found, next };
  }

  onGranted(replicaId: ReplicaId, listener: OnGranted): () => void {
    return this.#grants?.listen(this.#keys.grantsFor(replicaId), listener) ?? (() => undefined);
  }

  async #acquire(request: AcquireRequest): Promise<AcquireOutcome> {
    const plans = [request.plan, ...request.otherPools];
    const args = [request.sessionId, callerText(request, request.otherPools), request.mayWait ? '1' : '0'];
    const reply = parseReply(await this.#withPlans('acquire', args, plans));
    switch (reply[0]) {
      case 'admitted':
        return { kind: 'admitted', ...parseLine(reply, this.#in(request)) };
      case 'waiting':
        return { kind: 'waiting', denial: parseDenial(reply) };
      case 'denied':
        return { kind: 'denied', denial: parseDenial(reply.slice(0, -1)), ownLineEnds: reply.at(-1) === 1 };
      case 'recovering':
        return { kind: 'recovering', retryAfterMs: parseCount(reply[1]) };
      default:
        throw new LineHeldElsewhere();
    }
  }

  async #attendBatch(batch: readonly Seeker[]): Promise<readonly AttendOutcome[]> {
    const brought = batch.flatMap(({ plan, otherPools }) => [plan, ...otherPools]);
    const plans = new Map(brought.map((plan) => [plan.poolId, this.#bring(plan).text]));
    const args = batch.flatMap((each) => [each.sessionId, each.token, ...ownTexts(each.own), poolsText(each)]);
    const replies = parseReplies(await this.#run('attend', [plans.size, ...[...plans].flat(), ...args]));
    return batch.map((caller, i) => parseStanding(replies[i] ?? ['gone'], this.#in(caller)));
  }

  async #renewBatch(leases: readonly Lease[]): Promise<readonly Lease[]> {
    const gone = new Set(
      parsePlaces(
        await this.#run(
          'renew',
          leases.flatMap((lease) => [lease.sessionId, lease.token]),
        ),
      ),
    );
    return leases.filter((_, i) => gone.has(i + 1));
  }

  async #reregisterOne(lease: Lease): Promise<boolean> {
    const args = [lease.sessionId, callerText(lease), lease.fence];
    const reply = await this.#withPlans('reregister', args, [lease.plan]);
    return parseCount(reply) === 1;
  }

  // Plans travel only when the store does not know one of them: once after each change of policy.
  async #withPlans(name: ScriptName, args: readonly (string | number)[], plans: readonly PoolPlan[]): Promise<unknown> {
    const wire = plans.map((plan) => ({ plan, ...this.#bring(plan) }));
    const reply = await this.#run(name, [
      ...args,
      ...wire.flatMap(({ plan, digest }) => [plan.poolId, plan.version, digest, '']),
    ]);
    const isUnknown = reply === 2 || (Array.isArray(reply) && reply[0] === 'plan');
    if (!isUnknown) return reply;
    return this.#run(name, [
      ...args,
      ...wire.flatMap(({ plan, digest, text }) => [plan.poolId, plan.version, digest, text]),
    ]);
  }

  #bring(plan: PoolPlan): WirePlan {
    this.#plans.bring(plan);
    return this.#plans.of(plan);
  }

  // The pool that gave it a line may be one that it has given up meanwhile.
  #in(caller: Caller): CallerIn {
    return (poolId) => {
      const plan = caller.plan.poolId === poolId ? caller.plan : this.#plans.newest(poolId);
      if (plan === null) throw new Error(`a line was given in ${poolId}, which nobody asked for`);
      return { ...caller, plan, place: { ...caller.place, poolId } };
    };
  }

  async #page(
    nowMs: number,
    offset: number,
  ): Promise<{ readonly lines: readonly HeldLine[]; readonly isLast: boolean }> {
    const listed = parseListed(
      await this.#calls.run(() =>
        this.redis.zrangebyscore(this.#keys.expiry, `(${nowMs}`, '+inf', 'WITHSCORES', 'LIMIT', offset, LIST_PAGE),
      ),
    );
    if (listed.length === 0) return { lines: [], isLast: true };
    const ids = listed.map((line) => line.sessionId);
    const records = await this.#calls.run(() => this.redis.hmget(this.#keys.lines, ...ids));
    // A line released between the two looks has no record any more.
    const lines = listed.flatMap((line, i) => parseHeldLine(line, records[i] ?? null, nowMs) ?? []);
    return { lines, isLast: listed.length < LIST_PAGE };
  }

  async #linesOf(elements: readonly string[], nowMs: number): Promise<readonly HeldLine[]> {
    const ids = elements.filter((_, i) => i % 2 === 0);
    if (ids.length === 0) return [];
    const expiries = await this.#calls.run(() => this.redis.zmscore(this.#keys.expiry, ...ids));
    return ids.flatMap((sessionId, i) => {
      const expiry = expiries[i];
      if (typeof expiry !== 'string' || Number(expiry) <= nowMs) return [];
      return parseHeldLine({ sessionId, expiresAtMs: Number(expiry) }, elements[2 * i + 1] ?? null, nowMs) ?? [];
    });
  }

  // A step after the other, so that calls never wait for more than one. @returns where it stopped; null: at the end.
  async #scan({ key, match, from = '0', count = LIST_PAGE }: Scan, take: Take): Promise<string | null> {
    let cursor = from;
    for (let steps = 0; steps < SCAN_STEPS_MAX; steps++) {
      const [next, elements] = await this.#calls.run(() =>
        this.redis.hscan(key, cursor, 'MATCH', match, 'COUNT', count),
      );
      const goesOn = await take(elements);
      if (next === '0') return null;
      if (!goesOn) return next;
      cursor = next;
    }
    return cursor;
  }

  // An acquisition without an answer may still be carried out. Sent behind it on the same connection, these follow it;
  // should they fail too, the place in line and the pending line lapse by themselves.
  #takeBack(caller: Caller): void {
    this.leave(caller).catch(() => undefined);
    this.release(caller).catch(() => undefined);
  }

  #run(name: ScriptName, args: readonly (string | number)[]): Promise<unknown> {
    const script = this.#scripts.get(name);
    if (!script) throw new Error(`there is no script ${name}`);
    return this.#calls.run(() => runScript(this.redis, script, this.#keys.all, [...this.#terms, ...args]));
  }
}

// One after the other: an admission waits behind one batch and not behind all of them, and each has its own deadline.
async function inBatches<Item, Out>(
  items: readonly Item[],
  work: (batch: readonly Item[]) => Promise<readonly Out[]>,
  size = BATCH,
): Promise<readonly Out[]> {
  const all: Out[] = [];
  for (let i = 0; i < items.length; i += size) all.push(...(await work(items.slice(i, i + size))));
  return all;
}
