// `export`: makes exports here and now, lists those that were made, copies and delivers their files.
import { copyFile, mkdir } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { trustedId } from '@trunkline/kernel';
import { DeliveryTarget } from '@trunkline/reporting';
import { deliverRun, EXPORT_FORMATS, folderOf, performRun } from '@trunkline/reporting/adapters/export';
import { findExport, listExports, requestRun, type ExportRunRecord } from '@trunkline/reporting/adapters/prisma';
import { findTenant, type TenancyContext } from '@trunkline/tenancy/adapters/prisma';
import type { Row } from '../output.js';
import { done, type BooksInstallation, type RunOnBooks } from '../run-command.js';
import { addExportOptions, optionsOf, targetOf, type OptionFlags } from './export-flags.js';
import { addScheduleCommands } from './schedule-commands.js';

const LISTED = 50;

/** The ids of the formats there are. */
export const FORMAT_IDS: readonly string[] = EXPORT_FORMATS.map(({ id }) => id);

interface RunFlags extends OptionFlags {
  readonly period: string;
  readonly tenant?: string;
  readonly actor: string;
}

/** Adds the commands to the program. */
export function addExportCommands(program: Command, run: RunOnBooks): void {
  const exporting = program.command('export').description('files for finance, out of the books');
  exporting
    .command('formats')
    .action((_flags, command: Command) =>
      run(command, () => Promise.resolve(EXPORT_FORMATS.map(({ id, describes }) => ({ format: id, describes })))),
    );
  addRun(exporting, run);
  addReads(exporting, run);
  addScheduleCommands(exporting, run, FORMAT_IDS);
}

function addRun(exporting: Command, run: RunOnBooks): void {
  const command = exporting
    .command('run <format>')
    .description('exports a month; of a month that is not closed, marked PRELIMINARY')
    .requiredOption('--period <month>', 'such as 2026-11')
    .option('--tenant <tenant>', 'one tenant (slug or id); default: all')
    .option('--actor <name>', 'who asks', userInfo().username);
  addExportOptions(command).action((format: string, flags: RunFlags, self: Command) =>
    run(self, async ({ tenancy, exports }) => {
      const { period, actor: requestedBy } = flags;
      const tenantId = flags.tenant === undefined ? null : done(await findTenant(tenancy, flags.tenant)).id;
      const request = { format, period, tenantId, options: optionsOf(flags), requestedBy };
      const asked = done(await requestRun(tenancy.db, request, FORMAT_IDS));
      const finished = await performRun(exports, asked.id);
      return finished === null ? [] : fileRows(finished, folderOf(exports, finished.id));
    }),
  );
}

function addReads(exporting: Command, run: RunOnBooks): void {
  exporting
    .command('list')
    .action((_flags, command: Command) =>
      run(command, async ({ tenancy }) => (await listExports(tenancy.db, LISTED)).map(runRow)),
    );
  exporting
    .command('show <run>')
    .description('one run with its manifest')
    .action((id: string, _flags, command: Command) =>
      run(command, async ({ tenancy }) => `${JSON.stringify(await runNamed(tenancy, id), null, 2)}\n`),
    );
  exporting
    .command('download <run>')
    .description('copies its files into a folder')
    .requiredOption('--out <folder>')
    .action((id: string, { out }: { out: string }, command: Command) =>
      run(command, (books) => copyFiles(books, id, out)),
    );
  exporting
    .command('deliver <run>')
    .option('--folder <path>', 'into a folder of this machine')
    .option('--bucket <bucket>', 'into a bucket of the store in the settings')
    .option('--prefix <prefix>', 'before the name in the bucket', '')
    .action((id: string, flags: { folder?: string; bucket?: string; prefix: string }, command: Command) =>
      run(command, async ({ tenancy, exports }) => {
        const target = DeliveryTarget.parse(targetOf(flags) ?? {});
        return [{ delivered: await deliverRun(exports, await runNamed(tenancy, id), target) }];
      }),
    );
}

async function copyFiles({ tenancy, exports }: BooksInstallation, id: string, out: string): Promise<readonly Row[]> {
  const { manifest } = await runNamed(tenancy, id);
  if (manifest === null) throw new Error(`export ${id} is not done: see export show ${id}`);
  await mkdir(out, { recursive: true });
  const dir = folderOf(exports, trustedId('exp', id));
  const names = [...manifest.files.map(({ name }) => name), 'manifest.json'];
  for (const name of names) await copyFile(join(dir, name), join(out, name));
  return names.map((name) => ({ file: join(out, name) }));
}

async function runNamed({ db }: TenancyContext, id: string): Promise<ExportRunRecord> {
  const found = await findExport(db, id);
  if (found === null) throw new Error(`there is no export ${id}: see export list`);
  return found;
}

function runRow(run: ExportRunRecord): Row {
  return {
    id: run.id,
    format: run.format,
    period: run.period,
    tenant: run.tenantId ?? 'all',
    status: run.purgedAtMs === null ? run.status : 'purged',
    figures: run.manifest?.status ?? null,
    rows: run.progressRows,
    by: run.requestedBy,
    at: new Date(run.requestedAtMs).toISOString(),
    sha256: run.sha256,
    problem: run.problem,
  };
}

function fileRows(run: ExportRunRecord, dir: string): readonly Row[] {
  const files = run.manifest?.files ?? [];
  return files.map(({ name, bytes, sha256 }) => ({ run: run.id, file: join(dir, name), bytes, sha256 }));
}
