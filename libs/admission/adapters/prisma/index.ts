export { PrismaSpendRecords } from './spend-records.js';
export { listBudgetNotices, noteBudgets } from './budget-notices.js';
export { budgetsUsedOfAllTenants, type UsedBudget } from './budgets-used.js';
