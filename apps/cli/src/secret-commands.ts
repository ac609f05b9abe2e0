// `secret`: client secrets that a tenant's keys have minted.
import type { Command } from 'commander';
import type { ClientSecret } from '@trunkline/tenancy';
import { findTenant, listClientSecrets, revokeClientSecret } from '@trunkline/tenancy/adapters/prisma';
import type { Row } from './output.js';
import { done, type RunCommand } from './run-command.js';

/** Adds the commands to the program. */
export function addSecretCommands(program: Command, run: RunCommand): void {
  const secret = program.command('secret').description('client secrets (ek_...) that keys have minted for browsers');
  secret
    .command('list')
    .description('the newest thousand, those that are over too; a month after their end they are forgotten')
    .requiredOption('--tenant <tenant>', 'slug or id')
    .action((flags: { tenant: string }, command: Command) =>
      run(command, async (tenancy) => {
        const { id } = done(await findTenant(tenancy, flags.tenant));
        const nowMs = tenancy.clock.nowMs();
        return (await listClientSecrets(tenancy, id)).map((each) => secretRow(each, nowMs));
      }),
    );
  secret
    .command('revoke <secret>')
    .description('by its id (ecs_...), for ever; its live sessions end within two seconds')
    .requiredOption('--tenant <tenant>', 'slug or id')
    .action((named: string, flags: { tenant: string }, command: Command) =>
      run(command, async (tenancy) => {
        const { id } = done(await findTenant(tenancy, flags.tenant));
        return [secretRow(done(await revokeClientSecret(tenancy, id, named)), tenancy.clock.nowMs())];
      }),
    );
}

function secretRow(secret: ClientSecret, nowMs: number): Row {
  const { id, keyId, kind, model, uses, usesMax, origins, pinned, expiresAtMs } = secret;
  return {
    ...{ id, key_id: keyId, status: statusOf(secret, nowMs), kind, model, uses, uses_max: usesMax, origins, pinned },
    expires_at: new Date(expiresAtMs).toISOString(),
  };
}

function statusOf({ revokedAtMs, expiresAtMs, uses, usesMax }: ClientSecret, nowMs: number): string {
  if (revokedAtMs !== null) return 'revoked';
  if (nowMs >= expiresAtMs) return 'expired';
  return usesMax !== null && uses >= usesMax ? 'used up' : 'active';
}
