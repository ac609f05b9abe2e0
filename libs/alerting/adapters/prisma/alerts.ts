// What fired, to be looked at; and the end of what is old.
import type { Database } from '@trunkline/platform/database';
import type { TenantId } from '@trunkline/kernel';
import type { Alert } from '../../index.js';
import { alertOf } from './alert-rows.js';

/** Which alerts. */
export interface AlertFilter {
  /** Of which tenants' rules; null: of all and the company. */
  readonly owners: readonly TenantId[] | null;
  readonly state?: Alert['state'] | undefined;
  /** The last of the page before. */
  readonly after?: string | undefined;
  readonly limit: number;
}

/** Alerts that fired, newest first. */
export async function listAlerts(
  db: Pick<Database, 'alert'>,
  { owners, state, after, limit }: AlertFilter,
): Promise<readonly Alert[]> {
  const rows = await db.alert.findMany({
    where: {
      ...(owners === null ? {} : { tenantId: { in: [...owners] } }),
      ...(after === undefined ? {} : { id: { lt: after } }),
      state: state ?? { not: 'pending' },
      firedAt: { not: null },
    },
    // An id begins with when the cause was first seen.
    orderBy: { id: 'desc' },
    take: limit,
  });
  return rows.flatMap(alertOf);
}

/** How many alerts there are now, by severity, and how many messages were given up. */
export interface AlertStanding {
  readonly firing: Readonly<Record<'info' | 'warning' | 'critical', number>>;
  readonly dead: number;
}

/** The installation as a whole; for metrics. */
export async function alertStanding(db: Pick<Database, 'alert' | 'alertDelivery'>): Promise<AlertStanding> {
  const rows = await db.alert.groupBy({ by: ['severity'], where: { state: 'firing' }, _count: true });
  const count = (severity: string) => rows.find((row) => row.severity === severity)?._count ?? 0;
  return {
    firing: { info: count('info'), warning: count('warning'), critical: count('critical') },
    dead: await db.alertDelivery.count({ where: { state: 'dead' } }),
  };
}

const KEPT_MS = 90 * 24 * 3_600_000;

/** Deletes at most `max` alerts and as many deliveries that are over for 90 days. @returns how many of whichever were more */
export async function sweepAlerts(
  db: Pick<Database, '$executeRaw'>,
  { nowMs, max }: { readonly nowMs: number; readonly max: number },
): Promise<number> {
  const before = new Date(nowMs - KEPT_MS);
  const alerts = await db.$executeRaw`
    DELETE FROM alert WHERE id IN (
      SELECT id FROM alert WHERE state = 'resolved' AND resolved_at < ${before} ORDER BY resolved_at LIMIT ${max})`;
  const deliveries = await db.$executeRaw`
    DELETE FROM alert_delivery WHERE id IN (
      SELECT id FROM alert_delivery WHERE state <> 'waiting' AND done_at < ${before} ORDER BY done_at LIMIT ${max})`;
  return Math.max(alerts, deliveries);
}
