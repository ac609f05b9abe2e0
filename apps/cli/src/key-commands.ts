// `key`: credentials of a tenant.
import type { Command } from 'commander';
import type { ApiKeyRecord } from '@trunkline/tenancy';
import { createKey, findTenant, listKeys, revokeKey, updateKey } from '@trunkline/tenancy/adapters/prisma';
import { keyIdOf, listOf, numberOrNone, orNull, timeOf, type OrNone } from './flag-values.js';
import type { Row } from './output.js';
import { done, type RunCommand } from './run-command.js';

/** Adds the commands to the program. */
export function addKeyCommands(program: Command, run: RunCommand): void {
  const key = program.command('key').description('credentials of a tenant');
  key
    .command('create')
    .description('make a key; it is shown now and never again')
    .requiredOption('--tenant <tenant>', 'slug or id')
    .requiredOption('--name <name>')
    .option('--sessions-max <n>', 'sessions open at once with this key', numberOrNone)
    .option('--models <models>', 'comma-separated; default: all that are offered', listOf)
    .option('--origins <origins>', 'comma-separated browser origins; default: any', listOf)
    .option('--expires-at <time>', 'ISO 8601', timeOf)
    .action((flags: KeyFlags, command: Command) =>
      run(command, async (tenancy) => {
        const { tenant, sessionsMax, ...request } = flags;
        const { id } = done(await findTenant(tenancy, tenant));
        const created = done(await createKey(tenancy, id, { ...request, sessionsMax: orNull(sessionsMax) }));
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
    .command('update <key>')
    .description('what is not named stays')
    .requiredOption('--tenant <tenant>', 'slug or id')
    .option('--name <name>')
    .option('--sessions-max <n>', 'a number, or none', numberOrNone)
    .action((named: string, flags: UpdateFlags, command: Command) =>
      run(command, async (tenancy) => {
        const { tenant, sessionsMax, ...request } = flags;
        const { id } = done(await findTenant(tenancy, tenant));
        const changes = { ...request, sessionsMax: orNull(sessionsMax) };
        return [keyRow(done(await updateKey(tenancy, id, keyIdOf(named), changes)))];
      }),
    );
  key
    .command('revoke <key>')
    .description('for ever; its live sessions end within two seconds')
    .requiredOption('--tenant <tenant>', 'slug or id')
    .action((named: string, flags: { tenant: string }, command: Command) =>
      run(command, async (tenancy) => {
        const { id } = done(await findTenant(tenancy, flags.tenant));
        return [keyRow(done(await revokeKey(tenancy, id, keyIdOf(named))))];
      }),
    );
}

interface UpdateFlags {
  readonly tenant: string;
  readonly name?: string;
  readonly sessionsMax?: OrNone<number>;
}

interface KeyFlags {
  readonly tenant: string;
  readonly name: string;
  readonly sessionsMax?: OrNone<number>;
  readonly models?: string[];
  readonly origins?: string[];
  readonly expiresAt?: Date;
}

function keyRow({ id, name, status, prefix, last4, sessionsMax, models, expiresAtMs }: ApiKeyRecord): Row {
  const expires_at = expiresAtMs === null ? null : new Date(expiresAtMs).toISOString();
  return { id, name, status, key: `${prefix}...${last4}`, sessions_max: sessionsMax, models, expires_at };
}
