export { postBatch, type PostedBatch, type PostingPrices, type PostOptions } from './post-batch.js';
export { hasPending, type SetAside } from './pending-usage.js';
export { insertTransactions, type Booked } from './insert-transactions.js';
export {
  holdCompany,
  loadCompany,
  updateCompany,
  type BookingContext,
  type Company,
  type CompanyChange,
} from './company.js';
export { bookedRowsOf } from './booked-rows.js';
export { type Place } from './hold-periods.js';
export { verifyChains, type ChainScope, type VerifiedChain } from './verify-chains.js';
export { BookingRefused, reversalsOf, reverse, reverseTransaction, standingUsage } from './reverse.js';
export { parseTransactionId, transactionOf } from './stored-transaction.js';
export {
  balanceOfTenant,
  bookByHand,
  type ManualOutcome,
  type ManualRequest,
  type TenantBalance,
} from './book-by-hand.js';
export { rerate, type RatedAgain, type RerateReport, type RerateRequest } from './rerate.js';
export { releaseUsage, type UsageRelease } from './release-usage.js';
export { listTransactions, type TransactionHead, type TransactionQuery } from './list-transactions.js';
export { recordPeriodCheck, waiveCheck, type PeriodFinding, type WaiverRefused } from './period-checks.js';
export {
  listPeriods,
  periodOfTenant,
  softClosePeriod,
  tenantsOfPeriod,
  type PeriodRecord,
  type PeriodTotals,
} from './periods.js';
export { checklistOfPeriod, closePeriod, periodTotals, type CloseRequest } from './close-period.js';
export { CLOSE_STEPS, countRefusedCloses, type CloseStep } from './refused-closes.js';
export { overduePeriods, type OverduePeriods } from './overdue-periods.js';
export { reopenUnrated } from './reopen-unrated.js';
export { type TimeRange } from './report-scope.js';
export { usageOfAllTenants, usageOfTenant, type UsageRow } from './usage-report.js';
export {
  COST_DIMENSIONS,
  chargedInAll,
  costsOfAllTenants,
  costsOfTenant,
  type CostDimension,
  type CostQuery,
  type CostRow,
} from './cost-report.js';
export { chargesOfSessions, type SessionCharge } from './session-charges.js';
export { costOfSession, type SessionCost, type SessionCostLine } from './session-cost.js';
export { stuckUsageOfAllTenants, stuckUsageOfTenant, type StuckQuery, type StuckUsage } from './stuck-usage.js';
export {
  balancesOfTenant,
  ledgerLag,
  supersededChargesOfAllTenants,
  type LedgerLag,
  type SupersededCharges,
} from './ledger-health.js';
export { unpricedModels, type UnpricedModel } from './unpriced-models.js';
