// Exports in the background. The tables say what there is to do: a look every few seconds asks for what schedules owe, puts
// runs and deliveries that are due on the queue, also those that failed before or whose process died, and throws away files that
// are too old. A job is tried once: when it is due again is in the tables, which forget nothing (ADR 125).
import { trustedId } from '@trunkline/kernel';
import type { Jobs, RunningJob } from '@trunkline/platform/jobs';
import type { Log } from '@trunkline/platform/logging';
import {
  deliverRun,
  EXPORT_FORMATS,
  performRun,
  purgeRuns,
  type ExportPlace,
} from '@trunkline/reporting/adapters/export';
import {
  dueDeliveries,
  dueRuns,
  failDeadRuns,
  findExport,
  requestDueRuns,
  targetOfSchedule,
} from '@trunkline/reporting/adapters/prisma';
import type { Metrics } from '@trunkline/telemetry/adapters/prom';
import { z } from 'zod';

/** What the jobs work with. */
export interface ExportJobsParts {
  readonly jobs: Jobs;
  readonly place: ExportPlace;
  readonly keepDays: number;
  readonly log: Log;
  readonly metrics: Pick<Metrics, 'counter'>;
  readonly nowMs: () => number;
  /** Milliseconds between looks. Default 5,000. */
  readonly lookMs?: number;
}

const LOOKS = 'export-looks';
const RUNS = 'export-runs';
const DELIVERIES = 'export-deliveries';
const LOOK_MS = 5_000;
const DAY_MS = 86_400_000;
const TAKEN_AT_ONCE = 20;
const ONCE = { attempts: 1 } as const;
const FORMATS = EXPORT_FORMATS.map(({ id }) => id);

const RunData = z.object({ runId: z.string() });

/** Works exports until shutdown. @throws when the store of the jobs cannot be reached. */
export async function startExportJobs(parts: ExportJobsParts): Promise<void> {
  const { jobs, lookMs = LOOK_MS } = parts;
  jobs.work(LOOKS, () => look(parts));
  jobs.work(RUNS, (data, job) => counted(parts, 'run', run(parts, data, job)));
  jobs.work(DELIVERIES, (data) => counted(parts, 'delivery', delivery(parts, data)));
  await jobs.repeat(LOOKS, 'look', { everyMs: lookMs }, {});
}

async function look({ jobs, place, keepDays, log, nowMs }: ExportJobsParts): Promise<void> {
  const { asked, refused } = await requestDueRuns(place.db, nowMs(), FORMATS);
  if (asked > 0) log.info({ event: 'exports_scheduled', count: asked }, 'exports that schedules asked for');
  for (const { id, why } of refused)
    log.error(
      { event: 'export_schedule_refused', name: id, reason: why },
      'a schedule asks for what cannot be exported: stop it',
    );
  const dead = await failDeadRuns(place.db);
  if (dead > 0) log.error({ event: 'exports_dead', count: dead }, 'exports whose process ended: see `cli export list`');
  for (const runId of await dueRuns(place.db, TAKEN_AT_ONCE)) await jobs.add(RUNS, { runId }, { id: runId, ...ONCE });
  for (const { runId } of await dueDeliveries(place.db, TAKEN_AT_ONCE))
    await jobs.add(DELIVERIES, { runId }, { id: runId, ...ONCE });
  const purged = await purgeRuns(place, nowMs() - keepDays * DAY_MS);
  if (purged > 0) log.info({ event: 'exports_purged', count: purged }, 'files of old exports thrown away');
}

async function counted({ metrics }: ExportJobsParts, what: 'run' | 'delivery', work: Promise<void>): Promise<void> {
  try {
    await work;
    metrics.counter('exportTries', { what, result: 'done' }).add(1);
  } catch (error) {
    metrics.counter('exportTries', { what, result: 'failed' }).add(1);
    throw error;
  }
}

async function run({ place, log }: ExportJobsParts, data: unknown, job: RunningJob): Promise<void> {
  const id = trustedId('exp', RunData.parse(data).runId);
  const finished = await performRun(place, id, { signal: job.signal });
  if (finished?.status !== 'done') return;
  const { status, manifest } = finished;
  log.info({ event: 'export_done', name: id, outcome: status, count: manifest?.rows }, 'an export is done');
}

// The queue may be behind the tables: what has arrived meanwhile is left alone.
async function delivery({ place, log }: ExportJobsParts, data: unknown): Promise<void> {
  const found = await findExport(place.db, RunData.parse(data).runId);
  if (!found?.scheduleId || found.delivery?.state === 'delivered') return;
  const target = await targetOfSchedule(place.db, found.scheduleId);
  if (target === null) return;
  const detail = await deliverRun(place, found, target);
  log.info({ event: 'export_delivered', name: found.id, detail }, 'an export was delivered');
}
