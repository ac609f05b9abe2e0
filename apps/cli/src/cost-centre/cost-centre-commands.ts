// `cost-centre`: cost centres, and which tenants and keys belong to them since when.
import type { Command } from 'commander';
import type { CostCentre, CostCentreAssignment } from '@trunkline/reporting';
import {
  assignCostCentre,
  assignmentsOfTenant,
  listCostCentres,
  saveCostCentre,
} from '@trunkline/reporting/adapters/prisma';
import { findTenant } from '@trunkline/tenancy/adapters/prisma';
import { withActor } from '../actor.js';
import { keyIdOf, orNull, type OrNone } from '../flag-values.js';
import type { Row } from '../output.js';
import { done, type RunCommand } from '../run-command.js';

interface CentreFlags {
  readonly name: string;
  readonly owner: string;
  readonly glAccount: string;
}
interface AssignFlags {
  readonly tenant: string;
  readonly key?: string;
  readonly from: string;
  readonly actor: string;
}

/** Adds the commands to the program. */
export function addCostCentreCommands(program: Command, run: RunCommand): void {
  const centre = program.command('cost-centre').description('who pays inside the company');
  centre
    .command('set <code>')
    .description('makes a cost centre, or changes it')
    .requiredOption('--name <name>')
    .requiredOption('--owner <name>', 'who answers for it')
    .requiredOption('--gl-account <account>', 'where the general ledger books it')
    .action((code: string, { name, owner, glAccount }: CentreFlags, command: Command) =>
      run(command, async ({ db }) => [
        centreRow(done(await db.$transaction((tx) => saveCostCentre(tx, { code, name, owner, glAccount })))),
      ]),
    );
  centre
    .command('list')
    .action((_flags, command: Command) => run(command, async ({ db }) => (await listCostCentres(db)).map(centreRow)));
  addAssignments(centre, run);
}

function centreRow({ code, name, owner, glAccount }: CostCentre): Row {
  return { code, name, owner, gl_account: glAccount };
}

function addAssignments(centre: Command, run: RunCommand): void {
  withActor(centre.command('assign <code>'))
    .description('from a day on, charges of a tenant or of one of its keys belong to it; "none" takes them out')
    .requiredOption('--tenant <tenant>', 'slug or id')
    .option('--key <id>', 'one key only')
    .requiredOption('--from <day>', 'the first day, of the company, such as 2026-11-16')
    .action((code: OrNone<string>, flags: AssignFlags, command: Command) =>
      run(command, async (tenancy) => {
        const { id: tenantId, slug } = done(await findTenant(tenancy, flags.tenant));
        const keyId = flags.key === undefined ? null : keyIdOf(flags.key);
        const request = { code: orNull(code), effectiveFrom: flags.from };
        const assigning = tenancy.db.$transaction((tx) =>
          assignCostCentre(tx, { tenantId, keyId }, request, flags.actor),
        );
        const assigned = done(await assigning);
        return [{ tenant: slug, ...assignmentRow(assigned), actor: flags.actor }];
      }),
    );
  centre
    .command('assignments <tenant>')
    .description('who belonged where, in the order in which it counts')
    .action((named: string, _flags, command: Command) =>
      run(command, async (tenancy) => {
        const { id } = done(await findTenant(tenancy, named));
        return (await assignmentsOfTenant(tenancy.db, id)).map(({ actor, assignedAtMs, ...assigned }) => ({
          ...{ ...assignmentRow(assigned), actor, said_at: new Date(assignedAtMs).toISOString() },
        }));
      }),
    );
}

function assignmentRow({ keyId, code, effectiveFrom }: CostCentreAssignment): Row {
  return { from: effectiveFrom, key: keyId, cost_centre: code };
}
