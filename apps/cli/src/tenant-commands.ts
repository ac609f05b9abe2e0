// `tenant`: the same services that the HTTP API will use, with flags for words.
import type { Command } from 'commander';
import type { TenantRecord } from '@trunkline/tenancy';
import {
  activateTenant,
  createTenant,
  findTenant,
  listTenants,
  suspendTenant,
  updateTenant,
} from '@trunkline/tenancy/adapters/prisma';
import { numberOrNone } from './flag-values.js';
import type { Row } from './output.js';
import { done, type RunCommand } from './run-command.js';

interface CapFlags {
  readonly sessionsMax?: number | null;
}

/** Adds the commands to the program. */
export function addTenantCommands(program: Command, run: RunCommand): void {
  const tenant = program.command('tenant').description('who pays');
  tenant
    .command('create')
    .requiredOption('--name <name>', 'a name for people')
    .option('--slug <slug>', 'a name for machines (default: made from the name)')
    .option('--sessions-max <n>', 'sessions open at once over all its keys', numberOrNone)
    .action((flags: { name: string; slug?: string } & CapFlags, command: Command) =>
      run(command, async (tenancy) => {
        const { name, slug = slugOf(name), sessionsMax = null } = flags;
        return [tenantRow(done(await createTenant(tenancy, { name, slug, sessionsMax })))];
      }),
    );
  tenant
    .command('list')
    .action((_flags, command: Command) => run(command, async (tenancy) => (await listTenants(tenancy)).map(tenantRow)));
  tenant
    .command('update <tenant>')
    .description('tenant: its slug or id')
    .option('--name <name>')
    .option('--sessions-max <n>', 'a number, or none', numberOrNone)
    .action((named: string, flags: { name?: string } & CapFlags, command: Command) =>
      run(command, async (tenancy) => {
        const { id } = done(await findTenant(tenancy, named));
        return [tenantRow(done(await updateTenant(tenancy, id, flags)))];
      }),
    );
  for (const [verb, act] of [
    ['suspend', suspendTenant],
    ['activate', activateTenant],
  ] as const) {
    tenant.command(`${verb} <tenant>`).action((named: string, _flags, command: Command) =>
      run(command, async (tenancy) => {
        const { id } = done(await findTenant(tenancy, named));
        return [tenantRow(done(await act(tenancy, id)))];
      }),
    );
  }
}

function tenantRow({ id, slug, name, status, sessionsMax }: TenantRecord): Row {
  return { id, slug, name, status, sessions_max: sessionsMax };
}

function slugOf(name: string): string {
  const words =
    name
      .toLowerCase()
      .normalize('NFKD')
      .match(/[a-z0-9]+/g) ?? [];
  return words.join('-').slice(0, 63).replace(/-+$/, '');
}
