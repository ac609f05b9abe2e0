// A pool that is never enough: every tenant has more calls in line than it can have lines, for a long time, and nothing
// breaks. What fairness is measured on. The referee watches here as well.
import {
  jainIndex,
  leaseTerms,
  Switchboard,
  type AcquireRequest,
  type LeaseTerms,
  type PoolPlan,
} from '@trunkline/admission';
import { mintId, trustedId, type TenantId } from '@trunkline/kernel';
import { Chance } from './chance.js';
import { Chronicle } from './chronicle.js';
import { Referee } from './referee.js';
import type { Step } from './step.js';
import { StoreServer } from './store-server.js';
import { Timeline } from './timeline.js';

/** A tenant that always wants more. */
export interface GreedyTenant {
  readonly floor: number;
  readonly weight: number;
  /** How long its calls last, on average. */
  readonly callMs: number;
}

/** How fair it was, over the time after everybody had its first lines. */
export interface Fairness {
  /** Jain's index, 1 at best, of each tenant's lines above its floor for its weight, averaged over the time. */
  readonly overTime: number;
  /** The same index at each moment, averaged over the moments. Lines are whole and shares are not. */
  readonly atMoments: number;
  /** The most lines that a tenant was away from its exact share at any moment. */
  readonly linesOff: number;
  /** The most lines that others got while a tenant without one above its floor waited. */
  readonly passedOver: number;
}

/** What is simulated. */
export interface SaturationParts {
  readonly seed: number;
  readonly sessionsMax: number;
  readonly tenants: readonly GreedyTenant[];
  /** Lines that come free and are given anew. */
  readonly releases: number;
  readonly makeBoard?: (terms: LeaseTerms) => Switchboard;
}

interface Greedy extends GreedyTenant {
  readonly id: TenantId;
  readonly place: AcquireRequest['place'];
  inLine: number;
  /** Lines held, times milliseconds. */
  lineMs: number;
}

const TERMS = leaseTerms();
const POOL = trustedId('pool', 'pool_a');
const IN_LINE = 3;
const ATTEND_MS = 2_000;

/** Runs it. @throws Violation when a promise is broken. */
export async function saturate(parts: SaturationParts): Promise<Fairness> {
  const pool = new SaturatedPool(parts);
  await pool.run();
  return pool.fairness();
}

class SaturatedPool {
  readonly #timeline = new Timeline();
  readonly #chance: Chance;
  readonly #server: StoreServer;
  readonly #referee: Referee;
  readonly #plan: PoolPlan;
  readonly #tenants: readonly Greedy[];
  readonly #held = new Set<AcquireRequest>();
  #inLine: (readonly [AcquireRequest, Greedy])[] = [];
  #calls = 0;
  #releases = 0;
  #lastMs = 0;
  #measuredMs = 0;
  #jainMs = 0;
  #linesOff = 0;

