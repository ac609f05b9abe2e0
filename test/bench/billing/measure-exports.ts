// How long a month takes to export, and in how much memory: `measureExports` over a generated month, one format after the
// other, with the memory of this process sampled meanwhile.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ExportOptions } from '@trunkline/reporting';
import { formatNamed, writeExport, type Books } from '@trunkline/reporting/adapters/export';

/** One format, measured. */
export interface MeasuredExport {
  readonly format: string;
  readonly seconds: number;
  readonly rows: number;
  readonly megabytes: number;
  /** Highest resident memory of the process while it ran. */
  readonly peakMb: number;
}

const SAMPLE_MS = 50;
const MB = 1024 * 1024;

/** Exports a month in each of the formats. */
export async function measureExports(
  books: Books,
  period: `${number}-${string}`,
  formats: readonly string[],
): Promise<readonly MeasuredExport[]> {
  const measured: MeasuredExport[] = [];
  const root = await mkdtemp(join(tmpdir(), 'trunkline-bench-exports-'));
  try {
    for (const id of formats) measured.push(await measure(books, period, { id, dir: join(root, id) }));
    return measured;
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

async function measure(
  books: Books,
  period: `${number}-${string}`,
  { id, dir }: { readonly id: string; readonly dir: string },
): Promise<MeasuredExport> {
  const format = formatNamed(id);
  if (format === null) throw new Error(`there is no format ${id}`);
  let peak = 0;
  const timer = setInterval(() => (peak = Math.max(peak, process.memoryUsage.rss())), SAMPLE_MS);
  const startedMs = performance.now();
  try {
    const request = { format, period, tenantId: null, options: ExportOptions.parse({}) };
    const { manifest } = await writeExport(books, request, dir);
    const bytes = manifest.files.reduce((sum, file) => sum + file.bytes, 0);
    const seconds = (performance.now() - startedMs) / 1_000;
    return { format: id, seconds, rows: manifest.rows, megabytes: bytes / MB, peakMb: peak / MB };
  } finally {
    clearInterval(timer);
  }
}
