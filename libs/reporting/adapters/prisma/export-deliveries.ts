// Deliveries of export runs: each try is a row that stays, and what is to be done follows from the rows. A run that a schedule
// asked for is to be delivered at the schedule's target until one try has arrived there, it was tried often enough, or its files
// are gone.
import { trustedId, type ExportRunId } from '@trunkline/kernel';
import { numberText, type Prisma, type Queryable } from '@trunkline/platform/database';
import { z } from 'zod';
import { DeliveryTarget, EXPORT_ATTEMPTS_MAX, nextTryMs } from '../../index.js';

/** How the delivery of a run stands. */
export interface DeliveryState {
  /** `failed`: nobody tries again by itself. */
  readonly state: 'waiting' | 'delivered' | 'retrying' | 'failed';
  /** Tries that failed. */
  readonly failures: number;
  readonly nextTryAtMs: number | null;
  /** Where it is, or what went wrong last. */
  readonly detail: string | null;
}

/** A delivery that is to be made now. */
export interface DueDelivery {
  readonly runId: ExportRunId;
  readonly target: DeliveryTarget;
}

/** Exports that did not come to their end. */
export interface ExportTrouble {
  readonly retrying: number;
  /** Of the last week: nobody tries again. */
  readonly failed: number;
}

interface DeliveredRun {
  readonly id: string;
  readonly status: string;
  readonly purgedAt: Date | null;
  readonly deliveries: readonly {
    readonly target: Prisma.JsonValue;
    readonly outcome: string;
    readonly detail: string | null;
    readonly at: Date;
  }[];
}

/** How it stands. @param target of its schedule; null: only what was delivered by hand counts. */
export function deliveryStateOf(run: DeliveredRun, target: Prisma.JsonValue): DeliveryState | null {
  // Both come from jsonb, which orders the names.
  const isThere = (other: Prisma.JsonValue): boolean => JSON.stringify(other) === JSON.stringify(target);
  const tries = run.deliveries.filter((each) => target === null || isThere(each.target));
  const last = tries.at(-1);
  if (target === null && last === undefined) return null;
  const failures = tries.filter(({ outcome }) => outcome === 'failed').length;
  const arrived = tries.findLast(({ outcome }) => outcome === 'delivered');
  const stands = (state: DeliveryState['state'], detail: string | null, nextTryAtMs: number | null = null) => ({
    ...{ state, failures, nextTryAtMs, detail },
  });
  if (arrived) return stands('delivered', arrived.detail);
  if (run.purgedAt !== null) return stands('failed', 'its files were thrown away before it was delivered');
  if (last === undefined) return stands('waiting', null);
  const next = target === null ? null : nextTryMs({ id: run.id, attempts: failures, failedAtMs: last.at.getTime() });
  return stands(next === null ? 'failed' : 'retrying', last.detail, next);
}

const CANDIDATES_MAX = 500;
const candidate = z.object({
  id: z.string(),
  target: DeliveryTarget,
  failures: numberText,
  lastMs: numberText.nullable(),
  nowMs: numberText,
});

/** Deliveries that are due: those of runs that are done and did not arrive yet. */
export async function dueDeliveries(db: Queryable, limit: number): Promise<readonly DueDelivery[]> {
  const rows = await db.$queryRaw`
    SELECT r.id, s.target, coalesce(d.failures, 0)::text AS failures, (extract(epoch FROM d.last) * 1000)::bigint::text AS "lastMs",
           (extract(epoch FROM now()) * 1000)::bigint::text AS "nowMs"
      FROM export_run r
      JOIN export_schedule s ON s.id = r.schedule_id
     CROSS JOIN LATERAL (
           SELECT count(*) FILTER (WHERE outcome = 'failed') AS failures, bool_or(outcome = 'delivered') AS arrived, max(at) AS last
             FROM export_delivery WHERE run_id = r.id AND target = s.target) d
     WHERE r.status = 'done' AND r.purged_at IS NULL AND r.schedule_id IS NOT NULL AND jsonb_typeof(s.target) = 'object'
       AND d.arrived IS NOT TRUE AND d.failures < ${EXPORT_ATTEMPTS_MAX}
     ORDER BY coalesce(d.last, r.finished_at), r.id LIMIT ${CANDIDATES_MAX}`;
  return z
    .array(candidate)
    .parse(rows)
    .filter(({ id, failures, lastMs, nowMs }) => {
      if (lastMs === null) return true;
      return (nextTryMs({ id, attempts: failures, failedAtMs: lastMs }) ?? Infinity) <= nowMs;
    })
    .slice(0, limit)
    .map(({ id, target }) => ({ runId: trustedId('exp', id), target }));
}

const troubleRow = z.object({ retrying: numberText, failed: numberText });

/** Runs and deliveries that are tried again, or are not any more. */
export async function exportTrouble(
  db: Queryable,
): Promise<{ readonly runs: ExportTrouble; readonly deliveries: ExportTrouble }> {
  const runs = await db.$queryRaw`
    SELECT count(*) FILTER (WHERE attempts - forgiven < ${EXPORT_ATTEMPTS_MAX})::text AS retrying,
           count(*) FILTER (WHERE attempts - forgiven >= ${EXPORT_ATTEMPTS_MAX} AND finished_at > now() - interval '7 days')::text AS failed
      FROM export_run WHERE status = 'failed' AND by_worker`;
  const deliveries = await db.$queryRaw`
    SELECT count(*) FILTER (WHERE purged_at IS NULL AND failures < ${EXPORT_ATTEMPTS_MAX})::text AS retrying,
           count(*) FILTER (WHERE last > now() - interval '7 days'
                              AND (purged_at IS NOT NULL OR failures >= ${EXPORT_ATTEMPTS_MAX}))::text AS failed
      FROM export_run r
      JOIN export_schedule s ON s.id = r.schedule_id
     CROSS JOIN LATERAL (
           SELECT count(*) AS failures, bool_or(outcome = 'delivered') AS arrived, max(at) AS last
             FROM export_delivery WHERE run_id = r.id AND target = s.target) d
     WHERE r.status = 'done' AND d.failures > 0 AND NOT d.arrived`;
  return { runs: z.tuple([troubleRow]).parse(runs)[0], deliveries: z.tuple([troubleRow]).parse(deliveries)[0] };
}
