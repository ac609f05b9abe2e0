// `cost-centre`: cost centres, and which tenants and keys belong to them since when.
import { userInfo } from 'node:os';
import type { Command } from 'commander';
import {
  assignCostCentre,
  assignmentsOfTenant,
  listCostCentres,
  saveCostCentre,
} from '@trunkline/reporting/adapters/prisma';
import { findTenant } from '@trunkline/tenancy/adapters/prisma';
import { keyIdOf, orNull, type OrNone } from '../flag-values.js';
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
      run(command, async ({ db }) => [{ ...done(await saveCostCentre(db, { code, name, owner, glAccount })) }]),
    );
  centre
    .command('list')
    .action((_flags, command: Command) =>
      run(command, async ({ db }) => (await listCostCentres(db)).map((each) => ({ ...each }))),
    );
  addAssignments(centre, run);
}

function addAssignments(centre: Command, run: RunCommand): void {
  centre
    .command('assign <code>')
    .description('from a day on, charges of a tenant or of one of its keys belong to it; "none" takes them out')
    .requiredOption('--tenant <tenant>', 'slug or id')
    .option('--key <id>', 'one key only')
    .requiredOption('--from <day>', 'the first day, of the company, such as 2026-11-16')
    .option('--actor <name>', 'who says so', userInfo().username)
    .action((code: OrNone<string>, flags: AssignFlags, command: Command) =>
      run(command, async (tenancy) => {
        const { id: tenantId } = done(await findTenant(tenancy, flags.tenant));
        const keyId = flags.key === undefined ? null : keyIdOf(flags.key);
        const request = { code: orNull(code), effectiveFrom: flags.from };
        return [{ ...done(await assignCostCentre(tenancy.db, { tenantId, keyId }, request, flags.actor)) }];
      }),
    );
  centre
    .command('assignments <tenant>')
    .description('who belonged where, in the order in which it counts')
    .action((named: string, _flags, command: Command) =>
      run(command, async (tenancy) => {
        const { id } = done(await findTenant(tenancy, named));
        return (await assignmentsOfTenant(tenancy.db, id)).map(
          ({ keyId, code, effectiveFrom, actor, assignedAtMs }) => ({
            from: effectiveFrom,
            key: keyId,
            cost_centre: code,
            actor,
            said_at: new Date(assignedAtMs).toISOString(),
          }),
        );
      }),
    );
}
