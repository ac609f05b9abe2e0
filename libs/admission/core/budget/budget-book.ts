// The state machine of a tenant's budget: what was spent in this day and month, what is reserved for turns under way, how
// many tokens went by in the last minute, and which thresholds were told. Pure: no clock, no store; every step takes the
// time. The in-process store is this machine, the Redis scripts do the same step by step (a property test holds them to
// it). Amounts are billionths of a dollar (`spend-limits.ts`).
import { periodsAt, type SpendPeriod } from './periods.js';
import {
  FIRST_TURN_ESTIMATE_BILLIONTHS,
  marksOf,
  THRESHOLDS,
  type BudgetLimits,
  type Marks,
  type ThresholdCrossing,
} from './spend-limits.js';
import { RESERVATION_MS, type BudgetDenial, type BudgetStanding, type MinuteTokens } from './budget-store.js';
import { TokenWindow } from './token-window.js';

/** Spending recorded elsewhere, by the number of its period. */
export interface Recorded {
  readonly day: { readonly period: number; readonly billionths: bigint };
  readonly month: { readonly period: number; readonly billionths: bigint };
}

interface Count {
  period: number;
  spent: bigint;
  isPrimed: boolean;
  /** By limit: how many of `THRESHOLDS` were told. Another limit is told from the start. */
  told: Map<bigint, number>;
}

const PERIODS = ['day', 'month'] as const satisfies readonly SpendPeriod[];

/** The budget of one tenant. */
export class BudgetBook {
  readonly #counts: Record<SpendPeriod, Count> = { day: newCount(-1), month: newCount(-1) };
  readonly #held = new Map<string, { readonly billionths: bigint; readonly expiresAtMs: number }>();
  readonly #tokens = new TokenWindow();
  #lastTurn: bigint | null = null;

  /** Reserves, unless there is a denial. @param estimate billionths; null: as much as the last turn that was settled. */
  reserve(turnId: string, estimate: bigint | null, limits: BudgetLimits, nowMs: number): BudgetStanding {
    this.#enter(nowMs);
    this.#held.delete(turnId);
    const standing = this.#standing(limits, nowMs);
    if (standing.denial !== null) return standing;
    const billionths = estimate ?? this.#lastTurn ?? FIRST_TURN_ESTIMATE_BILLIONTHS;
    this.#held.set(turnId, { billionths, expiresAtMs: nowMs + RESERVATION_MS });
    return standing;
  }

  /** Counts what was used, in place of the reservation if there is one. */
  settle(
    turnId: string,
    used: { readonly billionths: bigint; readonly tokens: number },
    limits: BudgetLimits,
    nowMs: number,
  ): BudgetStanding {
    this.#enter(nowMs);
    if (this.#held.delete(turnId) && used.billionths > 0n) this.#lastTurn = used.billionths;
    for (const period of PERIODS) this.#counts[period].spent += used.billionths;
    this.#tokens.add(used.tokens, nowMs);
    return this.#standing(limits, nowMs);
  }

  release(turnId: string, nowMs: number): void {
    this.#enter(nowMs);
    this.#held.delete(turnId);
  }

  /** Raises what was counted to what is recorded of the same periods, and says how the tenant stands. */
  look(recorded: Recorded | null, limits: BudgetLimits, nowMs: number): BudgetStanding {
    this.#enter(nowMs);
    for (const period of PERIODS) {
      const count = this.#counts[period];
      if (recorded?.[period].period !== count.period) continue;
      if (recorded[period].billionths > count.spent) count.spent = recorded[period].billionths;
      count.isPrimed = true;
    }
    return this.#standing(limits, nowMs);
  }

  // A period that is over makes way for the next; a clock that goes back does not bring it again.
  #enter(nowMs: number): void {
    const now = periodsAt(nowMs);
    for (const period of PERIODS)
      if (now[period] > this.#counts[period].period) this.#counts[period] = newCount(now[period]);
    for (const [turnId, { expiresAtMs }] of this.#held) if (expiresAtMs <= nowMs) this.#held.delete(turnId);
  }

  #standing(limits: BudgetLimits, nowMs: number): BudgetStanding {
    const marks = { day: marksOf(limits.dayMax), month: marksOf(limits.monthMax) };
    const isPrimed = this.#counts.day.isPrimed && this.#counts.month.isPrimed;
    return {
      denial: this.#spentUp(marks) ?? this.#heldUp(marks) ?? this.#tokensUp(limits, nowMs),
      crossed: PERIODS.flatMap((period) => this.#crossed(period, marks[period])),
      isPrimed,
      tokens: this.#tokenUse(limits, nowMs),
    };
  }

  #spentUp(marks: Record<SpendPeriod, Marks | null>): BudgetDenial | null {
    if (isReached(marks.month, this.#counts.month.spent)) return { kind: 'spent', period: 'month' };
    if (isReached(marks.day, this.#counts.day.spent)) return { kind: 'spent', period: 'day' };
    return null;
  }

  #heldUp(marks: Record<SpendPeriod, Marks | null>): BudgetDenial | null {
    const held = [...this.#held.values()].reduce((sum, { billionths }) => sum + billionths, 0n);
    if (isReached(marks.month, this.#counts.month.spent + held)) return { kind: 'held', period: 'month' };
    if (isReached(marks.day, this.#counts.day.spent + held)) return { kind: 'held', period: 'day' };
    return null;
  }

  #tokenUse({ tokensPerMinuteMax: max }: BudgetLimits, nowMs: number): MinuteTokens | null {
    return max === null ? null : { max, used: this.#tokens.used(nowMs), resetMs: this.#tokens.emptyMs(nowMs) };
  }

  #tokensUp({ tokensPerMinuteMax: max }: BudgetLimits, nowMs: number): BudgetDenial | null {
    if (max === null) return null;
    const retryAfterMs = this.#tokens.waitMs(max, nowMs);
    return retryAfterMs > 0 ? { kind: 'tokens', used: this.#tokens.used(nowMs), retryAfterMs } : null;
  }

  #crossed(period: SpendPeriod, marks: Marks | null): ThresholdCrossing[] {
    if (marks === null) return [];
    const { spent, told } = this.#counts[period];
    const before = told.get(marks[2]) ?? 0;
    const now = marks.filter((mark) => spent >= mark).length;
    if (now <= before) return [];
    told.set(marks[2], now);
    return THRESHOLDS.slice(before, now).map((percent) => ({ period, percent }));
  }
}

function isReached(marks: Marks | null, billionths: bigint): boolean {
  return marks !== null && billionths >= marks[2];
}

function newCount(period: number): Count {
  return { period, spent: 0n, isPrimed: false, told: new Map() };
}
