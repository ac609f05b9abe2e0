// `export schedule`: exports that the worker makes by itself.
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
import { withActor } from '../actor.js';
import { done, type RunOnBooks } from '../run-command.js';
import { tenantNames, type NameOf } from '../tenant-names.js';
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
    .option('--prefix <prefix>', 'before the name in the bucket');
  addExportOptions(withActor(add)).action((format: string, flags: ScheduleFlags, command: Command) =>
    run(command, async ({ tenancy }) => {
      const tenantId = flags.tenant === undefined ? null : done(await findTenant(tenancy, flags.tenant)).id;
      const { cadence, actor: createdBy } = flags;
      const request = { format, tenantId, options: optionsOf(flags), cadence, target: targetOf(flags), createdBy };
      return [scheduleRow(done(await createSchedule(tenancy.db, request, formats)), await tenantNames(tenancy))];
    }),
  );
  schedule.command('list').action((_flags, command: Command) =>
    run(command, async ({ tenancy }) => {
      const nameOf = await tenantNames(tenancy);
      return (await listSchedules(tenancy.db)).map((each) => scheduleRow(each, nameOf));
    }),
  );
  for (const [verb, enabled] of [
    ['stop', false],
    ['resume', true],
  ] as const)
    schedule
      .command(`${verb} <schedule>`)
      .action((id: string, _flags, command: Command) =>
        run(command, async ({ tenancy }) => [
          scheduleRow(done(await enableSchedule(tenancy.db, id, enabled)), await tenantNames(tenancy)),
        ]),
      );
}

function scheduleRow(schedule: ExportScheduleRecord, nameOf: NameOf): Row {
  const { id, format, tenantId, cadence, target, enabled, createdBy } = schedule;
  return {
    id,
    format,
    tenant: tenantId === null ? 'all' : nameOf(tenantId),
    cadence,
    target: target === null ? null : JSON.stringify(target),
    enabled: enabled ? 'yes' : 'no',
    by: createdBy,
  };
}
