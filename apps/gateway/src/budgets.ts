// The budgets of all tenants in this process: asks the store, remembers which tenants have used theirs up, and tells the
// sessions of those. A loop brings what the ledger recorded into the store, and hears from it what other processes did.
// Nothing here can hold a call up: what the store does not answer in time counts as allowed, and is billed.
import type { AmountPico, Clock, Refusal, SessionId, TenantId } from '@trunkline/kernel';
import {
  isLimited,
  periodsAt,
  type BudgetLimits,
  type BudgetStanding,
  type BudgetStore,
  type MinuteTokens,
  type RecordedSpend,
  type SpendPeriod,
  type SpendRecords,
  type Threshold,
} from '@trunkline/admission';
import type { TenantLimits } from '@trunkline/tenancy';
import { refusalOf, type TurnDenial } from './budget-words.js';
import { TurnBudget, type BlockedWhen, type BudgetedSession } from './turn-budget.js';

/** What happens to budgets; for the log, metrics and alerts. */
export type BudgetEvent =
  | {
      readonly kind: 'threshold';
      readonly tenantId: TenantId;
      /** Of a session's own limit; null: the limit is of all sessions together. */
      readonly sessionId: SessionId | null;
      readonly period: SpendPeriod | 'session';
      readonly percent: Threshold;
    }
  | {
      readonly kind: 'turn_blocked';
      readonly tenantId: TenantId;
      readonly denial: TurnDenial;
      readonly when: BlockedWhen;
    }
  /** What the vendor had read of a turn that was blocked as it began. */
  | { readonly kind: 'blocked_turn_cost'; readonly tenantId: TenantId; readonly amount: AmountPico }
  /** The store or the record of spending did not answer; budgets are not enforced meanwhile. */
  | { readonly kind: 'unavailable'; readonly what: 'store' | 'records'; readonly error: unknown };

/** What budgets work with. */
export interface BudgetsParts {
  readonly store: BudgetStore;
  readonly records: SpendRecords;
  /** A tenant's limits as the policy says now; null: there is no such tenant. */
  readonly limitsOf: (tenantId: TenantId) => TenantLimits | null;
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly observe: (event: BudgetEvent) => void;
  readonly defer: (work: () => void) => void;
  /** Resolves after so many milliseconds, or when the signal fires. */
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
}

// With the worker's second: a session hears within two seconds of what was spent elsewhere.
const SYNC_MS = 1_000;
// As long as a handshake may wait for a look at the ledger; later the loop finds out.
const READ_MS_MAX = 500;
// Tenants whose tokens are remembered; one that is forgotten is asked about at its next call.
const MINUTES_MAX = 10_000;
// Reads that a stalled database may keep open.
const READING_MAX = 32;

/** All budgets. */
export class Budgets {
  private readonly sessions = new Map<TenantId, Map<SessionId, TurnBudget>>();
  /** Tenants with live sessions that may spend no more. */
  private readonly spent = new Map<TenantId, TurnDenial>();
  private readonly priming = new Map<TenantId, Promise<BudgetStanding | null>>();
  /** Tokens of the last minute, by tenant with a limit of them, as last heard; the one heard of longest ago first. */
  private readonly minutes = new Map<TenantId, MinuteTokens & { readonly atMs: number }>();
  private reading = 0;

  constructor(private readonly parts: BudgetsParts) {}

  /** The budget of a session that begins. Close it with `forget` when the session is settled. */
  open(session: BudgetedSession): TurnBudget {
    const { tenantId, id: sessionId } = session;
    const turn = (turnId: string): string => `${sessionId} ${turnId}`;
    const budget = new TurnBudget(session, {
      limits: () => this.parts.limitsOf(tenantId),
      spent: () => this.spent.get(tenantId) ?? null,
      reserve: (turnId, estimate) => this.reserve(tenantId, turn(turnId), estimate),
      settle: (turnId, amount, tokens) => void this.settle(tenantId, turn(turnId), { amount, tokens }),
      release: (turnId) => void this.ask(this.parts.store.release(tenantId, turn(turnId))),
      crossed: (percent) => this.parts.observe({ kind: 'threshold', tenantId, sessionId, period: 'session', percent }),
      blocked: (denial, when) => this.parts.observe({ kind: 'turn_blocked', tenantId, denial, when }),
      blockedCost: (amount) => this.parts.observe({ kind: 'blocked_turn_cost', tenantId, amount }),
      within: (answer, ms) => this.within(answer, ms),
      nowMs: () => this.parts.clock.nowMs(),
      defer: this.parts.defer,
    });
    const siblings = this.sessions.get(tenantId) ?? new Map<SessionId, TurnBudget>();
    this.sessions.set(tenantId, siblings.set(sessionId, budget));
    return budget;
  }

  /** The session is over; nothing happens when it had no budget. */
  forget(tenantId: TenantId, sessionId: SessionId): void {
    const siblings = this.sessions.get(tenantId);
    siblings?.get(sessionId)?.close();
    siblings?.delete(sessionId);
    if (siblings?.size !== 0) return;
    this.sessions.delete(tenantId);
    this.spent.delete(tenantId);
  }

  /** Why the tenant may not begin a session now; null: it may, or nobody can tell. Never rejects. */
  async refusal(tenantId: TenantId): Promise<Refusal | null> {
    const limits = this.limited(tenantId);
    if (limits === null) return null;
    let standing = await this.ask(this.parts.store.look(tenantId, limits, null));
    if (standing?.isPrimed === false) standing = (await this.primed(tenantId, limits)) ?? standing;
    if (standing === null) return null;
    this.heard(tenantId, standing);
    const { denial } = standing;
    return denial === null || denial.kind === 'held' ? null : refusalOf(denial, 'session', this.parts.clock.nowMs());
  }

