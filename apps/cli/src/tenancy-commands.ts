// `tenant`, `key` and `pool`: the same services that the HTTP API will use, with flags for words.
import type { Command } from 'commander';
import { parseId, type Result } from '@trunkline/kernel';
import type { ApiKeyRecord, PoolRecord, TenantRecord } from '@trunkline/tenancy';
import {
  activateTenant,
  createKey,
  createTenant,
  findTenant,
  listKeys,
  listPools,
  listTenants,
  revokeKey,
  setPoolCap,
  suspendTenant,
  updateTenant,
  type TenancyContext,
} from '@trunkline/tenancy/adapters/prisma';
import type { Row } from './output.js';

/** Runs a command on the installation and prints the rows it returns. */
export type RunCommand = (
  command: Command,
  work: (tenancy: TenancyContext) => Promise<readonly Row[]>,
) => Promise<void>;

interface CapFlags {
  readonly sessionsMax?: number | null;
}

/** Adds the commands to the program. */
export function addTenancyCommands(program: Command, run: RunCommand): void {
  addTenantCommands(program, run);
  addKeyCommands(program, run);
  addPoolCommands(program, run);
}

function addTenantCommands(program: Command, run: RunCommand): void {
  const tenant = program.command('tenant').description('who pays');
  tenant
    .command('create')
    .requiredOption('--name <name>', 'a name for people')
    .option('--slug <slug>', 'a name for machines (default: made from the name)')
    .option('--sessions-max <n>', 'sessions open at once over all its keys', capOf)
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
    .option('--sessions-max <n>', 'a number, or none', capOf)
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

function addKeyCommands(program: Command, run: RunCommand): void {
  const key = program.command('key').description('credentials of a tenant');
  key
    .command('create')
    .description('make a key; it is shown now and never again')
    .requiredOption('--tenant <tenant>', 'slug or id')
    .requiredOption('--name <name>')
    .option('--sessions-max <n>', 'sessions open at once with this key', capOf)
    .option('--models <models>', 'comma-separated; default: all that are offered', listOf)
    .option('--origins <origins>', 'comma-separated browser origins; default: any', listOf)
    .option('--expires-at <time>', 'ISO 8601', timeOf)
    .action((flags: KeyFlags, command: Command) =>
      run(command, async (tenancy) => {
        const { tenant, ...request } = flags;
        const { id } = done(await findTenant(tenancy, tenant));
        const created = done(await createKey(tenancy, id, request));
        return [{ ...keyRow(created.key), secret: created.secret }];
      }),
    );
  key
    .command('list')
    .requiredOption('--tenant <tenant>', 'slug or id')
    .action((flags: { tenant: string }, command: Command) =>
      run(command, async (tenancy) => {
        const { id } = done(await findTenant(tenancy, flags.tenant));
        return (await listKeys(tenancy, id)).map(keyRow);
      }),
    );
  key
    .command('revoke <key>')
    .description('for ever; its live sessions end within two seconds')
    .requiredOption('--tenant <tenant>', 'slug or id')
    .action((named: string, flags: { tenant: string }, command: Command) =>
      run(command, async (tenancy) => {
        const { id } = done(await findTenant(tenancy, flags.tenant));
        const keyId = parseId('key', named);
        if (keyId === null) throw new Error(`${named} is no key id: see \`key list\``);
        return [keyRow(done(await revokeKey(tenancy, id, keyId)))];
      }),
    );
}

function addPoolCommands(program: Command, run: RunCommand): void {
  const pool = program.command('pool').description('upstream accounts');
  pool
    .command('list')
    .action((_flags, command: Command) => run(command, async (tenancy) => (await listPools(tenancy)).map(poolRow)));
  pool
    .command('set-cap <pool>')
    .description('sessions open at once upstream; a cap below what is open ends nobody')
    .requiredOption('--sessions-max <n>', 'a number, or none', capOf)
    .action((slug: string, flags: Required<CapFlags>, command: Command) =>
      run(command, async (tenancy) => [poolRow(done(await setPoolCap(tenancy, slug, flags.sessionsMax)))]),
    );
}

interface KeyFlags extends CapFlags {
  readonly tenant: string;
  readonly name: string;
  readonly models?: string[];
  readonly origins?: string[];
  readonly expiresAt?: Date;
}

function tenantRow({ id, slug, name, status, sessionsMax }: TenantRecord): Row {
  return { id, slug, name, status, sessions_max: sessionsMax };
}

function keyRow({ id, name, status, prefix, last4, sessionsMax, models, expiresAtMs }: ApiKeyRecord): Row {
  const expires_at = expiresAtMs === null ? null : new Date(expiresAtMs).toISOString();
  return { id, name, status, key: `${prefix}...${last4}`, sessions_max: sessionsMax, models, expires_at };
}

function poolRow({ id, slug, sessionsMax, models }: PoolRecord): Row {
  return { id, slug, sessions_max: sessionsMax, models };
}

/** The value of an administrative request, or its refusal as an error with the same words. */
export function done<T>(outcome: Result<T, { readonly message: string }>): T {
  if (outcome.ok) return outcome.value;
  throw new Error(outcome.error.message);
}

// What is no number is passed on as NaN, for the service's own message about caps.
function capOf(text: string): number | null {
  return text === 'none' ? null : Number(text);
}

function listOf(text: string): string[] {
  return text.split(',').map((item) => item.trim());
}

function timeOf(text: string): Date {
  return new Date(text);
}

function slugOf(name: string): string {
  const words =
    name
      .toLowerCase()
      .normalize('NFKD')
      .match(/[a-z0-9]+/g) ?? [];
  return words.join('-').slice(0, 63).replace(/-+$/, '');
}
