// A pool's settings as JSON: that it has a key of its own, not which.
import type { PoolRecord } from '@trunkline/tenancy';
import { z } from 'zod';
import { Instant } from '../v1/report-answers.js';
import { isoOf } from '../v1/views.js';

const whole = z.int().nullable();

/** A pool's settings. */
export const PoolSettingsAnswer = z.strictObject({
  ...{ id: z.string(), slug: z.string(), vendor: z.enum(['openai', 'azure']), status: z.enum(['active', 'draining']) },
  ...{ sessionsMax: whole, familyCaps: z.record(z.string(), z.int()), tokensPerMinuteMax: whole, tier: whole },
  ...{ weight: z.int(), waitingMax: z.int(), waitingPerTenantMax: z.int() },
  models: z.array(z.string()).readonly().nullable().meta({ description: 'null: every model that is known' }),
  upstreamUrl: z.string().nullable().meta({ description: 'null: the address of the settings' }),
  hasUpstreamKey: z.boolean().meta({ description: 'false: the key of the settings' }),
  ...{ deployments: z.record(z.string(), z.string()), createdAt: Instant },
});

/** A pool's settings. */
export function poolSettingsView(pool: PoolRecord): z.output<typeof PoolSettingsAnswer> {
  const { id, slug, vendor, status, sessionsMax, tokensPerMinuteMax, tier, weight, waitingMax } = pool;
  const { waitingPerTenantMax, models, upstreamUrl, hasUpstreamKey } = pool;
  return {
    ...{ id, slug, vendor, status, sessionsMax, familyCaps: Object.fromEntries(pool.familyCaps), tokensPerMinuteMax },
    ...{ tier, weight, waitingMax, waitingPerTenantMax, models, upstreamUrl, hasUpstreamKey },
    ...{ deployments: Object.fromEntries(pool.deployments), createdAt: isoOf(pool.createdAtMs) },
  };
}
