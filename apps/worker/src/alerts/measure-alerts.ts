// What alerts are about, as it stands now: each kind asks the library that knows. A kind that cannot be measured is left out, so
// that an outage of one source ends no alert; which kinds are asked is for the rules to say.
import type { PoolStatus } from '@trunkline/admission';
import { budgetsUsedOfAllTenants } from '@trunkline/admission/adapters/prisma';
import type { AlertKind, Cause, Measured } from '@trunkline/alerting';
import { formatAmount } from '@trunkline/kernel';
import { ledgerLag, unpricedModels } from '@trunkline/ledger/adapters/prisma';
import { findingCountsOfAllTenants } from '@trunkline/moderation/adapters/prisma';
import type { Database } from '@trunkline/platform/database';
import { alarmingDays } from '@trunkline/reporting/adapters/prisma';

/** What is asked. */
export interface AlertSources {
  readonly db: Database;
  /** How the pools stand; null: their lines are not known here. */
  readonly pools: (() => Promise<readonly PoolStatus[]>) | null;
  /** Unix milliseconds. */
  readonly nowMs: () => number;
  /** A source failed. */
  readonly onFailure: (kind: AlertKind, error: unknown) => void;
}

const HOUR_MS = 3_600_000;
// A day's final run is made a week after it, later where runs are made up; a month is closed within two weeks of its end.
const COMPARED_MS = 45 * 24 * HOUR_MS;

type Measure = (sources: AlertSources) => Promise<readonly Cause[] | null>;

const MEASURES: Readonly<Record<AlertKind, Measure>> = {
  budget: async ({ db, nowMs }) =>
    (await budgetsUsedOfAllTenants(db, nowMs())).map(({ tenantId, tenant, period, periodStartMs, percent, limit }) => {
      const start = new Date(periodStartMs).toISOString().slice(0, period === 'day' ? 10 : 7);
      return {
        key: `${tenantId} ${period} ${start} ${formatAmount(limit)}`,
        ...{ tenantId, subject: `${tenant}, ${period} ${start}`, value: percent },
        detail: `${percent} % of the ${period}'s limit of ${formatAmount(limit)} USD is used: see \`cli tenant budget-notices ${tenant}\`.`,
      };
    }),
  cap_saturation: async ({ pools }) => (pools === null ? null : fullness(await pools())),
  reconciliation: async ({ db, nowMs }) =>
    (await alarmingDays(db, nowMs() - COMPARED_MS)).flatMap(({ poolId, pool, days }) =>
      days.map((day) => ({
        ...{ key: `${poolId} ${day}`, tenantId: null, subject: `${pool}, ${day}`, value: days.length },
        detail: `Our books differ from the vendor's on ${days.join(', ')}: see \`cli reconcile list\`, and note what it was.`,
      })),
    ),
  unpriced_model: async ({ db }) =>
    (await unpricedModels(db)).map(({ vendor, model, events }) => ({
      ...{ key: `${vendor} ${model}`, tenantId: null, subject: `${vendor} ${model}`.slice(0, 100), value: events },
      detail: `${events} usage events wait for a price: see \`cli costs --unrated\`, then import one.`,
    })),
  ledger_lag: async ({ db }) => {
    const { oldestPendingMs, pending } = await ledgerLag(db);
    return [
      {
        ...{ key: 'ledger', tenantId: null, subject: 'ledger', value: Math.floor(oldestPendingMs / 1000) },
        detail: `${pending} usage events are not in the ledger yet: see the worker's log.`,
      },
    ];
  },
  moderation: async ({ db, nowMs }) =>
    (await findingCountsOfAllTenants(db, nowMs() - HOUR_MS)).map(({ tenantId, tenant, findings }) => ({
      ...{ key: tenantId, tenantId, subject: tenant, value: findings },
      detail: `Moderation found something ${findings} times in the last hour: see \`cli moderation review list ${tenant}\`.`,
    })),
};

/** Measures these kinds, one after the other. */
export async function measureAlerts(sources: AlertSources, kinds: ReadonlySet<AlertKind>): Promise<Measured> {
  const measured = new Map<AlertKind, readonly Cause[]>();
  for (const kind of kinds) {
    try {
      const causes = await MEASURES[kind](sources);
      if (causes !== null) measured.set(kind, causes);
    } catch (error) {
      sources.onFailure(kind, error);
    }
  }
  return measured;
}

/** What a pool is, as far as its fullness goes. */
type PoolFullness = Pick<PoolStatus, 'poolId' | 'pool'> & {
  readonly totals: Pick<PoolStatus['totals'], 'cap' | 'free' | 'waiting'>;
};

/** How much of each pool's cap is in use; one without a cap is never full. */
export function fullness(pools: readonly PoolFullness[]): readonly Cause[] {
  return pools.flatMap(({ poolId, pool, totals: { cap, free, waiting } }) => {
    if (cap === null || free === null || cap === 0) return [];
    const used = cap - free;
    const detail = `${used} of ${cap} lines are in use and ${waiting} calls wait: see \`cli pool status ${pool}\`.`;
    return [{ key: poolId, tenantId: null, subject: pool, value: Math.floor((used * 100) / cap), detail }];
  });
}
