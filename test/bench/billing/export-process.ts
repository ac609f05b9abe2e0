// Exports a month in one format, in a process of its own, as a worker does: so that its memory is that of this format and of
// no other. Takes a JSON of what to do, prints a JSON of figures.
import { readFileSync } from 'node:fs';
import { openDatabase } from '@trunkline/platform/database';
import { ExportOptions } from '@trunkline/reporting';
import { formatNamed, writeExport } from '@trunkline/reporting/adapters/export';
import { z } from 'zod';

const [given = '{}'] = process.argv.slice(2);
const task = z
  .object({
    url: z.string(),
    period: z.templateLiteral([z.number(), '-', z.string()]),
    format: z.string(),
    dir: z.string(),
  })
  .parse(JSON.parse(given));

const format = formatNamed(task.format);
if (format === null) throw new Error(`there is no format ${task.format}`);
const db = openDatabase(task.url, { poolMax: 2 });
try {
  const request = { format, period: task.period, tenantId: null, options: ExportOptions.parse({}) };
  const startedMs = performance.now();
  const startedCpu = process.cpuUsage();
  const { manifest, sha256 } = await writeExport({ db, databaseUrl: task.url }, request, task.dir);
  const seconds = (performance.now() - startedMs) / 1_000;
  const { user, system } = process.cpuUsage(startedCpu);
  const bytes = manifest.files.reduce((sum, file) => sum + file.bytes, 0);
  const files = manifest.files.map((file) => file.sha256);
  const figures = {
    seconds,
    cpuSeconds: (user + system) / 1e6,
    rows: manifest.rows,
    bytes,
    peakKiB: peakKiB(),
    sha256,
    files,
  };
  process.stdout.write(`${JSON.stringify(figures)}\n`);
} finally {
  await db.$disconnect();
}

// Linux keeps the highest resident memory of a process.
function peakKiB(): number {
  return Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? 0);
}
