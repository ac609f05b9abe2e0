// Does a run: writes its files into the folder of exports, notes what they are, and delivers them where its schedule says.
// Bears being done twice: files are replaced by the same ones, and what is done already is left alone.
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ExportRunId } from '@trunkline/kernel';
import type { Database } from '@trunkline/platform/database';
import type { DeliveryTarget } from '../../index.js';
import {
  failRun,
  findExport,
  finishRun,
  noteProgress,
  notePurged,
  runsToPurge,
  startRun,
  type ExportRunRecord,
} from '../prisma/index.js';
import { deliver, type S3Access } from './deliver.js';
import { formatNamed } from './formats.js';
import { writeExport, type Books, type ExportProgress } from './write-export.js';

/** Where exports are kept, and how buckets are reached. */
export interface ExportPlace extends Books {
  /** Folder with a folder for each run. */
  readonly dir: string;
  readonly s3: S3Access | null;
}

const PROGRESS_MS = 1_000;
const PURGED_AT_ONCE = 100;

/** Where the files of a run are. */
export function folderOf({ dir }: Pick<ExportPlace, 'dir'>, id: ExportRunId): string {
  return join(dir, id);
}

/**
 * Does a run to its end. Whoever waits for it may look at its rows as they come; others see them in `progressRows`.
 * @throws what went wrong, after noting it; the run may be taken up again.
 */
export async function performRun(
  place: ExportPlace,
  id: ExportRunId,
  { signal, onRows = () => undefined }: ExportProgress = {},
): Promise<ExportRunRecord | null> {
  const run = await startRun(place.db, id);
  if (run === null) return findExport(place.db, id);
  try {
    const format = formatNamed(run.format);
    if (format === null) throw new Error(`this release knows no format ${run.format}`);
    const { period, tenantId, options } = run;
    const note = progressNoter(place.db, id);
    const progress = {
      ...(signal === undefined ? {} : { signal }),
      onRows: (rows: number) => {
        note(rows);
        onRows(rows);
      },
    };
    const written = await writeExport(place, { format, period, tenantId, options }, folderOf(place, id), progress);
    await finishRun(place.db, id, written);
    return await findExport(place.db, id);
  } catch (error) {
    await failRun(place.db, id, error instanceof Error ? error.message : String(error));
    throw error;
  }
}

/** Delivers a finished run and notes how it went. @throws when it did not. */
export async function deliverRun(place: ExportPlace, run: ExportRunRecord, target: DeliveryTarget): Promise<string> {
  if (run.manifest === null || run.purgedAtMs !== null) throw new Error(`export ${run.id} has no files to deliver`);
  const name = `${run.period}-${run.format}-${run.id}`;
  const note = (outcome: 'delivered' | 'failed', detail: string) =>
    place.db.exportDelivery.create({ data: { runId: run.id, target, outcome, detail: detail.slice(0, 2_000) } });
  try {
    const dir = folderOf(place, run.id);
    const delivered = await deliver({ dir, name, manifest: run.manifest, s3: place.s3 }, target);
    await note('delivered', delivered);
    return delivered;
  } catch (error) {
    await note('failed', error instanceof Error ? error.message : String(error));
    throw error;
  }
}

/** Throws away the files of runs that finished before an instant. @returns how many. */
export async function purgeRuns(place: ExportPlace, beforeMs: number): Promise<number> {
  const ids = await runsToPurge(place.db, beforeMs, PURGED_AT_ONCE);
  for (const id of ids) {
    await rm(folderOf(place, id), { recursive: true, force: true });
    await notePurged(place.db, id);
  }
  return ids.length;
}

// Once a second at most, one write at a time; the last one is `finishRun`'s.
function progressNoter(db: Database, id: ExportRunId): (rows: number) => void {
  let lastMs = performance.now();
  return (rows) => {
    const nowMs = performance.now();
    if (nowMs - lastMs < PROGRESS_MS) return;
    lastMs = nowMs;
    // A progress that is not noted hurts nobody.
    noteProgress(db, id, rows).catch(() => undefined);
  };
}
