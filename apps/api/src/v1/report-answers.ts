// What reports answer, as the OpenAPI document tells it.
import { z } from 'zod';

/** An amount in US dollars, as a decimal: a JSON number is a float to most readers. */
export const Amount = z.string().meta({ description: 'US dollars, as a decimal' });
/** An instant. */
export const Instant = z.string().meta({ format: 'date-time' });
const Day = z.string().meta({ format: 'date' });

/** `/sessions`. */
export const SessionsAnswer = z.strictObject({
  total: z.int(),
  sessions: z.array(
    z.strictObject({
      ...{ id: z.string(), tenantId: z.string(), keyId: z.string().nullable(), model: z.string().nullable() },
      ...{ transport: z.string().nullable(), clientKind: z.string().nullable() },
      ...{ openedAt: Instant, ageMs: z.int() },
    }),
  ),
});

/** `/usage`. */
export const UsageAnswer = z.strictObject({
  ...{ from: Instant, to: Instant },
  rows: z.array(
    z.strictObject({
      ...{ tenantId: z.string(), day: Day, model: z.string(), meter: z.string() },
      evidence: z.string().meta({ description: 'reported, estimated, or estimated_not_billed' }),
      ratingState: z.enum(['pending', 'rated', 'unrated', 'parked']),
      quantity: z.string().meta({ description: 'in the unit of the meter, as a decimal' }),
      events: z.int(),
    }),
  ),
});

/** `/costs`: of the dimensions, those that were asked for. */
export const CostsAnswer = z.strictObject({
  ...{ from: Instant, to: Instant, by: z.array(z.string()).readonly(), currency: z.literal('USD') },
  rows: z.array(
    z.strictObject({
      ...{ tenantId: z.string().nullable().optional(), keyId: z.string().nullable().optional() },
      ...{ model: z.string().nullable().optional(), day: Day.nullable().optional() },
      period: z.string().nullable().optional(),
      ...{ tenantCharge: Amount, estimatedCharge: Amount, providerCost: Amount, unbilledCost: Amount },
      events: z.int(),
    }),
  ),
});
