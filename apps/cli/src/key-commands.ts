// `key`: credentials of a tenant.
import type { Command } from 'commander';
import { parseId } from '@trunkline/kernel';
import type { ApiKeyRecord } from '@trunkline/tenancy';
import { createKey, findTenant, listKeys, revokeKey } from '@trunkline/tenancy/adapters/prisma';
import { listOf, numberOrNone, timeOf } from './flag-values.js';
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

interface KeyFlags {
  readonly tenant: string;
  readonly name: string;
  readonly sessionsMax?: number | null;
  readonly models?: string[];
  readonly origins?: string[];
  readonly expiresAt?: Date;
}

function keyRow({ id, name, status, prefix, last4, sessionsMax, models, expiresAtMs }: ApiKeyRecord): Row {
  const expires_at = expiresAtMs === null ? null : new Date(expiresAtMs).toISOString();
  return { id, name, status, key: `${prefix}...${last4}`, sessions_max: sessionsMax, models, expires_at };
}
