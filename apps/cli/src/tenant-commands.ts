// `tenant`: the same services that the HTTP API will use, with flags for words.
import type { Command } from 'commander';
import { listBudgetNotices, listSessionBudgetNotices } from '@trunkline/admission/adapters/prisma';
import { formatAmount } from '@trunkline/kernel';
import { chargedInAll } from '@trunkline/ledger/adapters/prisma';
import {
  activateTenant,
  archiveTenant,
  createTenant,
  findTenant,
  listTenants,
  suspendTenant,
  updateTenant,
} from '@trunkline/tenancy/adapters/prisma';
import { SESSIONS_BOUNDS } from '@trunkline/tenancy';
import { orNull, rangeText, wholeInOrNone, type OrNone } from './flag-values.js';
import { addLimitsCommand } from './limits-command.js';
import { done, type RunCommand } from './run-command.js';
import { noticeRow, tenantDetails, tenantRow } from './tenant-rows.js';

const NOTICES_MAX = 500;
const CAP = `${rangeText(SESSIONS_BOUNDS)}, or none`;
const capOf = wholeInOrNone(SESSIONS_BOUNDS);

interface CapFlags {
  readonly sessionsMax?: OrNone<number>;
}

/** Adds the commands to the program. */
export function addTenantCommands(program: Command, run: RunCommand): void {
  const tenant = program.command('tenant').description('who pays');
  addChanges(tenant, run);
  addLimitsCommand(tenant, run);
  tenant
    .command('list')
    .description('all tenants, with the limits that are not the default')
    .action((_flags, command: Command) => run(command, async (tenancy) => (await listTenants(tenancy)).map(tenantRow)));
  tenant
    .command('show <tenant>')
    .description('one tenant with all its limits')
    .action((named: string, _flags, command: Command) =>
      run(command, async (tenancy) => [tenantDetails(done(await findTenant(tenancy, named)))]),
    );
  tenant
    .command('budget-notices [tenant]')
    .description(`of which spending limits 50, 80 or 100 % were used, in which period: the newest ${NOTICES_MAX}`)
    .option('--sessions', 'instead those of single sessions, where sessions have a limit of their own')
    .action((named: string | undefined, { sessions }: { sessions?: true }, command: Command) =>
      run(
        command,
        async (tenancy) => {
          const tenants = named === undefined ? null : [done(await findTenant(tenancy, named)).id];
          const list = sessions ? listSessionBudgetNotices : listBudgetNotices;
          return (await list(tenancy.db, tenants, NOTICES_MAX)).map(noticeRow);
        },
        'no budget is used to 50 %',
      ),
    );
}

function addChanges(tenant: Command, run: RunCommand): void {
  tenant
    .command('create')
    .requiredOption('--name <name>', 'a name for people')
    .option('--slug <slug>', 'a name for machines (default: made from the name)')
    .option('--sessions-max <n>', `sessions open at once over all its keys: ${CAP}; default none`, capOf)
    .action((flags: { name: string; slug?: string } & CapFlags, command: Command) =>
      run(command, async (tenancy) => {
        const { name, slug = slugOf(name) } = flags;
        const request = { name, slug, sessionsMax: orNull(flags.sessionsMax) };
        return [tenantRow(done(await createTenant(tenancy, request)))];
      }),
    );
  tenant
    .command('update <tenant>')
    .description('tenant: its slug or id')
    .option('--name <name>')
    .option('--sessions-max <n>', `sessions open at once over all its keys: ${CAP}`, capOf)
    .action((named: string, flags: { name?: string } & CapFlags, command: Command) =>
      run(command, async (tenancy) => {
        const { id } = done(await findTenant(tenancy, named));
        const request = { ...flags, sessionsMax: orNull(flags.sessionsMax) };
        return [tenantRow(done(await updateTenant(tenancy, id, request)))];
      }),
    );
  tenant
    .command('archive <tenant>')
    .description('for good: its keys are revoked, its live sessions end; its books stay')
    .action((named: string, _flags, command: Command) =>
      run(command, async (tenancy) => {
        const { id: tenantId } = done(await findTenant(tenancy, named));
        const spend = await chargedInAll(tenancy.db, { tenantId, keyId: null });
        return [{ ...tenantRow(done(await archiveTenant(tenancy, tenantId, spend))), charged: formatAmount(spend) }];
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

function slugOf(name: string): string {
  const words =
    name
      .toLowerCase()
      .normalize('NFKD')
      .match(/[a-z0-9]+/g) ?? [];
  return words.join('-').slice(0, 63).replace(/-+$/, '');
}
