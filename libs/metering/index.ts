export * from './core/meters.js';
export * from './core/quantity.js';
export * from './core/usage-report.js';
export * from './core/usage-event-id.js';
export * from './core/usage-event.js';
export {
  confidenceOf,
  ESTIMATE_DOUBTS,
  estimateOf,
  type EstimateBilling,
  type EstimateConfidence,
  type EstimateDoubt,
  type EstimateMethod,
  type SeenUsage,
  type UsageEstimate,
} from './core/usage-estimate.js';
export * from './core/owed-usage.js';
export * from './core/replica-watch.js';
export { storedQuantities, usageEventSchema, type StoredQuantity } from './core/usage-event-schema.js';
export * from './core/journal.js';
export { reviewItemOf, type ModerationFinding, type SealedContent } from './core/moderation-finding.js';
export type { RefusedCalls } from './core/refused-calls.js';
export type { RecordedRefusal, RecordedSession } from './core/recorded-calls.js';
export * from './core/journal-record-text.js';
export * from './core/journal-reader.js';
