// What a dashboard asks, asked as the API does it, for other tenants and keys each time.
import type { Database } from '@trunkline/platform/database';
import type { RollupQuery } from '@trunkline/reporting';
import { rollupOfAllTenants, rollupOfTenant } from '@trunkline/reporting/adapters/prisma';
import { Histogram } from '../workload/histogram.js';
import { DAYS_FROM, END, HOURS_FROM } from './generated-rollups.js';
import { keyOf, TENANTS, tenantOf } from './generated-usage.js';

/** One chart. */
export interface QueryFigures {
  readonly name: string;
  readonly rows: number;
  readonly msP50: number;
  readonly msP95: number;
  /** CPU of a question in the server and in this process, milliseconds: what a machine that is shared still tells. */
  readonly cpuMs: number;
}

interface Chart {
  readonly name: string;
  readonly scope: 'tenant' | 'all';
  readonly query: (tenant: number) => RollupQuery;
}

const ROWS_MAX = 10_000;
const ROUNDS = 40;
const HOURS = { fromMs: Date.parse(HOURS_FROM), toMs: Date.parse(END), bucket: 'hour', by: [], where: {} } as const;
const DAYS = { ...HOURS, fromMs: Date.parse(DAYS_FROM), bucket: 'day' } as const;
const QUARTER = { ...HOURS, bucket: 'day' } as const;
const MONTHS = { ...DAYS, bucket: 'month', fromMs: Date.parse('2024-12-01'), toMs: Date.parse('2026-12-01') } as const;

const CHARTS: readonly Chart[] = [
  { name: 'tenant, 90 days by hour', scope: 'tenant', query: () => HOURS },
  { name: 'tenant, 90 days by hour and model', scope: 'tenant', query: () => ({ ...HOURS, by: ['model'] }) },
  { name: 'tenant, 90 days by hour, audio by direction', scope: 'tenant', query: () => audio(HOURS) },
  { name: 'tenant, one key, 90 days by hour', scope: 'tenant', query: (tenant) => oneKey(HOURS, tenant) },
  { name: 'tenant, two years by day', scope: 'tenant', query: () => DAYS },
  { name: 'tenant, two years by day and key', scope: 'tenant', query: () => ({ ...DAYS, by: ['key'] }) },
  { name: 'tenant, two years by day, audio by direction', scope: 'tenant', query: () => audio(DAYS) },
  { name: 'all, 90 days by hour', scope: 'all', query: () => HOURS },
  { name: 'all, 90 days by hour and model', scope: 'all', query: () => ({ ...HOURS, by: ['model'] }) },
  { name: 'all, two years by day and meter', scope: 'all', query: () => ({ ...DAYS, by: ['meter'] }) },
  { name: 'all, 90 days by day and tenant', scope: 'all', query: () => ({ ...QUARTER, by: ['tenant'] }) },
  {
    name: 'all, 90 days in total by tenant',
    scope: 'all',
    query: () => ({ ...QUARTER, bucket: 'total', by: ['tenant'] }),
  },
  { name: 'all, two years by month and tenant', scope: 'all', query: () => ({ ...MONTHS, by: ['tenant'] }) },
];

/** Asks each chart's question many times. @param cpuSeconds used so far by the server and this process. */
export async function measureQueries(db: Database, cpuSeconds: () => number): Promise<QueryFigures[]> {
  const figures: QueryFigures[] = [];
  for (const { name, scope, query } of CHARTS) {
    const times = new Histogram();
    let rows = 0;
    const before = cpuSeconds();
    for (let round = 0; round < ROUNDS; round++) {
      const tenant = 1 + (round % TENANTS);
      const startedMs = performance.now();
      const answer = await db.$transaction((tx) =>
        scope === 'tenant'
          ? rollupOfTenant(tx, tenantOf(tenant), query(tenant), ROWS_MAX)
          : rollupOfAllTenants(tx, query(tenant), ROWS_MAX),
      );
      times.record((performance.now() - startedMs) * 1_000);
      if (answer.cut || answer.rows.length === 0) throw new Error(`${name}: ${answer.rows.length} rows, not a chart`);
      rows = answer.rows.length;
    }
    const [p50, p95] = [times.quantile(0.5) ?? 0, times.quantile(0.95) ?? 0];
    const cpuMs = ((cpuSeconds() - before) * 1_000) / ROUNDS;
    figures.push({ name, rows, msP50: p50 / 1_000, msP95: p95 / 1_000, cpuMs });
  }
  return figures;
}

function audio(query: RollupQuery): RollupQuery {
  return { ...query, by: ['direction'], where: { modality: ['audio'] } };
}

function oneKey(query: RollupQuery, tenant: number): RollupQuery {
  return { ...query, where: { key: [keyOf(tenant, 1)] } };
}
