import fc from 'fast-check';
import { budgetOperations, replayBudget } from '../../core/budget/budget-model.conformance.js';
import {
  BUDGET_START_MS,
  BUDGET_STORE_CASES,
  type BudgetStoreUnderTest,
} from '../../core/budget/budget-store.conformance.js';
import { MemoryBudgetStore } from './memory-budget-store.js';

function freshStore(): BudgetStoreUnderTest {
  let nowMs = BUDGET_START_MS;
  const store = new MemoryBudgetStore({ nowMs: () => nowMs });
  const advance = async (ms: number): Promise<void> => void (nowMs += ms);
  return { store, advance };
}

describe('the in-process budget store', () => {
  it.each(BUDGET_STORE_CASES)('$guarantee', async ({ check }) => check(freshStore()));

  it('agrees with the machine on any operations', async () => {
    await fc.assert(fc.asyncProperty(budgetOperations(), (operations) => replayBudget(freshStore(), operations)));
  });
});
