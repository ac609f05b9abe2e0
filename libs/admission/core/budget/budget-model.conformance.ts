// Runs the same operations against the pure machine and against a real store, and throws at the first difference.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { billionthsUp, type TenantId } from '@trunkline/kernel';
import { BudgetBook } from './budget-book.js';
import { BUDGET_START_MS, BUDGET_TENANTS, dollars, type BudgetStoreUnderTest } from './budget-store.conformance.js';
import { periodsAt } from './periods.js';
import type { BudgetLimits } from './spend-limits.js';

/** One step of a replay. Numbers pick tenants and turns; few of each, so that they collide. Amounts in cents. */
export interface BudgetOperation {
  readonly kind: 'reserve' | 'settle' | 'release' | 'look' | 'advance';
  readonly tenant: number;
  readonly turn: number;
  readonly cents: number | null;
  readonly tokens: number;
  readonly limits: { readonly day: number | null; readonly month: number | null; readonly tokens: number | null };
  readonly ms: number;
}

// Around the token window, a reservation's life, and the ends of days and months.
const SHORT_MS = [1, 999, 1_000, 30_000, 59_000, 60_000, 119_999, 120_000];
const LONG_MS = [3_600_000, 43_200_000, 86_400_000, 2_678_400_000];

/** Sequences of operations. */
export function budgetOperations(): fc.Arbitrary<BudgetOperation[]> {
  const maybe = (arbitrary: fc.Arbitrary<number>) => fc.option(arbitrary, { nil: null });
  const kind = fc.constantFrom('reserve', 'reserve', 'reserve', 'settle', 'settle', 'release', 'look', 'advance');
  const operation = fc.record({
    kind: kind,
    tenant: fc.nat(1),
    turn: fc.nat(5),
    cents: maybe(fc.nat(150)),
    tokens: fc.constantFrom(0, 10, 20, 50),
    limits: fc.record({
      day: maybe(fc.constantFrom(100, 200)),
      month: maybe(fc.constantFrom(150, 300)),
      tokens: maybe(fc.constantFrom(50, 60, 100)),
    }),
    ms: fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...SHORT_MS) }, fc.constantFrom(...LONG_MS)),
  });
  return fc.array(operation, { minLength: 1, maxLength: 60 });
}

/** Replays from an empty store whose clock stands at `BUDGET_START_MS`. */
export async function replayBudget(under: BudgetStoreUnderTest, operations: readonly BudgetOperation[]): Promise<void> {
  const books = new Map<TenantId, BudgetBook>();
  let nowMs = BUDGET_START_MS;
  for (const [step, operation] of operations.entries()) {
    if (operation.kind === 'advance') {
      nowMs += operation.ms;
      await under.advance(operation.ms);
      continue;
    }
    const tenantId = BUDGET_TENANTS[operation.tenant] as TenantId;
    const book = books.get(tenantId) ?? new BudgetBook();
    books.set(tenantId, book);
    const [expected, actual] = await apply(operation, { under, book, tenantId, nowMs });
    assert.deepEqual(actual, expected, `at step ${step}: ${JSON.stringify(operation)}`);
  }
}

interface Step {
  readonly under: BudgetStoreUnderTest;
  readonly book: BudgetBook;
  readonly tenantId: TenantId;
  readonly nowMs: number;
}

async function apply(operation: BudgetOperation, step: Step): Promise<readonly [expected: unknown, actual: unknown]> {
  const { book, tenantId, nowMs } = step;
  const { store } = step.under;
  const turnId = `turn ${operation.turn}`;
  const limits = limitsOf(operation);
  const amount = cents(operation.cents ?? 0);
  switch (operation.kind) {
    case 'reserve': {
      const estimate = operation.cents === null ? null : amount;
      const expected = book.reserve(turnId, estimate === null ? null : billionthsUp(estimate), limits, nowMs);
      return [expected, await store.reserve({ tenantId, turnId, limits, estimate })];
    }
    case 'settle': {
      const { tokens } = operation;
      const expected = book.settle(turnId, { billionths: billionthsUp(amount), tokens }, limits, nowMs);
      return [expected, await store.settle({ tenantId, turnId, limits, amount, tokens })];
    }
    case 'release':
      book.release(turnId, nowMs);
      return [undefined, await store.release(tenantId, turnId)];
    default:
      return look(operation, step);
  }
}

async function look(operation: BudgetOperation, { under, book, tenantId, nowMs }: Step) {
  const limits = limitsOf(operation);
  if (operation.cents === null)
    return [book.look(null, limits, nowMs), await under.store.look(tenantId, limits, null)] as const;
  const periods = periodsAt(nowMs - (operation.turn === 0 ? 86_400_000 : 0));
  const [dayAmount, monthAmount] = [cents(operation.cents), cents(2 * operation.cents)];
  const recorded = {
    day: { period: periods.day, billionths: billionthsUp(dayAmount) },
    month: { period: periods.month, billionths: billionthsUp(monthAmount) },
  };
  const expected = book.look(recorded, limits, nowMs);
  return [expected, await under.store.look(tenantId, limits, { ...periods, dayAmount, monthAmount })] as const;
}

function limitsOf({ limits: { day, month, tokens } }: BudgetOperation): BudgetLimits {
  return {
    dayMax: day === null ? null : cents(day),
    monthMax: month === null ? null : cents(month),
    tokensPerMinuteMax: tokens,
  };
}

function cents(count: number) {
  return dollars((count / 100).toFixed(2));
}
