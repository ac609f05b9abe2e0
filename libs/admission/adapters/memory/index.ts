export { MemoryLeaseStore } from './memory-lease-store.js';
export { MemoryBudgetStore } from './memory-budget-store.js';
