// Export runs as they are kept: asked for, running, done or failed. A run that is done never changes again (a trigger holds
// it); the table, not the queue, says what there is to do. Each try has a number, and only the newest may finish or fail the
// run: a process that was taken for dead and comes back changes nothing.
import { randomBytes } from 'node:crypto';
import { err, mintId, ok, trustedId, type ExportRunId, type ExportScheduleId, type TenantId } from '@trunkline/kernel';
import { parsePeriod, type Period } from '@trunkline/ledger';
import { numberText, Prisma, type Database, type Queryable } from '@trunkline/platform/database';
import { z } from 'zod';
import {
  EXPORT_ATTEMPTS_MAX,
  EXPORT_SILENCE_MS,
  ExportManifest,
  ExportOptions,
  nextTryMs,
  optionsProblem,
} from '../../index.js';
import type { Reported } from './cost-centres.js';
import { deliveryStateOf, type DeliveryState } from './export-deliveries.js';

/** A run. */
export interface ExportRunRecord {
  readonly id: ExportRunId;
  readonly format: string;
  readonly period: Period;
  /** Null: all tenants. */
  readonly tenantId: TenantId | null;
  readonly options: ExportOptions;
  readonly requestedBy: string;
  readonly requestedAtMs: number;
  readonly scheduleId: ExportScheduleId | null;
  readonly status: 'queued' | 'running' | 'done' | 'failed';
  /** Tries since it was asked for, or since somebody let it begin again. */
  readonly attempts: number;
  /** When a failed one is taken up again. Null: it did not fail, or nobody will by itself. */
  readonly nextTryAtMs: number | null;
  /** Of a run that a schedule asked for or somebody delivered; null: nothing is to be delivered. */
  readonly delivery: DeliveryState | null;
  /**
   * Of a run that is being made: `sorting`, the server gathers and sorts the month and no row has come yet, which is most of
   * the time of a large one; `writing`, `progressRows` tells how far. Null: it waits, or it has ended.
   */
  readonly phase: 'sorting' | 'writing' | null;
  readonly progressRows: number;
  readonly finishedAtMs: number | null;
  readonly problem: string | null;
  readonly manifest: ExportManifest | null;
  /** Of manifest.json. */
  readonly sha256: string | null;
  readonly purgedAtMs: number | null;
}

/** What to ask for. */
export interface RunRequest {
  readonly format: string;
  readonly period: string;
  readonly tenantId: TenantId | null;
  readonly options: unknown;
  readonly requestedBy: string;
  readonly scheduleId?: ExportScheduleId;
  /** False: the caller makes it himself, and no worker takes it up. Default true. */
  readonly byWorker?: boolean;
}

/** One try of a run: who holds it may finish it. */
export interface RunTry {
  readonly id: ExportRunId;
  readonly attempt: number;
}

/** Notes a run that somebody is to do. */
export async function requestRun(
  db: Pick<Database, 'exportRun'>,
  request: RunRequest,
  formats: readonly string[],
): Reported<ExportRunRecord> {
  const options = ExportOptions.safeParse(request.options);
  const problems = [
    ...(formats.includes(request.format) ? [] : [`format must be one of ${formats.join(', ')}`]),
    periodProblem(request.period),
    ...(options.success ? [optionsProblem(options.data)] : options.error.issues.map((issue) => issue.message)),
  ].filter((problem) => problem !== null);
  if (problems.length > 0 || !options.success)
    return err({ code: 'invalid_input', message: `${problems.join('; ')}.` });
  const { format, period, tenantId, requestedBy, scheduleId = null, byWorker = true } = request;
  const id = mintId('exp', Date.now(), randomBytes);
  const data = { id, format, period, tenantId, options: options.data, requestedBy, scheduleId, byWorker };
  return ok(runOf({ ...(await db.exportRun.create({ data })), deliveries: [] }, null));
}

// The month that it is somewhere: nothing can have been used in a later one.
function periodProblem(text: string): string | null {
  if (parsePeriod(text) === null) return 'period must be a month such as 2026-11';
  const latest = new Date(Date.now() + AHEAD_OF_UTC_MS_MAX).toISOString().slice(0, text.length);
  return text > latest ? `period ${text} has not begun: there is nothing to export` : null;
}

