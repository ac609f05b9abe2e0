// The port to where tenants' budgets are counted. Guarantees that every adapter passes `budget-store.conformance.ts` and
// agrees with the pure machine in `budget-book.ts`. Leaves what to do at the end of a budget to the gateway, and the truth
// about money to the ledger: what is counted here may be lost at any time and is raised from the ledger again.
import type { AmountPico, TenantId } from '@trunkline/kernel';
import type { Periods, SpendPeriod } from './periods.js';
import type { BudgetLimits, ThresholdCrossing } from './spend-limits.js';

/** A turn begins and should fit the budget. */
export interface TurnStart {
  readonly tenantId: TenantId;
  /** Unique among the tenant's turns under way. */
  readonly turnId: string;
  readonly limits: BudgetLimits;
  /** What it will probably cost; null where the session does not know: then as much as the tenant's last turn. */
  readonly estimate: AmountPico | null;
}

/** A turn, or anything else that was used, is known to its end. */
export interface TurnEnd {
  readonly tenantId: TenantId;
  /** Of a turn that holds a reservation, or any other text. */
  readonly turnId: string;
  readonly limits: BudgetLimits;
  readonly amount: AmountPico;
  readonly tokens: number;
}

/** What the ledger says a tenant has spent in the periods of an instant. */
export interface RecordedSpend extends Periods {
  readonly dayAmount: AmountPico;
  readonly monthAmount: AmountPico;
}

/** Why no new turn fits. */
export type BudgetDenial =
  /** The limit is used up. */
  | { readonly kind: 'spent'; readonly period: SpendPeriod }
  /** What is left of it is reserved for turns under way: a moment later it may fit again. */
  | { readonly kind: 'held'; readonly period: SpendPeriod }
  | { readonly kind: 'tokens'; readonly used: number; readonly retryAfterMs: number };

/** A tenant's tokens of the last minute. */
export interface MinuteTokens {
  readonly max: number;
  readonly used: number;
  /** Until all of them are a minute old. */
  readonly resetMs: number;
}

/** How a tenant stands after a step. */
export interface BudgetStanding {
  /** Null: a new turn fits. Of several reasons the one that lasts longest. */
  readonly denial: BudgetDenial | null;
  /** Thresholds passed in this step. Each is told once per period and limit, to whoever made the step. */
  readonly crossed: readonly ThresholdCrossing[];
  /** False: the store does not know yet what was spent in this day or month before it began to count. */
  readonly isPrimed: boolean;
  /** Null: it has no limit of tokens. */
  readonly tokens: MinuteTokens | null;
}

/** A reservation that was neither settled nor released (its gateway was killed) is dropped after so many milliseconds. */
export const RESERVATION_MS = 120_000;

/**
 * Where budgets are counted. All methods are atomic and use the store's own clock.
 *
 * **When the store is away: degrade.** Every method rejects with `BudgetStoreUnavailable` within a short deadline; live
 * sessions go on, new ones are admitted, no turn is blocked for that reason. No step is repeated, so nothing is counted
 * twice; what was not counted meanwhile comes back with the next `look` that brings what the ledger has recorded. What
 * was used is billed all the same.
 */
export interface BudgetStore {
  /**
   * First phase: reserves the estimate while settled and reserved spending together are below every limit. The turn that
   * crosses a limit is thus the last. With a denial nothing is reserved.
   */
  reserve(turn: TurnStart): Promise<BudgetStanding>;
  /** Second phase: the actual cost instead of the reservation. Counts also what never was reserved. */
  settle(turn: TurnEnd): Promise<BudgetStanding>;
  /** The turn ended and nothing more is known of its cost. */
  release(tenantId: TenantId, turnId: string): Promise<void>;
  /**
   * How the tenant stands. With what the ledger has recorded, counters that are lower are raised to it; never lowered,
   * because the ledger lags by a second or two.
   */
  look(tenantId: TenantId, limits: BudgetLimits, recorded: RecordedSpend | null): Promise<BudgetStanding>;
}

/** Reads what the ledger has recorded as spent, through a summary that billing keeps. May lag by a second or two. */
export interface SpendRecords {
  /** In both periods, for each of these tenants; one without a record has spent nothing. Rejects when it is away. */
  spentBy(tenantIds: readonly TenantId[], periods: Periods): Promise<ReadonlyMap<TenantId, RecordedSpend>>;
}

/** The store cannot be reached, did not answer in time, or failed. The outcome of the call is unknown. */
export class BudgetStoreUnavailable extends Error {
  override readonly name = 'BudgetStoreUnavailable';

  constructor(reason: string, options?: ErrorOptions) {
    super(`the budget store is unavailable (${reason})`, options);
  }
}
