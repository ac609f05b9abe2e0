// How long an export of a month takes, what CPU and how much memory, in a process of its own for each format.
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { z } from 'zod';

/** One format, measured. */
export interface MeasuredExport {
  readonly format: string;
  readonly seconds: number;
  /** CPU seconds of the exporting process and of the server. */
  readonly cpuSeconds: number;
  readonly serverCpuSeconds: number;
  readonly rows: number;
  readonly megabytes: number;
  /** Highest resident memory of the exporting process. */
  readonly peakMb: number;
  /** Of the manifest, which holds the hashes of all files. */
  readonly sha256: string;
}

const MB = 1024 * 1024;
const PROGRAM = fileURLToPath(new URL('./export-process.js', import.meta.url));
const figuresShape = z.object({
  seconds: z.number(),
  cpuSeconds: z.number(),
  rows: z.number(),
  bytes: z.number(),
  peakKiB: z.number(),
  sha256: z.string(),
});

/** Exports a month in each of the formats. @param serverCpuSeconds used so far by the server */
export async function measureExports(
  url: string,
  period: string,
  { formats, serverCpuSeconds }: { readonly formats: readonly string[]; readonly serverCpuSeconds: () => number },
): Promise<readonly MeasuredExport[]> {
  const measured: MeasuredExport[] = [];
  const root = await mkdtemp(join(tmpdir(), 'trunkline-bench-exports-'));
  try {
    for (const format of formats) {
      const dir = join(root, format);
      const before = serverCpuSeconds();
      const task = JSON.stringify({ url, period, format, dir });
      const { stdout } = await promisify(execFile)(process.execPath, [PROGRAM, task]);
      const { bytes, peakKiB, ...figures } = figuresShape.parse(JSON.parse(stdout));
      const server = serverCpuSeconds() - before;
      measured.push({ format, ...figures, serverCpuSeconds: server, megabytes: bytes / MB, peakMb: peakKiB / 1024 });
      await rm(dir, { recursive: true, force: true });
    }
    return measured;
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}