/** A run by its id; null when there is none. */
export async function findExport(db: Database, id: string): Promise<ExportRunRecord | null> {
  const row = await db.exportRun.findUnique({ where: { id }, include: WITH_DELIVERIES });
  return row && ((await withTargets(db, [row]))[0] ?? null);
}

/** The newest runs. */
export async function listExports(db: Database, limit: number): Promise<readonly ExportRunRecord[]> {
  const orderBy = [{ requestedAt: 'desc' as const }, { id: 'desc' as const }];
  return withTargets(db, await db.exportRun.findMany({ orderBy, take: limit, include: WITH_DELIVERIES }));
}

const CANDIDATES_MAX = 500;
const dueRow = z.object({ id: z.string(), attempts: z.number(), failedAtMs: numberText.nullable(), nowMs: numberText });

/** Runs that a worker is to make now: asked for, failed and due again, or left by a process that is gone. */
export async function dueRuns(db: Queryable, limit: number): Promise<readonly ExportRunId[]> {
  const rows = await db.$queryRaw`
    SELECT id, attempts - forgiven AS attempts, (extract(epoch FROM now()) * 1000)::bigint::text AS "nowMs",
           (extract(epoch FROM CASE WHEN status = 'failed' THEN finished_at END) * 1000)::bigint::text AS "failedAtMs"
      FROM export_run
     WHERE by_worker AND attempts - forgiven < ${EXPORT_ATTEMPTS_MAX}
       AND (status IN ('queued', 'failed') OR status = 'running' AND ${SILENT})
     ORDER BY coalesce(finished_at, requested_at), id LIMIT ${CANDIDATES_MAX}`;
  return z
    .array(dueRow)
    .parse(rows)
    .filter((row) => {
      if (row.failedAtMs === null) return true;
      return (nextTryMs({ ...row, failedAtMs: row.failedAtMs }) ?? Infinity) <= row.nowMs;
    })
    .slice(0, limit)
    .map(({ id }) => trustedId('exp', id));
}

/** Says of runs that nobody makes any more, and nobody will take up, that they failed. @returns how many. */
export async function failDeadRuns(db: Queryable): Promise<number> {
  return db.$executeRaw`
    UPDATE export_run
       SET status = 'failed', finished_at = now(), problem = 'the process that made it ended in the middle'
     WHERE status = 'running' AND ${SILENT} AND (NOT by_worker OR attempts - forgiven >= ${EXPORT_ATTEMPTS_MAX})`;
}

/**
 * Takes a run up. Null: it is done, or another process makes it.
 * @param id also of one that failed, or that a process left which has not been heard of for a while.
 */
export async function startRun(db: Queryable, id: ExportRunId): Promise<RunTry | null> {
  const rows = await db.$queryRaw`
    UPDATE export_run
       SET status = 'running', attempts = attempts + 1, started_at = now(), alive_at = now(), finished_at = NULL,
           progress_rows = 0, problem = NULL
     WHERE id = ${id} AND (status IN ('queued', 'failed') OR status = 'running' AND ${SILENT})
    RETURNING attempts AS attempt`;
  const [taken] = z.array(z.object({ attempt: z.number() })).parse(rows);
  return taken === undefined ? null : { id, attempt: taken.attempt };
}

/** Notes how far a try is, and that it lives. False: it is not this try's any more. */
export async function noteProgress(db: Queryable, { id, attempt }: RunTry, rows: number): Promise<boolean> {
  const noted = await db.$executeRaw`
    UPDATE export_run SET progress_rows = ${rows}, alive_at = now()
     WHERE id = ${id} AND attempts = ${attempt} AND status = 'running'`;
  return noted > 0;
}

/**
 * The run is done, for ever. @returns whether it was still this try's.
 * @param tx of the caller, who puts the files in their place before it commits: the row is held until then.
 */
export async function finishRun(
  tx: Prisma.TransactionClient,
  { id, attempt }: RunTry,
  { manifest, sha256 }: { readonly manifest: ExportManifest; readonly sha256: string },
): Promise<boolean> {
  const data = {
    status: 'done',
    finishedAt: new Date(),
    progressRows: BigInt(manifest.rows),
    preliminary: manifest.status === 'PRELIMINARY',
    manifest: manifest as Prisma.InputJsonObject,
    sha256,
  };
  const where = { id, attempts: attempt, status: 'running' };
  return (await tx.exportRun.updateMany({ where, data })).count > 0;
}

