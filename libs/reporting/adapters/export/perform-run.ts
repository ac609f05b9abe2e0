// Does a run: writes its files into the folder of exports, notes what they are, and delivers them where its schedule says.
// Bears being done twice, also at once: each try writes into a folder of its own, which takes the run's name in the database
// transaction that makes the run done, so what is delivered and handed out is what the run says, whoever else was at it.
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ExportRunId } from '@trunkline/kernel';
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
  type RunTry,
} from '../prisma/index.js';
import { deliver, type S3Access } from './deliver.js';
import { formatNamed } from './formats.js';
import { writeExport, type Books, type ExportProgress, type WrittenExport } from './write-export.js';

/** Where exports are kept, and how buckets are reached. */
export interface ExportPlace extends Books {
  /** Folder with a folder for each run. */
  readonly dir: string;
  readonly s3: S3Access | null;
}

// Well below the silence after which a try is taken for dead.
const PROGRESS_MS = 1_000;
const PURGED_AT_ONCE = 100;

/** Where the files of a run are. */
export function folderOf({ dir }: Pick<ExportPlace, 'dir'>, id: ExportRunId): string {
  return join(dir, id);
}

/**
 * Does a run to its end. Whoever waits for it may look at its rows as they come; others see them in `progressRows`.
 * @returns the run, as it is where another process is at it; null: there is none.
 * @throws what went wrong, after noting it; the run may be taken up again.
 */
export async function performRun(
  place: ExportPlace,
  id: ExportRunId,
  { signal, onRows = () => undefined }: ExportProgress = {},
): Promise<ExportRunRecord | null> {
  const taken = await startRun(place.db, id);
  const run = await findExport(place.db, id);
  if (taken === null || run === null) return run;
  const pulse = pulseOf(place, taken);
  try {
    const format = formatNamed(run.format);
    if (format === null) throw new Error(`this release knows no format ${run.format}`);
    const { period, tenantId, options } = run;
    const progress = {
      signal: signal === undefined ? pulse.lost : AbortSignal.any([signal, pulse.lost]),
      onRows: (rows: number) => {
        pulse.rows = rows;
        onRows(rows);
      },
    };
    await removeTries(place, id);
    const dir = folderOfTry(place, taken);
    const written = await writeExport(place, { format, period, tenantId, options }, dir, progress);
    await putInPlace(place, taken, written);
    return await findExport(place.db, id);
  } catch (error) {
    await failRun(place.db, taken, error instanceof Error ? error.message : String(error));
    throw error;
  } finally {
    pulse.stop();
  }
}

function folderOfTry(place: Pick<ExportPlace, 'dir'>, { id, attempt }: RunTry): string {
  return `${folderOf(place, id)}.${attempt}`;
}

// What tries left behind that were killed. One of them that lives after all loses its files, and the run it has lost already.
async function removeTries(place: Pick<ExportPlace, 'dir'>, id: ExportRunId): Promise<void> {
  await mkdir(place.dir, { recursive: true });
  for (const name of await readdir(place.dir))
    if (name.startsWith(`${id}.`)) await rm(join(place.dir, name), { recursive: true, force: true });
}

// The row is held from the update to the commit: no other try can come between. A process that dies before the commit leaves a
// folder under the run's name, which the next try replaces.
async function putInPlace(place: ExportPlace, taken: RunTry, written: WrittenExport): Promise<void> {
  const [from, to] = [folderOfTry(place, taken), folderOf(place, taken.id)];
  const isOurs = await place.db.$transaction(async (tx) => {
    if (!(await finishRun(tx, taken, written))) return false;
    await rm(to, { recursive: true, force: true });
    await rename(from, to);
    return true;
  });
  if (isOurs) return;
  await rm(from, { recursive: true, force: true });
  throw new LostRun();
}

/** The process was silent for so long that another took the run up. */
class LostRun extends Error {
  constructor() {
    super('another process took the run up');
  }
}

interface Pulse {
  rows: number;
  /** Aborted when the run is another try's. */
  readonly lost: AbortSignal;
  stop(): void;
}

// Says that the run is being made, and how far. A note that fails is not the run's trouble: the next may not.
function pulseOf({ db }: ExportPlace, taken: RunTry): Pulse {
  const lost = new AbortController();
  let isNoting = false;
  const pulse = { rows: 0, lost: lost.signal, stop: () => clearInterval(timer) };
  const note = async (): Promise<void> => {
    if (isNoting) return;
    isNoting = true;
    const isOurs = await noteProgress(db, taken, pulse.rows).catch(() => true);
    isNoting = false;
    if (!isOurs) lost.abort(new LostRun());
  };
  const timer = setInterval(() => void note(), PROGRESS_MS).unref();
  return pulse;
}

/** Delivers a finished run, exactly the files that it says, and notes how it went. @throws when it did not. */
export async function deliverRun(place: ExportPlace, run: ExportRunRecord, target: DeliveryTarget): Promise<string> {
  const { manifest, sha256: manifestSha256 } = run;
  if (manifest === null || manifestSha256 === null || run.purgedAtMs !== null)
    throw new Error(`export ${run.id} has no files to deliver`);
  const name = `${run.period}-${run.format}-${run.id}`;
  const note = (outcome: 'delivered' | 'failed', detail: string) =>
    place.db.exportDelivery.create({ data: { runId: run.id, target, outcome, detail: detail.slice(0, 2_000) } });
  try {
    const dir = folderOf(place, run.id);
    const delivered = await deliver({ dir, name, manifest, manifestSha256, s3: place.s3 }, target);
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
