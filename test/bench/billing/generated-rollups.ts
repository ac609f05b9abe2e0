// Rollups of a busy installation, made by the server: every tenant, key, model and meter in every hour of 90 days and every
// day of two years. The tables are filled as passes would leave them: coarser ones from finer ones.
import type { Database } from '@trunkline/platform/database';
import { KEYS_EACH, MODELS, TENANTS } from './generated-usage.js';

/** The hours end here; the days too. */
export const END = '2026-11-28T00:00:00Z';
/** 90 days before. */
export const HOURS_FROM = '2026-08-30T00:00:00Z';
/** Two years before. */
export const DAYS_FROM = '2024-11-28T00:00:00Z';

/** Fills the tables; half a minute or more. @returns rows of hours and of days. */
export async function generateRollups(
  db: Database,
  seed: number,
): Promise<{ readonly hours: number; readonly days: number }> {
  await db.$executeRaw`
    TRUNCATE usage_rollup_hour, usage_rollup_day, usage_rollup_month, tenant_rollup_hour, tenant_rollup_day,
             pool_rollup_hour, pool_rollup_day`;
  await db.$executeRaw`
    CREATE UNLOGGED TABLE bench_series AS
    SELECT 'tnt_' || lpad(t::text, 26, '0') AS tenant_id, 'key_' || lpad((t * 10 + k)::text, 26, '0') AS key_id, model, meter,
           ${seed}::bigint + row_number() OVER () AS n
      FROM generate_series(1, ${TENANTS}::int) t, generate_series(1, ${KEYS_EACH}::int) k, unnest(${[...MODELS]}::text[]) model,
           unnest(ARRAY['input_text', 'input_text_cached', 'input_audio', 'input_audio_cached', 'output_text', 'output_audio']) meter`;
  const hours = await db.$executeRaw`
    INSERT INTO usage_rollup_hour
    SELECT tenant_id, h, to_char(h AT TIME ZONE 'UTC', 'YYYY-MM'), key_id, 'pool_00000000000000000000000001', model, meter,
           'reported', q, q * 0.000032, q * 0.00003, q % 13 + 1, q % 3
      FROM generate_series(${HOURS_FROM}::timestamptz, ${END}::timestamptz - interval '1 hour', '1 hour') h, bench_series,
           LATERAL (SELECT 1 + (n * 7919 + extract(epoch FROM h)::bigint / 3600 * 104729) % 5000 AS q) x`;
  const days = await db.$executeRaw`
    INSERT INTO usage_rollup_day
    SELECT tenant_id, d::date, to_char(d, 'YYYY-MM'), key_id, 'pool_00000000000000000000000001', model, meter,
           'reported', q, q * 0.000032, q * 0.00003, q % 13 + 1, q % 3
      FROM generate_series(${DAYS_FROM}::timestamptz AT TIME ZONE 'UTC', ${END}::timestamptz AT TIME ZONE 'UTC' - interval '1 day',
                           '1 day') d, bench_series,
           LATERAL (SELECT 1 + (n * 7919 + extract(epoch FROM d)::bigint / 86400 * 104729) % 90000 AS q) x`;
  await db.$executeRaw`
    INSERT INTO usage_rollup_month
    SELECT tenant_id, usage_period, key_id, pool_id, model, meter, evidence, sum(quantity), sum(tenant_charge),
           sum(provider_cost), sum(readings), sum(events)
      FROM usage_rollup_day GROUP BY 1, 2, 3, 4, 5, 6, 7`;
  await db.$executeRaw`
    INSERT INTO tenant_rollup_hour
    SELECT tenant_id, hour, usage_period, pool_id, model, meter, evidence, sum(quantity), sum(tenant_charge),
           sum(provider_cost), sum(readings), sum(events)
      FROM usage_rollup_hour GROUP BY 1, 2, 3, 4, 5, 6, 7`;
  await db.$executeRaw`
    INSERT INTO tenant_rollup_day
    SELECT tenant_id, day, usage_period, pool_id, model, meter, evidence, sum(quantity), sum(tenant_charge),
           sum(provider_cost), sum(readings), sum(events)
      FROM usage_rollup_day GROUP BY 1, 2, 3, 4, 5, 6, 7`;
  await db.$executeRaw`
    INSERT INTO pool_rollup_hour
    SELECT hour, pool_id, model, meter, evidence, sum(quantity), sum(tenant_charge), sum(provider_cost), sum(readings), sum(events)
      FROM usage_rollup_hour GROUP BY 1, 2, 3, 4, 5`;
  await db.$executeRaw`
    INSERT INTO pool_rollup_day
    SELECT day, pool_id, model, meter, evidence, sum(quantity), sum(tenant_charge), sum(provider_cost), sum(readings), sum(events)
      FROM usage_rollup_day GROUP BY 1, 2, 3, 4, 5`;
  await db.$executeRaw`DROP TABLE bench_series`;
  // As autovacuum would, some minutes later.
  for (const table of [
    db.$executeRaw`VACUUM (ANALYZE) usage_rollup_hour`,
    db.$executeRaw`VACUUM (ANALYZE) usage_rollup_day`,
  ])
    await table;
  await db.$executeRaw`VACUUM (ANALYZE) usage_rollup_month, tenant_rollup_hour, tenant_rollup_day, pool_rollup_hour, pool_rollup_day`;
  return { hours, days };
}
