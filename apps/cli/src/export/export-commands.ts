// `export`: makes exports here and now, lists those that were made, copies and delivers their files.
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { DeliveryTarget } from '@trunkline/reporting';
import { deliverRun, EXPORT_FORMATS, folderOf, performRun } from '@trunkline/reporting/adapters/export';
import {
  findExport,
  listExports,
  requestRun,
  retryRun,
  targetOfSchedule,
  type ExportRunRecord,
} from '@trunkline/reporting/adapters/prisma';
import { findTenant, type TenancyContext } from '@trunkline/tenancy/adapters/prisma';
import type { Row } from '../output.js';
import { withActor } from '../actor.js';
import { done, type RunOnBooks } from '../run-command.js';
import { tenantNames, type NameOf } from '../tenant-names.js';
import { downloadRun } from './download-run.js';
import { addExportOptions, optionsOf, targetOf, type OptionFlags } from './export-flags.js';
import { tellProgress } from './tell-progress.js';
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
    .option('--tenant <tenant>', 'one tenant (slug or id); default: all');
  addExportOptions(withActor(command)).action((format: string, flags: RunFlags, self: Command) =>
    run(self, async ({ tenancy, exports }) => {
      const { period, actor: requestedBy } = flags;
      const tenantId = flags.tenant === undefined ? null : done(await findTenant(tenancy, flags.tenant)).id;
      const request = { format, period, tenantId, options: optionsOf(flags), requestedBy, byWorker: false };
      const asked = done(await tenancy.db.$transaction((tx) => requestRun(tx, request, FORMAT_IDS)));
      const teller = tellProgress((line) => process.stderr.write(`${asked.id}: ${line}\n`));
      const finished = await performRun(exports, asked.id, { onRows: teller.onRows }).finally(teller.stop);
      return finished === null ? [] : fileRows(finished, folderOf(exports, finished.id));
    }),
  );
}

function addReads(exporting: Command, run: RunOnBooks): void {
  exporting.command('list').action((_flags, command: Command) =>
    run(command, async ({ tenancy }) => {
      const nameOf = await tenantNames(tenancy);
      return (await listExports(tenancy.db, LISTED)).map((each) => runRow(each, nameOf));
    }),
  );
  exporting
    .command('show <run>')
    .description('one run with its manifest')
    .action((id: string, _flags, command: Command) =>
      run(command, async ({ tenancy }) => `${JSON.stringify(await runNamed(tenancy, id), null, 2)}\n`),
    );
  exporting
    .command('download <run>')
    .description('copies its files into a folder; other files of the same names stay, and it says so')
    .requiredOption('--out <folder>')
    .option('--force', 'replaces files of the same names')
    .action((id: string, { out, force }: { out: string; force?: true }, command: Command) =>
      run(command, async ({ tenancy, exports }) => {
        const files = await downloadRun(exports, await runNamed(tenancy, id), { out, replace: force === true });
        return files.map((file) => ({ file }));
      }),
    );
  exporting
    .command('retry <run>')
    .description('lets the worker begin again with one that failed')
    .action((id: string, _flags, command: Command) =>
      run(command, async ({ tenancy }) => {
        const { status } = await runNamed(tenancy, id);
        if (!(await tenancy.db.$transaction((tx) => retryRun(tx, id))))
          throw new Error(`export ${id} did not fail, it is ${status}: ask for another with export run`);
        return [runRow(await runNamed(tenancy, id), await tenantNames(tenancy))];
      }),
    );
  exporting
    .command('deliver <run>')
    .description('puts its files into a folder or a bucket, in a folder of their own; default: where its schedule says')
    .option('--folder <path>', 'into a folder of this machine')
    .option('--bucket <bucket>', 'into a bucket of the store in the settings')
    .option('--prefix <prefix>', 'before the name in the bucket', '')
    .action((id: string, flags: { folder?: string; bucket?: string; prefix: string }, command: Command) =>
      run(command, async ({ tenancy, exports }) => {
        const found = await runNamed(tenancy, id);
        return [{ delivered: await deliverRun(exports, found, await deliveryTargetOf(tenancy, found, flags)) }];
      }),
    );
}

async function deliveryTargetOf(
  { db }: TenancyContext,
  { scheduleId }: ExportRunRecord,
  flags: { folder?: string; bucket?: string; prefix: string },
): Promise<DeliveryTarget> {
  const folder = flags.folder === undefined ? {} : { folder: resolve(flags.folder) };
  const said = targetOf({ ...flags, ...folder }) ?? (scheduleId && (await targetOfSchedule(db, scheduleId)));
  if (said === null) throw new Error('say where: --folder or --bucket');
  const target = DeliveryTarget.safeParse(said);
  if (target.success) return target.data;
  throw new Error(target.error.issues.map(({ message }) => message).join('; '));
}

async function runNamed({ db }: TenancyContext, id: string): Promise<ExportRunRecord> {
  const found = await findExport(db, id);
  if (found === null) throw new Error(`there is no export ${id}: see export list`);
  return found;
}

function runRow(run: ExportRunRecord, nameOf: NameOf): Row {
  return {
    id: run.id,
    format: run.format,
    period: run.period,
    tenant: run.tenantId === null ? 'all' : nameOf(run.tenantId),
    status: run.purgedAtMs === null ? run.status : 'purged',
    figures: run.manifest?.status ?? null,
    phase: run.phase,
    rows: run.progressRows,
    by: run.requestedBy,
    at: new Date(run.requestedAtMs).toISOString(),
    sha256: run.sha256,
    problem: run.problem,
    tries: run.attempts,
    next_try: isoOrNull(run.nextTryAtMs ?? run.delivery?.nextTryAtMs ?? null),
    delivery: run.delivery && [run.delivery.state, run.delivery.detail].filter((part) => part !== null).join(': '),
  };
}

function fileRows(run: ExportRunRecord, dir: string): readonly Row[] {
  const files = run.manifest?.files ?? [];
  return files.map(({ name, bytes, sha256 }) => ({ run: run.id, file: join(dir, name), bytes, sha256 }));
}

function isoOrNull(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
