// How a usage event looks outside the program, on disk and in the journal table: JSON with a version, quantities as
// decimal strings (a JSON number would lose digits). What does not fit is refused whole, never half understood.
import { trustedId, VENDORS } from '@trunkline/kernel';
import { z } from 'zod';
import { isMeter, USAGE_KINDS, type Meter } from './meters.js';
import type { Quantity } from './quantity.js';
import { parseUsageEventId } from './usage-event-id.js';
import { usageEstimateSchema } from './usage-estimate.js';

/** A quantity as stored: `{"meter": "input_text", "quantityMicro": "132000000"}`. */
export interface StoredQuantity {
  readonly meter: Meter;
  readonly quantityMicro: string;
}

/** Quantities for JSON. */
export function storedQuantities(quantities: readonly Quantity[]): readonly StoredQuantity[] {
  return quantities.map(({ meter, quantityMicro }) => ({ meter, quantityMicro: quantityMicro.toString() }));
}

/** Unix milliseconds up to the last instant of JavaScript; callers measure with fractions, stored are whole ones. */
export const timeMsSchema = z.number().nonnegative().max(8.64e15).transform(Math.round);

/** The ids of who used something, as this system wrote them itself. */
export const whoSchema = {
  sessionId: z.string().transform((text) => trustedId('ses', text)),
  tenantId: z.string().transform((text) => trustedId('tnt', text)),
  keyId: z.string().transform((text) => trustedId('key', text)),
  poolId: z.string().transform((text) => trustedId('pool', text)),
  replicaId: z.string().transform((text) => trustedId('rep', text)),
};

/** A usage event id as this system derived it. */
export const eventIdSchema = z.string().transform((text, context) => {
  const id = parseUsageEventId(text);
  if (id !== null) return id;
  context.addIssue({ code: 'custom', message: 'not a usage event id' });
  return z.NEVER;
});

/** A quantity as `storedQuantities` writes it. */
export const quantitySchema = z.object({
  meter: z.custom<Meter>((value) => typeof value === 'string' && isMeter(value)),
  quantityMicro: z
    .string()
    .regex(/^-?\d{1,30}$/)
    .transform(BigInt),
});

/** Version 1 of a stored event. */
export const usageEventSchema = z.object({
  version: z.literal(1),
  id: eventIdSchema,
  // Absent from what releases without estimates wrote.
  factId: eventIdSchema.nullable().default(null),
  kind: z.enum(USAGE_KINDS),
  ...whoSchema,
  vendor: z.enum(VENDORS),
  vendorObjectId: z.string(),
  model: z.string(),
  status: z.string(),
  serviceTier: z.string().nullable().optional(),
  // A cause that a later release knows is none to this one, and no reason to refuse a record.
  causedBy: z.literal('policy').optional().catch(undefined),
  occurredAtMs: timeMsSchema,
  quantities: z.array(quantitySchema),
  evidence: z.enum(['reported', 'estimated']),
  // As `factId`.
  estimate: usageEstimateSchema.nullable().default(null),
  vendorUsage: z.unknown(),
  problem: z.enum(['usage_missing', 'sum_mismatch', 'unknown_shape', 'out_of_range', 'implausible_time']).nullable(),
});