  constructor(private readonly parts: SaturationParts) {
    this.#chance = new Chance(parts.seed);
    this.#tenants = parts.tenants.map((tenant) => this.#greedy(tenant));
    this.#plan = planOf(parts.sessionsMax, this.#tenants);
    this.#referee = new Referee({
      tenants: parts.tenants.length,
      waiterMs: TERMS.waiterMs,
      openSessions: () => [],
      mayOutlive: () => false,
    });
    this.#server = new StoreServer({
      timeline: this.#timeline,
      chronicle: new Chronicle(() => this.#timeline.nowMs, 1),
      terms: TERMS,
      makeBoard: parts.makeBoard ?? ((terms) => new Switchboard(terms)),
      watch: this.#referee,
      granted: () => undefined,
    });
  }

  async run(): Promise<void> {
    this.#server.open(true);
    this.#callAgain();
    this.#attend();
    while (this.#releases < this.parts.releases) await this.#timeline.run(this.#timeline.nowMs + ATTEND_MS);
  }

  fairness(): Fairness {
    const parts = this.#tenants.map(({ lineMs, floor, weight }) => ({
      lines: lineMs / this.#measuredMs - floor,
      due: weight,
    }));
    return {
      overTime: jainIndex(parts),
      atMoments: this.#jainMs / this.#measuredMs,
      linesOff: this.#linesOff,
      passedOver: this.#referee.passedOver,
    };
  }

  #greedy(tenant: GreedyTenant): Greedy {
    // Ids as they are minted: names one after the other would have phases one after the other.
    const id = mintId('tnt', 0, (n) => this.#chance.bytes(n));
    const place = { keyId: trustedId('key', `key_${id}`), tenantId: id, poolId: POOL, family: 'large' };
    return { ...tenant, id, place, inLine: 0, lineMs: 0 };
  }

  // Nobody ever has fewer calls in line, whoever got the last line.
  #callAgain(): void {
    for (let wanting = this.#wanting(); wanting.length > 0; wanting = this.#wanting())
      for (const tenant of wanting) this.#call(tenant);
  }

  #wanting(): readonly Greedy[] {
    return this.#tenants.filter(({ inLine }) => inLine < IN_LINE);
  }

  #call(tenant: Greedy): void {
    const request: AcquireRequest = {
      sessionId: trustedId('ses', `ses_${++this.#calls}`),
      replicaId: trustedId('rep', 'rep_a'),
      token: `${this.#calls}`,
      place: tenant.place,
      own: { keySessionsMax: null, tenantSessionsMax: null, sessionsPerMinuteMax: null },
      plan: this.#plan,
      otherPools: [],
      mayWait: true,
    };
    this.#inLine.push([request, tenant]);
    tenant.inLine += 1;
    this.#step({ kind: 'acquire', callers: [request], apply: (board, nowMs) => board.acquire(request, nowMs) });
  }

  #step(step: Step): void {
    this.#measure();
    this.#server.receive(step, () => undefined);
    const { lines } = this.#server.board;
    const admitted = this.#inLine.filter(([{ sessionId }]) => lines.get(sessionId) !== null);
    this.#inLine = this.#inLine.filter((each) => !admitted.includes(each));
    for (const [request, tenant] of admitted) this.#begin(request, tenant);
  }

  #begin(request: AcquireRequest, tenant: Greedy): void {
    tenant.inLine -= 1;
    this.#held.add(request);
    this.#step({ kind: 'confirm', callers: [request], apply: (board, nowMs) => board.confirm(request, nowMs) });
    this.#timeline.after(this.#chance.exponential(tenant.callMs), () => this.#end(request), false);
  }

  #end(request: AcquireRequest): void {
    this.#releases += 1;
    this.#held.delete(request);
    this.#step({ kind: 'release', callers: [request], apply: (board, nowMs) => board.release(request, 0, nowMs) });
    this.#callAgain();
  }

  #attend(): void {
    const [held, waiting] = [[...this.#held], this.#inLine.map(([request]) => request)];
    this.#step({ kind: 'renew', callers: held, apply: (board, nowMs) => board.renew(held, nowMs) });
    this.#step({ kind: 'attend', callers: waiting, apply: (board, nowMs) => board.attend(waiting, nowMs) });
    this.#timeline.after(ATTEND_MS, () => this.#attend(), false);
  }

  // The time since the last step, as it was lived through.
  #measure(): void {
    const forMs = this.#timeline.nowMs - this.#lastMs;
    this.#lastMs = this.#timeline.nowMs;
    if (forMs === 0 || this.#releases < this.parts.releases / 10) return;
    const lendable = this.parts.sessionsMax - sum(this.#tenants.map(({ floor }) => floor));
    const weights = sum(this.#tenants.map(({ weight }) => weight));
    const { counts } = this.#server.board.lines;
    const parts = this.#tenants.map((tenant) => {
      const held = counts.of(`pt|${POOL}|${tenant.id}`);
      tenant.lineMs += held * forMs;
      const lines = held - tenant.floor;
      this.#linesOff = Math.max(this.#linesOff, Math.abs(lines - (lendable * tenant.weight) / weights));
      return { lines, due: tenant.weight };
    });
    this.#measuredMs += forMs;
    this.#jainMs += forMs * jainIndex(parts);
  }
}

function planOf(sessionsMax: number, tenants: readonly Greedy[]): PoolPlan {
  const shares = tenants.map(({ id, floor, weight }) => [id, { floor, weight, ceiling: null, keys: {} }] as const);
  const bounds = { waitingMax: 1_000, waitingPerTenantMax: 1_000 };
  return { poolId: POOL, version: 1, sessionsMax, familyMax: {}, shares: Object.fromEntries(shares), ...bounds };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
