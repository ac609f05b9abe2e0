// The immutable fact that somebody used something. Made from a dialect's report plus who and when; written to the spool
// before the client sees the frame it came from. Events with a problem are journalled and parked: never rated, never zero.
// Leaves to others: durability (journal.ts and its adapters), price (rating).
import type { ApiKeyId, PoolId, ReplicaId, SessionId, TenantId, UsageEventId, Vendor } from '@trunkline/kernel';
import type { UsageKind } from './meters.js';
import type { Quantity } from './quantity.js';
import { usageEventId } from './usage-event-id.js';
import type { UsageEstimate } from './usage-estimate.js';
import type { UsageCause, UsageProblem, UsageReport } from './usage-report.js';

/**
 * Whether the vendor counted it, or we did: all of it because it never told us (then there is an `estimate`), or how much of
 * its total was cached. Never optional: what is ours is always labelled.
 */
export type Evidence = 'reported' | 'estimated';

/** One usage fact. The same fact always has the same `id`; two events with one id are one fact. */
export interface UsageEvent {
  /** Shape of this record on disk and in the journal table. */
  readonly version: 1;
  readonly id: UsageEventId;
  /** Of an estimate: the id that the vendor's report of the same fact has or would have. Null for reports. */
  readonly factId: UsageEventId | null;
  readonly kind: UsageKind;
  readonly sessionId: SessionId;
  readonly tenantId: TenantId;
  readonly keyId: ApiKeyId;
  readonly poolId: PoolId;
  readonly replicaId: ReplicaId;
  /** Whose account it was used of, and so by whose list it is priced. */
  readonly vendor: Vendor;
  /** Response id (kind `response`), item id (kind `transcription`), or whatever names the vendor's fact. */
  readonly vendorObjectId: string;
  /** The model whose price applies, as the vendor names it. */
  readonly model: string;
  /**
   * The vendor's status of the response; `completed` for transcriptions; `unreported` for estimates. A cancelled response
   * bills what it made.
   */
  readonly status: string;
  /** The service tier as the vendor named it; null where it did not, absent in records of releases before 2026-11-28. */
  readonly serviceTier?: string | null | undefined;
  /** Why it was used where the app did not ask for it; absent where it did, and in records of releases before 2026-11-28. */
  readonly causedBy?: UsageCause | undefined;
  /** When the gateway received it, Unix milliseconds: chooses the price and the period. */
  readonly occurredAtMs: number;
  readonly quantities: readonly Quantity[];
  readonly evidence: Evidence;
  /** How an estimate was made and whether it is billed. Null for reports. */
  readonly estimate: UsageEstimate | null;
  /** The vendor's usage object as parsed JSON, untouched; null when there is none. Holds counts, never content. */
  readonly vendorUsage: unknown;
  /** Null when the event can be rated. Anything else parks it. */
  readonly problem: UsageProblem | null;
}

/** Who used it, through what, and when. */
export interface UsageContext {
  readonly sessionId: SessionId;
  readonly tenantId: TenantId;
  readonly keyId: ApiKeyId;
  readonly poolId: PoolId;
  readonly replicaId: ReplicaId;
  /** Whose account it is. */
  readonly vendor: Vendor;
  readonly occurredAtMs: number;
  /** `reported` unless the numbers are ours. */
  readonly evidence?: Evidence;
}

// A real usage object is under 1 KB. A journal record must stay small enough to be durable in one write, so a vendor
// (or whoever answers in its place) that sends more is parked without the oversized object.
const VENDOR_USAGE_CHARS_MAX = 65_536;

/** Makes the event of a report. Pure: the same report in the same session gives the same id. */
export function usageEvent(report: UsageReport, context: UsageContext): UsageEvent {
  const usage = boundedUsage(report);
  return {
    version: 1,
    id: usageEventId({ ...context, vendorObjectId: report.vendorObjectId, kind: report.kind }),
    factId: null,
    kind: report.kind,
    sessionId: context.sessionId,
    tenantId: context.tenantId,
    keyId: context.keyId,
    poolId: context.poolId,
    replicaId: context.replicaId,
    vendor: context.vendor,
    vendorObjectId: report.vendorObjectId,
    model: report.model,
    status: report.status,
    serviceTier: report.serviceTier ?? null,
    ...(report.causedBy === undefined ? {} : { causedBy: report.causedBy }),
    occurredAtMs: context.occurredAtMs,
    quantities: report.quantities,
    evidence: context.evidence ?? 'reported',
    estimate: null,
    vendorUsage: usage.vendorUsage,
    problem: usage.problem,
  };
}

function boundedUsage(report: UsageReport): Pick<UsageReport, 'vendorUsage' | 'problem'> {
  const text = JSON.stringify(report.vendorUsage);
  if (text === undefined) return { vendorUsage: null, problem: report.problem };
  if (text.length <= VENDOR_USAGE_CHARS_MAX) return { vendorUsage: report.vendorUsage, problem: report.problem };
  return { vendorUsage: { omitted: `${text.length} characters` }, problem: report.problem ?? 'unknown_shape' };
}
