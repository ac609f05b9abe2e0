// Export runs as they are kept: asked for, running, done or failed. A run that is done never changes again (a trigger holds
// it); the table, not the queue, says what there is to do.
import { randomBytes } from 'node:crypto';
import { err, mintId, ok, trustedId, type ExportRunId, type ExportScheduleId, type TenantId } from '@trunkline/kernel';
import { parsePeriod, type Period } from '@trunkline/ledger';
import type { Database, Prisma } from '@trunkline/platform/database';
import { ExportManifest, ExportOptions, optionsProblem } from '../../index.js';
import type { Reported } from './cost-centres.js';

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
    ...(parsePeriod(request.period) === null ? ['period must be a month such as 2026-11'] : []),
    ...(options.success ? [optionsProblem(options.data)] : options.error.issues.map((issue) => issue.message)),
  ].filter((problem) => problem !== null);
  if (problems.length > 0 || !options.success)
    return err({ code: 'invalid_input', message: `${problems.join('; ')}.` });
  const { format, period, tenantId, requestedBy, scheduleId = null } = request;
  const id = mintId('exp', Date.now(), randomBytes);
  const data = { id, format, period, tenantId, options: options.data, requestedBy, scheduleId };
  return ok(runOf(await db.exportRun.create({ data })));
}

/** A run by its id; null when there is none. */
export async function findExport(db: Database, id: string): Promise<ExportRunRecord | null> {
  const row = await db.exportRun.findUnique({ where: { id } });
  return row && runOf(row);
}

/** The newest runs. */
export async function listExports(db: Database, limit: number): Promise<readonly ExportRunRecord[]> {
  return (await db.exportRun.findMany({ orderBy: [{ requestedAt: 'desc' }, { id: 'desc' }], take: limit })).map(runOf);
}

/** Runs that wait, oldest first. */
export async function waitingRuns(db: Database, limit: number): Promise<readonly ExportRunId[]> {
  const rows = await db.exportRun.findMany({
    where: { status: 'queued' },
    orderBy: { requestedAt: 'asc' },
    take: limit,
    select: { id: true },
  });
  return rows.map(({ id }) => trustedId('exp', id));
}

/** Takes a run up; also one that was left running by a worker that died. Null when it is done already. */
export async function startRun(db: Database, id: ExportRunId): Promise<ExportRunRecord | null> {
  const { count } = await db.exportRun.updateMany({
    where: { id, status: { not: 'done' } },
    data: { status: 'running', startedAt: new Date(), progressRows: 0, problem: null },
  });
  return count === 0 ? null : findExport(db, id);
}

/** Notes how far a run is. */
export async function noteProgress(db: Database, id: ExportRunId, rows: number): Promise<void> {
  await db.exportRun.updateMany({ where: { id, status: 'running' }, data: { progressRows: BigInt(rows) } });
}

/** The run is done, for ever. */
export async function finishRun(
  db: Database,
  id: ExportRunId,
  { manifest, sha256 }: { readonly manifest: ExportManifest; readonly sha256: string },
): Promise<void> {
  const data = {
    status: 'done',
    finishedAt: new Date(),
    progressRows: BigInt(manifest.rows),
    preliminary: manifest.status === 'PRELIMINARY',
    manifest: manifest as Prisma.InputJsonObject,
    sha256,
  };
  await db.exportRun.updateMany({ where: { id, status: { not: 'done' } }, data });
}

/** The run could not be done. It may be taken up again. */
export async function failRun(db: Database, id: ExportRunId, problem: string): Promise<void> {
  const data = { status: 'failed', finishedAt: new Date(), problem: problem.slice(0, 2_000) };
  await db.exportRun.updateMany({ where: { id, status: { not: 'done' } }, data });
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

type Row = NonNullable<Awaited<ReturnType<Database['exportRun']['findUnique']>>>;

function runOf(row: Row): ExportRunRecord {
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
    phase: phaseOf(row),
    progressRows: Number(row.progressRows),
    finishedAtMs: row.finishedAt?.getTime() ?? null,
    problem: row.problem,
    manifest: row.manifest === null ? null : ExportManifest.parse(row.manifest),
    sha256: row.sha256,
    purgedAtMs: row.purgedAt?.getTime() ?? null,
  };
}

function phaseOf({ status, progressRows }: Row): ExportRunRecord['phase'] {
  if (status !== 'running') return null;
  return progressRows === 0n ? 'sorting' : 'writing';
}

function statusOf(text: string): ExportRunRecord['status'] {
  if (text === 'queued' || text === 'running' || text === 'done') return text;
  return 'failed';
}