/** This try failed. The run may be taken up again. */
export async function failRun(db: Queryable, { id, attempt }: RunTry, problem: string): Promise<void> {
  await db.$executeRaw`
    UPDATE export_run SET status = 'failed', finished_at = now(), problem = ${problem.slice(0, PROBLEM_CHARS_MAX)}
     WHERE id = ${id} AND attempts = ${attempt} AND status = 'running'`;
}

/** Lets a worker begin again with a run that failed, as if it had just been asked for. False: it did not fail. */
export async function retryRun(db: Queryable, id: string): Promise<boolean> {
  const asked = await db.$executeRaw`
    UPDATE export_run SET status = 'queued', forgiven = attempts, by_worker = true WHERE id = ${id} AND status = 'failed'`;
  return asked > 0;
}

/** Runs whose files are older than that and still there. */
export async function runsToPurge(db: Database, beforeMs: number, limit: number): Promise<readonly ExportRunId[]> {
  const rows = await db.exportRun.findMany({
    where: { status: 'done', purgedAt: null, finishedAt: { lt: new Date(beforeMs) } },
    orderBy: { finishedAt: 'asc' },
    take: limit,
    select: { id: true },
  });
  return rows.map(({ id }) => trustedId('exp', id));
}

/** Its files were thrown away; what they were stays. */
export async function notePurged(db: Database, id: ExportRunId): Promise<void> {
  await db.exportRun.updateMany({ where: { id, purgedAt: null }, data: { purgedAt: new Date() } });
}

const PROBLEM_CHARS_MAX = 2_000;
const AHEAD_OF_UTC_MS_MAX = 14 * 3_600_000;
const SILENT = Prisma.sql`coalesce(alive_at, started_at, requested_at) < now() - make_interval(secs => ${EXPORT_SILENCE_MS / 1000})`;
const WITH_DELIVERIES = { deliveries: { orderBy: { id: 'asc' } } } satisfies Prisma.ExportRunInclude;
type Row = Prisma.ExportRunGetPayload<{ include: typeof WITH_DELIVERIES }>;

async function withTargets(db: Database, rows: readonly Row[]): Promise<readonly ExportRunRecord[]> {
  const ids = [...new Set(rows.flatMap(({ scheduleId }) => (scheduleId === null ? [] : [scheduleId])))];
  const schedules = await db.exportSchedule.findMany({
    where: { id: { in: ids } },
    select: { id: true, target: true },
  });
  const targets = new Map(schedules.map(({ id, target }) => [id, target]));
  return rows.map((row) => runOf(row, row.scheduleId === null ? null : (targets.get(row.scheduleId) ?? null)));
}

function runOf(row: Row, target: Prisma.JsonValue): ExportRunRecord {
  const period = parsePeriod(row.period);
  if (period === null) throw new Error(`export run ${row.id} is of no period`);
  return {
    id: trustedId('exp', row.id),
    format: row.format,
    period,
    tenantId: row.tenantId === null ? null : trustedId('tnt', row.tenantId),
    options: ExportOptions.parse(row.options),
    requestedBy: row.requestedBy,
    requestedAtMs: row.requestedAt.getTime(),
    scheduleId: row.scheduleId === null ? null : trustedId('sched', row.scheduleId),
    status: statusOf(row.status),
    attempts: row.attempts - row.forgiven,
    nextTryAtMs: nextTryOf(row),
    delivery: deliveryStateOf(row, target),
    phase: phaseOf(row),
    progressRows: Number(row.progressRows),
    finishedAtMs: row.finishedAt?.getTime() ?? null,
    problem: row.problem,
    manifest: row.manifest === null ? null : ExportManifest.parse(row.manifest),
    sha256: row.sha256,
    purgedAtMs: row.purgedAt?.getTime() ?? null,
  };
}

function nextTryOf({ id, status, byWorker, attempts, forgiven, finishedAt }: Row): number | null {
  if (status !== 'failed' || !byWorker || finishedAt === null) return null;
  return nextTryMs({ id, attempts: Math.max(1, attempts - forgiven), failedAtMs: finishedAt.getTime() });
}

function phaseOf({ status, progressRows }: Row): ExportRunRecord['phase'] {
  if (status !== 'running') return null;
  return progressRows === 0n ? 'sorting' : 'writing';
}

function statusOf(text: string): ExportRunRecord['status'] {
  if (text === 'queued' || text === 'running' || text === 'done') return text;
  return 'failed';
}
