export { chargeRowsOf } from './charge-rows.js';
export { tenantsOfMonth } from './tenants-of-month.js';
export { UnreadableBooks } from './charge-row-text.js';
export { type BooksRange } from './stable-order.js';
export { organizationRowsOfTenant } from './organization-rows.js';
export { rollUpAllDue, rollUpDue, type RollupPass } from './roll-up.js';
export { unlikeLedger, type ControlSpan, type Unlike } from './rollup-control.js';
export { checkRollups, rebuildRollups, type RollupCheck, type RollupSpan } from './rollup-check.js';
export { rollupOfAllTenants, rollupOfTenant, type RollupAnswer, type RollupRow } from './read-rollup.js';
export {
  assignCostCentre,
  assignmentsOfTenant,
  costCentresOfClosed,
  listCostCentres,
  saveCostCentre,
  type Assignee,
  type AssignmentRecord,
  type Reported,
  type ReportingRefusal,
} from './cost-centres.js';
export { prepaidBefore } from './prepaid-before.js';
export { loadCompany, loadDirectory } from './load-directory.js';
export { usageRowsOf } from './usage-rows.js';
export { reconcilePool, type ReconcileContext, type ReconcileRequest } from './reconcile-pool.js';
export {
  findSources,
  setSource,
  type FoundSources,
  type ReconciliationSource,
  type SourceChange,
  type SourceSettings,
} from './reconcile-sources.js';
export {
  addNote,
  findRun,
  lastReconciledMs,
  listRuns,
  type DifferenceView,
  type NoteView,
  type ReconciliationRun,
  type RunView,
} from './reconcile-store.js';
export { reconcileDue, type DueRun } from './reconcile-due.js';
export { type MonthFinding } from './reconcile-month.js';
export {
  dueRuns,
  failDeadRuns,
  failRun,
  findExport,
  finishRun,
  listExports,
  noteProgress,
  notePurged,
  requestRun,
  retryRun,
  runsToPurge,
  startRun,
  type ExportRunRecord,
  type RunRequest,
  type RunTry,
} from './export-runs.js';
export { dueDeliveries, exportTrouble, type DeliveryState, type DueDelivery } from './export-deliveries.js';
export {
  CADENCES,
  createSchedule,
  enableSchedule,
  listSchedules,
  requestDueRuns,
  targetOfSchedule,
  type Cadence,
  type ExportScheduleRecord,
  type ScheduleRequest,
} from './export-schedules.js';
export { reconciliationLines, type ReconciledMonth } from './reconciliation-lines.js';
export { alarmingDays, type AlarmingDays } from './alarming-days.js';
