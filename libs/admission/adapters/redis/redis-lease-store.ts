// Leases in Redis: what several gateway processes share. One script per atomic step, by Redis's own clock; all keys of a
// store carry one hash tag, so a store is one slot of a cluster. Rejects with `LeaseStoreUnavailable` within `deadlineMs`
// when Redis is away, stalled or refuses; see the port for what the system does then. Redis must not evict these keys
// (`maxmemory-policy noeviction`): an evicted lease is a line that can be lent twice.
import {
  LeaseStoreUnavailable,
  type AcquireOutcome,
  type AcquireRequest,
  type HeldLine,
  type Lease,
  type LeaseStore,
  type LeaseTerms,
  type LineQuery,
} from '../../index.js';
import { Keyspace } from './keyspace.js';
import { isFlag, parseCount, parseDenial, parseHeldLine, parseLines, parsePlaces, parseReply } from './replies.js';
import { BoundedCalls } from './bounded-calls.js';
import { loadScripts, runScript, type LeaseRedis, type ScriptName } from './scripts.js';

/** How a store uses its Redis. */
export interface RedisLeaseStoreOptions {
  readonly terms: LeaseTerms;
  /**
   * Hash tag of every key. All processes that share caps use the same. One for a whole deployment lets a tenant's cap
   * hold over several pools; a store per pool spreads a large cluster, and then tenants' caps count within each pool.
   */
  readonly slot?: string;
  /** Milliseconds after which a command counts as failed. Default 500: a handshake should not wait longer for a no. */
  readonly deadlineMs?: number;
  /** Commands under way at once, beyond which Redis counts as too slow. Default 2,000. */
  readonly inFlightMax?: number;
}

// A script blocks Redis while it runs; renewing a line costs it 25 to 40 us, so 50 of them 1 to 2 ms.
const BATCH = 50;
const LIST_MAX = 10_000;

/** The shared store. Call `open` before the first admission. */
export class RedisLeaseStore implements LeaseStore {
  readonly #scripts = loadScripts();
  readonly #keys: Keyspace;
  readonly #terms: LeaseTerms;
  readonly #times: readonly [silenceMaxMs: number, recoveryMs: number, gcMs: number];
  readonly #calls: BoundedCalls;

  constructor(
    private readonly redis: LeaseRedis,
    options: RedisLeaseStoreOptions,
  ) {
    this.#terms = options.terms;
    this.#keys = new Keyspace(options.slot ?? 'trunkline');
    this.#calls = new BoundedCalls(options.deadlineMs ?? 500, options.inFlightMax ?? 2_000);
    const { silenceMaxMs, recoveryMs, pendingMs, confirmedMs } = options.terms;
    this.#times = [silenceMaxMs, recoveryMs, 4 * Math.max(pendingMs, confirmedMs)];
  }

  /**
   * Tells the store that this process begins. A store that is new, was flushed, or heard from nobody for a while keeps
   * admissions closed for the recovery window, because it cannot know whether other replicas have sessions open.
   * @param noSessionIsOpen pass true only when that is certain from elsewhere (no open session row): no window then.
   * @returns milliseconds for which admissions stay closed.
   */
  async open(noSessionIsOpen: boolean): Promise<number> {
    const [silenceMaxMs, recoveryMs] = this.#times;
    return parseCount(
      await this.#run('open', [this.#keys.epoch], [noSessionIsOpen ? '1' : '0', silenceMaxMs, recoveryMs]),
    );
  }

