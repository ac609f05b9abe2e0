// A use that has begun and whose report is still to come: a running response, an input transcription. Written to the journal
// as it begins, and again while it lasts, so that a gateway that is killed leaves enough behind for an estimate. The newest
// record of a fact counts; a report, an estimate, or word that nothing was used takes it away.
import {
  VENDORS,
  type ApiKeyId,
  type PoolId,
  type ReplicaId,
  type SessionId,
  type TenantId,
  type UsageEventId,
  type Vendor,
} from '@trunkline/kernel';
import { z } from 'zod';
import type { UsageKind } from './meters.js';
import { usageEventId } from './usage-event-id.js';
import type { UsageEvent } from './usage-event.js';
import type { UsageCause } from './usage-report.js';
import { eventIdSchema, quantitySchema, timeMsSchema, whoSchema } from './usage-event-schema.js';
import {
  estimateBillingSchema,
  estimateOf,
  seenFields,
  type EstimateBilling,
  type EstimateDoubt,
  type SeenUsage,
} from './usage-estimate.js';

/** What a dialect says of a report that is owed. */
export interface OwedReport {
  readonly kind: UsageKind;
  /** As the report will name it: the response id, or the item id of a transcription. */
  readonly vendorObjectId: string;
  /** The model whose price will apply. */
  readonly model: string;
  readonly seen: SeenUsage;
  /** As on the report. */
  readonly causedBy?: UsageCause | undefined;
}

/** A report that is owed, with who used and when. */
export interface OwedUsage extends OwedReport {
  /** The id that the report of this fact will have. */
  readonly id: UsageEventId;
  readonly sessionId: SessionId;
  readonly tenantId: TenantId;
  readonly keyId: ApiKeyId;
  readonly poolId: PoolId;
  readonly replicaId: ReplicaId;
  /** Whose account it is. */
  readonly vendor: Vendor;
  /** When it was seen like this, Unix milliseconds. */
  readonly seenAtMs: number;
  readonly billing: EstimateBilling;
}

/** Who owes: the session, and what its tenant's policy said when it began. */
export type OwedContext = Omit<OwedUsage, keyof OwedReport | 'id'>;

/** Puts a dialect's word and the session's together. */
export function owedUsage(report: OwedReport, context: OwedContext): OwedUsage {
  const { sessionId, tenantId, keyId, poolId, replicaId, vendor, seenAtMs, billing } = context;
  const { kind, vendorObjectId, model, seen, causedBy } = report;
  const id = usageEventId({ sessionId, vendorObjectId, kind });
  const who = { sessionId, tenantId, keyId, poolId, replicaId, vendor };
  return { id, kind, vendorObjectId, model, seen, ...who, seenAtMs, billing, causedBy };
}

/**
 * The event that stands in for a report that will not come. It has an id of its own, so that the report can still arrive
 * and replace it, and names the fact, so that the two are never both charged.
 */
export function estimatedUsage(owed: OwedUsage, further: readonly EstimateDoubt[] = []): UsageEvent {
  const { sessionId, vendorObjectId, kind, seen } = owed;
  return {
    version: 1,
    id: usageEventId({ sessionId, vendorObjectId, kind, derivation: 'estimated' }),
    factId: owed.id,
    kind,
    sessionId,
    tenantId: owed.tenantId,
    keyId: owed.keyId,
    poolId: owed.poolId,
    replicaId: owed.replicaId,
    vendor: owed.vendor,
    vendorObjectId,
    model: owed.model,
    status: 'unreported',
    ...(owed.causedBy === undefined ? {} : { causedBy: owed.causedBy }),
    occurredAtMs: owed.seenAtMs,
    quantities: seen.quantities,
    evidence: 'estimated',
    estimate: estimateOf(seen, owed.billing, further),
    vendorUsage: null,
    problem: null,
  };
}

/** Owed usage as it is stored. */
export const owedUsageSchema = z.object({
  id: eventIdSchema,
  kind: z.enum(['response', 'transcription']),
  ...whoSchema,
  // Absent in what releases before it wrote, null in the table: those priced everything by OpenAI's list.
  vendor: z
    .enum(VENDORS)
    .nullish()
    .transform((vendor) => vendor ?? 'openai'),
  vendorObjectId: z.string(),
  model: z.string(),
  seenAtMs: timeMsSchema,
  seen: z.object({ ...seenFields, quantities: z.array(quantitySchema) }),
  billing: estimateBillingSchema,
  // Absent in what earlier releases wrote, null in the table; a later release's cause is not one that this one can say.
  causedBy: z.literal('policy').optional().catch(undefined),
});
