// Exports in the background. The table says what there is to do; a look every few seconds puts it on the queue, asks for what
// schedules owe, and throws away files that are too old. A run that a killed worker left behind is taken up by the queue.
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
import { listSchedules, requestDueRuns, waitingRuns, type ExportRunRecord } from '@trunkline/reporting/adapters/prisma';
import { z } from 'zod';

/** What the jobs work with. */
export interface ExportJobsParts {
  readonly jobs: Jobs;
  readonly place: ExportPlace;
  readonly keepDays: number;
  readonly log: Log;
  readonly nowMs: () => number;
  /** Milliseconds between looks. Default 5,000. */
  readonly lookMs?: number;
}

const LOOKS = 'export-looks';
const RUNS = 'export-runs';
const LOOK_MS = 5_000;
const DAY_MS = 86_400_000;
const TAKEN_AT_ONCE = 20;
const FORMATS = EXPORT_FORMATS.map(({ id }) => id);

const RunData = z.object({ runId: z.string() });

/** Works exports until shutdown. @throws when the store of the jobs cannot be reached. */
export async function startExportJobs(parts: ExportJobsParts): Promise<void> {
  const { jobs, lookMs = LOOK_MS } = parts;
  jobs.work(LOOKS, () => look(parts));
  jobs.work(RUNS, (data, job) => run(parts, data, job));
  await jobs.repeat(LOOKS, 'look', { everyMs: lookMs }, {});
}

async function look({ jobs, place, keepDays, log, nowMs }: ExportJobsParts): Promise<void> {
  const asked = await requestDueRuns(place.db, nowMs(), FORMATS);
  if (asked > 0) log.info({ event: 'exports_scheduled', count: asked }, 'exports that schedules asked for');
  for (const runId of await waitingRuns(place.db, TAKEN_AT_ONCE)) await jobs.add(RUNS, { runId }, { id: runId });
  const purged = await purgeRuns(place, nowMs() - keepDays * DAY_MS);
  if (purged > 0) log.info({ event: 'exports_purged', count: purged }, 'files of old exports thrown away');
}

async function run({ place, log }: ExportJobsParts, data: unknown, job: RunningJob): Promise<void> {
  const id = trustedId('exp', RunData.parse(data).runId);
  const finished = await performRun(place, id, { signal: job.signal });
  if (finished === null) return;
  await deliverScheduled(place, finished);
  const { status, manifest } = finished;
  log.info({ event: 'export_done', name: id, outcome: status, count: manifest?.rows }, 'an export is done');
}

// Tried again with the job when it fails; then the run is done already and only the delivery is.
async function deliverScheduled(place: ExportPlace, run: ExportRunRecord): Promise<void> {
  if (run.scheduleId === null) return;
  const schedule = (await listSchedules(place.db)).find(({ id }) => id === run.scheduleId);
  if (schedule?.target) await deliverRun(place, run, schedule.target);
}