  /** Tokens of the tenant in the last minute, as last heard; null: it has no limit of them, or nothing was heard. */
  tokens(tenantId: TenantId): MinuteTokens | null {
    const heard = this.minutes.get(tenantId);
    if (heard === undefined || this.limited(tenantId)?.tokensPerMinuteMax !== heard.max) return null;
    const resetMs = Math.max(0, heard.resetMs - (this.parts.clock.nowMs() - heard.atMs));
    return { max: heard.max, used: resetMs === 0 ? 0 : heard.used, resetMs };
  }

  /** Keeps store, ledger and sessions in step until the signal fires. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.sync();
      await this.parts.wait(SYNC_MS, signal);
    }
  }

  /** One pass of the loop. */
  async sync(): Promise<void> {
    const tenants = [...this.sessions.keys()].filter((tenantId) => this.limited(tenantId) !== null);
    const recorded = tenants.length > 0 ? await this.recorded(tenants) : null;
    await Promise.all(
      tenants.map(async (tenantId) => {
        const limits = this.limited(tenantId);
        if (limits === null) return;
        const standing = await this.ask(this.parts.store.look(tenantId, limits, recorded?.get(tenantId) ?? null));
        if (standing !== null) this.heard(tenantId, standing);
      }),
    );
    for (const [tenantId, budgets] of this.sessions) {
      if (this.limited(tenantId) === null) this.spent.delete(tenantId);
      for (const budget of budgets.values()) budget.enforce();
    }
  }

  private async reserve(tenantId: TenantId, turnId: string, estimate: AmountPico | null) {
    const limits = this.limited(tenantId);
    if (limits === null) return null;
    const standing = await this.ask(this.parts.store.reserve({ tenantId, turnId, limits, estimate }));
    if (standing !== null) this.heard(tenantId, standing);
    return standing;
  }

  private async settle(
    tenantId: TenantId,
    turnId: string,
    used: { readonly amount: AmountPico; readonly tokens: number },
  ): Promise<void> {
    const limits = this.limited(tenantId);
    if (limits === null) return;
    const standing = await this.ask(this.parts.store.settle({ tenantId, turnId, limits, ...used }));
    if (standing !== null) this.heard(tenantId, standing);
  }

  private heard(tenantId: TenantId, { denial, crossed, tokens }: BudgetStanding): void {
    this.minutes.delete(tenantId);
    if (tokens !== null) this.minutes.set(tenantId, { ...tokens, atMs: this.parts.clock.nowMs() });
    const [oldest] = this.minutes.keys();
    if (this.minutes.size > MINUTES_MAX && oldest !== undefined) this.minutes.delete(oldest);
    for (const crossing of crossed) this.parts.observe({ kind: 'threshold', tenantId, sessionId: null, ...crossing });
    const siblings = this.sessions.get(tenantId);
    if (denial?.kind !== 'spent' || !siblings) {
      this.spent.delete(tenantId);
      return;
    }
    const isNews = !this.spent.has(tenantId);
    this.spent.set(tenantId, denial);
    // Deferred: the frame that brought the last report is on its way to the client.
    if (isNews) this.parts.defer(() => siblings.forEach((budget) => budget.enforce()));
  }

  // Many calls of a tenant that come at once look at the ledger once.
  private primed(tenantId: TenantId, limits: BudgetLimits): Promise<BudgetStanding | null> {
    const under = this.priming.get(tenantId);
    if (under) return under;
    const work = this.prime(tenantId, limits).finally(() => this.priming.delete(tenantId));
    this.priming.set(tenantId, work);
    return work;
  }

  private async prime(tenantId: TenantId, limits: BudgetLimits): Promise<BudgetStanding | null> {
    const of = (await this.recorded([tenantId]))?.get(tenantId);
    return of === undefined ? null : this.ask(this.parts.store.look(tenantId, limits, of));
  }

  // A database that is stalled holds up neither a handshake nor what other processes have to say through the store.
  private async recorded(tenantIds: readonly TenantId[]): Promise<ReadonlyMap<TenantId, RecordedSpend> | null> {
    if (this.reading >= READING_MAX) return null;
    this.reading += 1;
    const periods = periodsAt(this.parts.clock.nowMs());
    const answer = this.ask(this.parts.records.spentBy(tenantIds, periods), 'records').finally(
      () => (this.reading -= 1),
    );
    return this.within(answer, READ_MS_MAX);
  }

  private async within<T>(answer: Promise<T>, ms: number): Promise<T | null> {
    const late = new AbortController();
    const first = await Promise.race([answer, this.parts.wait(ms, late.signal).then(() => null)]);
    late.abort();
    return first;
  }

  /** What the store counts for a tenant; null: nothing. */
  private limited(tenantId: TenantId): BudgetLimits | null {
    const limits = this.parts.limitsOf(tenantId);
    if (limits === null) return null;
    const { spendDayMax: dayMax, spendMonthMax: monthMax, tokensPerMinuteMax } = limits;
    return isLimited({ dayMax, monthMax, tokensPerMinuteMax }) ? { dayMax, monthMax, tokensPerMinuteMax } : null;
  }

  private ask<T>(answer: Promise<T>, what: 'store' | 'records' = 'store'): Promise<T | null> {
    return answer.catch((error: unknown) => {
      this.parts.observe({ kind: 'unavailable', what, error });
      return null;
    });
  }
}
