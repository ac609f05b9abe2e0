// Schedules: exports that nobody has to ask for. `daily` exports the running month, preliminary; `after_close` each month
// once, when it is closed for everybody who could book in it yet, so that what it delivers says FINAL. What a schedule asked
// for is noted with the run, so that any number of workers may look and each occasion is exported once.
import { randomBytes } from 'node:crypto';
import { err, mintId, ok, trustedId, type ExportScheduleId, type TenantId } from '@trunkline/kernel';
import { calendarOf, type Period } from '@trunkline/ledger';
import type { Database } from '@trunkline/platform/database';
import { isUniqueViolation } from '@trunkline/platform/database';
import { DeliveryTarget, ExportOptions, optionsProblem } from '../../index.js';
import type { Reported } from './cost-centres.js';
import { requestRun } from './export-runs.js';
import { loadCompany } from './load-directory.js';
import { finalMonths } from './tenants-of-month.js';

/** When. */
export const CADENCES = ['daily', 'after_close'] as const;
export type Cadence = (typeof CADENCES)[number];

/** A schedule. */
export interface ExportScheduleRecord {
  readonly id: ExportScheduleId;
  readonly format: string;
  readonly tenantId: TenantId | null;
  readonly options: ExportOptions;
  readonly cadence: Cadence;
  /** Where each run is delivered; null: it is only kept. */
  readonly target: DeliveryTarget | null;
  readonly enabled: boolean;
  readonly createdBy: string;
}

/** What to schedule. */
export interface ScheduleRequest {
  readonly format: string;
  readonly tenantId: TenantId | null;
  readonly options: unknown;
  readonly cadence: string;
  readonly target: unknown;
  readonly createdBy: string;
}

/** Makes a schedule. */
export async function createSchedule(
  db: Pick<Database, 'exportSchedule'>,
  request: ScheduleRequest,
  formats: readonly string[],
): Reported<ExportScheduleRecord> {
  const options = ExportOptions.safeParse(request.options);
  const target = DeliveryTarget.nullable().safeParse(request.target);
  const cadence = CADENCES.find((known) => known === request.cadence);
  const problems = [
    ...(formats.includes(request.format) ? [] : [`format must be one of ${formats.join(', ')}`]),
    ...(cadence === undefined ? [`cadence must be one of ${CADENCES.join(', ')}`] : []),
    ...(options.success ? [optionsProblem(options.data)] : options.error.issues.map((issue) => issue.message)),
    ...(target.success ? [] : target.error.issues.map((issue) => issue.message)),
  ].filter((problem) => problem !== null);
  if (problems.length > 0 || !options.success || !target.success || cadence === undefined)
    return err({ code: 'invalid_input', message: `${problems.join('; ')}.` });
  const { format, tenantId, createdBy } = request;
  const id = mintId('sched', Date.now(), randomBytes);
  const data = { id, format, tenantId, options: options.data, cadence, createdBy };
  const row = await db.exportSchedule.create({ data: { ...data, ...(target.data ? { target: target.data } : {}) } });
  return ok(scheduleOf(row));
}

/** All schedules. */
export async function listSchedules(db: Database): Promise<readonly ExportScheduleRecord[]> {
  return (await db.exportSchedule.findMany({ orderBy: { id: 'asc' } })).map(scheduleOf);
}

/** Stops a schedule, or lets it go on. */
export async function enableSchedule(
  db: Pick<Database, 'exportSchedule'>,
  id: string,
  enabled: boolean,
): Reported<ExportScheduleRecord> {
  const { count } = await db.exportSchedule.updateMany({ where: { id }, data: { enabled } });
  if (count === 0) return err({ code: 'not_found', message: `There is no schedule ${id}: see export schedule list.` });
  return ok(scheduleOf(await db.exportSchedule.findUniqueOrThrow({ where: { id } })));
}

/** Where a schedule delivers to; null: nowhere, or there is no such schedule. */
export async function targetOfSchedule(db: Database, id: ExportScheduleId): Promise<DeliveryTarget | null> {
  const row = await db.exportSchedule.findUnique({ where: { id } });
  return row && scheduleOf(row).target;
}

/** What a look at the schedules came to. */
export interface AskedRuns {
  readonly asked: number;
  /** Schedules that nothing could be asked for, and why: they keep the others from nothing. */
  readonly refused: readonly { readonly id: ExportScheduleId; readonly why: string }[];
}

/** Asks for what is due now. @throws the database's. */
export async function requestDueRuns(db: Database, nowMs: number, formats: readonly string[]): Promise<AskedRuns> {
  const company = await loadCompany(db);
  let asked = 0;
  const refused: { readonly id: ExportScheduleId; readonly why: string }[] = [];
  for (const schedule of await listSchedules(db)) {
    if (!schedule.enabled) continue;
    for (const occasion of await occasionsOf(db, schedule, { nowMs, timeZone: company.timeZone })) {
      const outcome = await ask(db, { schedule, occasion, formats });
      if (!outcome.ok) refused.push({ id: schedule.id, why: outcome.error.message });
      else if (outcome.value) asked += 1;
    }
  }
  return { asked, refused };
}

interface Occasion {
  readonly name: string;
  readonly period: Period;
}

async function occasionsOf(
  db: Database,
  { cadence, tenantId }: ExportScheduleRecord,
  { nowMs, timeZone }: { readonly nowMs: number; readonly timeZone: string },
): Promise<readonly Occasion[]> {
  if (cadence === 'daily') {
    const day = new Intl.DateTimeFormat('en-CA', { timeZone }).format(nowMs);
    return [{ name: day, period: calendarOf(timeZone).periodOf(nowMs) }];
  }
  return (await finalMonths(db, tenantId)).map((period) => ({ name: period, period }));
}

// The occasion and the run come together: a second worker meets the occasion and leaves both. @returns whether it was asked.
async function ask(
  db: Database,
  { schedule, occasion, formats }: { schedule: ExportScheduleRecord; occasion: Occasion; formats: readonly string[] },
): Reported<boolean> {
  const where = { scheduleId_occasion: { scheduleId: schedule.id, occasion: occasion.name } };
  if (await db.exportOccasion.findUnique({ where })) return ok(false);
  try {
    return await db.$transaction(async (tx) => {
      const { id: scheduleId, format, tenantId, options } = schedule;
      const requestedBy = `schedule ${scheduleId}`;
      const request = { format, period: occasion.period, tenantId, options, requestedBy, scheduleId };
      const run = await requestRun(tx, request, formats);
      if (!run.ok) return run;
      await tx.exportOccasion.create({ data: { scheduleId, occasion: occasion.name, runId: run.value.id } });
      return ok(true);
    });
  } catch (error) {
    if (isUniqueViolation(error)) return ok(false);
    throw error;
  }
}

type Row = NonNullable<Awaited<ReturnType<Database['exportSchedule']['findUnique']>>>;

function scheduleOf(row: Row): ExportScheduleRecord {
  return {
    id: trustedId('sched', row.id),
    format: row.format,
    tenantId: row.tenantId === null ? null : trustedId('tnt', row.tenantId),
    options: ExportOptions.parse(row.options),
    cadence: row.cadence === 'daily' ? 'daily' : 'after_close',
    target: row.target === null ? null : DeliveryTarget.parse(row.target),
    enabled: row.enabled,
    createdBy: row.createdBy,
  };
}
