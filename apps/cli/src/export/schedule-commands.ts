// `export schedule`: exports that the worker makes by itself.
import { userInfo } from 'node:os';
import { Option, type Command } from 'commander';
import {
  CADENCES,
  createSchedule,
  enableSchedule,
  listSchedules,
  type ExportScheduleRecord,
} from '@trunkline/reporting/adapters/prisma';
import { findTenant } from '@trunkline/tenancy/adapters/prisma';
import type { Row } from '../output.js';
import { done, type RunOnBooks } from '../run-command.js';
import { addExportOptions, optionsOf, targetOf, type OptionFlags } from './export-flags.js';

interface ScheduleFlags extends OptionFlags {
  readonly cadence: string;
  readonly tenant?: string;
  readonly folder?: string;
  readonly bucket?: string;
  readonly prefix?: string;
  readonly actor: string;
}

/** Adds the commands to `export`. */
export function addScheduleCommands(exporting: Command, run: RunOnBooks, formats: readonly string[]): void {
  const schedule = exporting.command('schedule').description('exports that the worker makes by itself');
  const add = schedule
    .command('add <format>')
    .addOption(new Option('--cadence <when>').choices([...CADENCES]).makeOptionMandatory())
    .option('--tenant <tenant>', 'one tenant (slug or id); default: all')
    .option('--folder <path>', "deliver into a folder of the worker's machine")
    .option('--bucket <bucket>', 'deliver into a bucket of the store in the settings')
    .option('--prefix <prefix>', 'before the name in the bucket')
    .option('--actor <name>', 'who says so', userInfo().username);
  addExportOptions(add).action((format: string, flags: ScheduleFlags, command: Command) =>
    run(command, async ({ tenancy }) => {
      const tenantId = flags.tenant === undefined ? null : done(await findTenant(tenancy, flags.tenant)).id;
      const { cadence, actor: createdBy } = flags;
      const request = { format, tenantId, options: optionsOf(flags), cadence, target: targetOf(flags), createdBy };
      return [scheduleRow(done(await createSchedule(tenancy.db, request, formats)))];
    }),
  );
  schedule
    .command('list')
    .action((_flags, command: Command) =>
      run(command, async ({ tenancy }) => (await listSchedules(tenancy.db)).map(scheduleRow)),
    );
  for (const [verb, enabled] of [
    ['stop', false],
    ['resume', true],
  ] as const)
    schedule
      .command(`${verb} <schedule>`)
      .action((id: string, _flags, command: Command) =>
        run(command, async ({ tenancy }) => [scheduleRow(done(await enableSchedule(tenancy.db, id, enabled)))]),
      );
}

function scheduleRow({ id, format, tenantId, cadence, target, enabled, createdBy }: ExportScheduleRecord): Row {
  return {
    id,
    format,
    tenant: tenantId ?? 'all',
    cadence,
    target: target === null ? null : JSON.stringify(target),
    enabled: enabled ? 'yes' : 'no',
    by: createdBy,
  };
}
