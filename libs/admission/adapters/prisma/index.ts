export { PrismaSpendRecords } from './spend-records.js';
export { budgetsUsedOfAllTenants, type UsedBudget } from './budgets-used.js';
export {
  listBudgetNotices,
  listSessionBudgetNotices,
  noteBudgets,
  noteSessionBudgets,
  sweepBudgetNotices,
} from './budget-notices.js';