  async acquire(request: AcquireRequest): Promise<AcquireOutcome> {
    const { sessionId, replicaId, token, limits } = request;
    const args = [...this.#placeOf(request), this.#terms.pendingMs, ...this.#times];
    let reply: readonly unknown[];
    try {
      reply = parseReply(await this.#run('acquire', this.#keys.ofLease(sessionId, limits), args));
    } catch (error) {
      if (error instanceof LeaseStoreUnavailable && error.reason === 'timeout')
        this.#takeBack({ sessionId, replicaId, token, limits, fence: 0 });
      throw error;
    }
    switch (reply[0]) {
      case 'admitted':
        return { kind: 'admitted', lease: { sessionId, replicaId, token, limits, fence: parseCount(reply[1]) } };
      case 'denied':
        return { kind: 'denied', denial: parseDenial(reply, limits) };
      case 'recovering':
        return { kind: 'recovering', retryAfterMs: parseCount(reply[1]) };
      default:
        throw new Error('a session holds one line: release it before asking for one of another key, tenant or pool');
    }
  }

  async confirm(lease: Lease): Promise<'confirmed' | 'lost'> {
    const args = [lease.sessionId, lease.token, this.#terms.confirmedMs, ...this.#times];
    const reply = await this.#run('confirm', this.#keys.ofLease(lease.sessionId, lease.limits), args);
    return isFlag(reply) ? 'confirmed' : 'lost';
  }

  async renew(leases: readonly Lease[]): Promise<readonly Lease[]> {
    if (leases.length === 0) return this.#renewChunk(leases);
    return inBatches(leases, (chunk) => this.#renewChunk(chunk));
  }

  async reregister(leases: readonly Lease[]): Promise<readonly Lease[]> {
    return inBatches(leases, async (batch) => {
      const held = await Promise.all(batch.map((lease) => this.#reregisterOne(lease)));
      return batch.filter((_, i) => held[i] !== true);
    });
  }

  async release(lease: Lease): Promise<'released' | 'gone'> {
    const [, ...keys] = this.#keys.ofLease(lease.sessionId, lease.limits);
    return isFlag(await this.#run('release', keys, [lease.sessionId, lease.token])) ? 'released' : 'gone';
  }

  async list({ scope, id, linesMax }: LineQuery): Promise<readonly HeldLine[]> {
    const reply = await this.#run('list', [this.#keys.ofLimit(scope, id)], [Math.min(linesMax, LIST_MAX)]);
    const { nowMs, lines } = parseLines(reply);
    return inBatches(lines, async (batch) => {
      const records = await this.#calls.run(() =>
        Promise.all(batch.map((line) => this.redis.hgetall(this.#keys.ofRecord(line.sessionId)))),
      );
      // A line released between the two looks has no record any more.
      return batch.flatMap((line, i) => parseHeldLine(line, records[i], nowMs) ?? []);
    });
  }

  async #renewChunk(leases: readonly Lease[]): Promise<readonly Lease[]> {
    const keys = leases.flatMap((lease) => this.#keys.ofLease(lease.sessionId, lease.limits).slice(1));
    const args = leases.flatMap((lease) => [lease.sessionId, lease.token]);
    const reply = await this.#run(
      'renew',
      [this.#keys.epoch, ...keys],
      [this.#terms.confirmedMs, ...this.#times, ...args],
    );
    const gone = new Set(parsePlaces(reply));
    return leases.filter((_, i) => gone.has(i + 1));
  }

  async #reregisterOne(lease: Lease): Promise<boolean> {
    const args = [...this.#placeOf(lease), this.#terms.confirmedMs, ...this.#times, lease.fence];
    return isFlag(await this.#run('reregister', this.#keys.ofLease(lease.sessionId, lease.limits), args));
  }

  #placeOf({ sessionId, token, replicaId, limits }: AcquireRequest): (string | number)[] {
    const [ids, caps] = [limits.map((limit) => limit.id), limits.map((limit) => limit.sessionsMax ?? -1)];
    return [sessionId, token, replicaId, ...ids, ...caps];
  }

  // An acquisition without an answer may still be carried out. Sent behind it on the same connection, the release
  // follows it; should it fail too, the pending line lapses by itself.
  #takeBack(lease: Lease): void {
    this.release(lease).catch(() => undefined);
  }

  #run(name: ScriptName, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown> {
    return this.#calls.run(() => runScript(this.redis, this.#scripts[name], keys, args));
  }
}

// One after the other: an admission waits behind one batch and not behind all of them, and each has its own deadline.
async function inBatches<Item, Out>(
  items: readonly Item[],
  work: (batch: readonly Item[]) => Promise<readonly Out[]>,
): Promise<readonly Out[]> {
  const all: Out[] = [];
  for (let i = 0; i < items.length; i += BATCH) all.push(...(await work(items.slice(i, i + BATCH))));
  return all;
}
