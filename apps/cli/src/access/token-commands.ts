// `token`: credentials of programs for the admin API.
import type { Command } from 'commander';
import {
  createToken,
  listTokens,
  revokeToken,
  TOKEN_DAYS_MAX,
  type ApiTokenRecord,
} from '@trunkline/tenancy/adapters/prisma';
import { withActor, type ActorFlag } from '../actor.js';
import { numberOf } from '../flag-values.js';
import type { Row } from '../output.js';
import { done, type RunCommand } from '../run-command.js';
import { grantIn, grantText } from './member-commands.js';

interface CreateFlags extends ActorFlag {
  readonly name: string;
  readonly role: string;
  readonly tenant?: string;
  readonly days: number;
}

/** Adds the commands to the program. */
export function addTokenCommands(program: Command, run: RunCommand): void {
  const token = program.command('token').description('credentials of programs for the admin API');
  withActor(token.command('create'))
    .description('makes one; it is shown now and never again')
    .requiredOption('--name <name>', 'what it is for')
    .requiredOption('--role <role>', 'what it may do')
    .option('--tenant <tenant>', 'in this tenant only (slug or id)')
    .option('--days <n>', `how long it works, 1 to ${TOKEN_DAYS_MAX}`, numberOf, 90)
    .action(({ name, role, tenant, days, actor }: CreateFlags, command: Command) =>
      run(command, async (tenancy) => {
        const request = { name, days, grants: [await grantIn(tenancy, role, tenant)] };
        const made = done(await createToken(tenancy, { principal: null, name: actor }, request));
        return [{ ...tokenRow(made.token), secret: made.secret }];
      }),
    );
  token
    .command('list')
    .description('all, revoked ones too')
    .action((_flags, command: Command) =>
      run(command, async ({ db }) => (await listTokens(db, 'everybody')).map(tokenRow)),
    );
  withActor(token.command('revoke <token>'))
    .description('ends one at once, by its id')
    .action((id: string, _flags, command: Command) =>
      run(command, async (tenancy) => [tokenRow(done(await revokeToken(tenancy, id, 'everybody')))]),
    );
}

function tokenRow({ id, name, last4, grants, createdBy, expiresAtMs, revokedAtMs, usedAtMs }: ApiTokenRecord): Row {
  const time = (ms: number | null) => (ms === null ? null : new Date(ms).toISOString());
  const times = { expires: time(expiresAtMs), revoked: time(revokedAtMs), used: time(usedAtMs) };
  return { id, name, ends_with: last4, roles: grants.map(grantText), made_by: createdBy, ...times };
}
