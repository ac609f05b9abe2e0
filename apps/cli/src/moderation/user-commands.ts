// `moderation users`: end users of a tenant's who may open no session, by strikes or by hand.
import type { Command } from 'commander';
import { allowEndUser, findTenant, refusedEndUsersOf, refuseEndUser } from '@trunkline/tenancy/adapters/prisma';
import { numberOf } from '../flag-values.js';
import type { Row } from '../output.js';
import { done, type RunOnReviews } from '../run-command.js';

const DAY_MS = 86_400_000;
const DAYS_MAX = 4_000;

interface UserFlags {
  readonly endUser: string;
}
interface RefuseFlags extends UserFlags {
  readonly days: number;
  readonly reason: string;
}

/** Adds the commands to `moderation`. */
export function addUserCommands(moderation: Command, run: RunOnReviews): void {
  const users = moderation.command('users').description('end users who may open no session');
  users
    .command('list <tenant>')
    .description('who is refused; we know them by a hash of what the app calls them')
    .action((named: string, _flags: object, command: Command) =>
      run(command, async ({ tenancy }) => {
        const { id } = done(await findTenant(tenancy, named));
        const rows = (await refusedEndUsersOf(tenancy, id)).map(({ endUser, untilMs, reason }): Row => {
          return { end_user: endUser, until: new Date(untilMs).toISOString(), reason };
        });
        return { json: rows, tables: [rows] };
      }),
    );
  users
    .command('refuse <tenant>')
    .description('for some days; live sessions end within two seconds')
    .requiredOption('--end-user <name>', 'as the app names them (OpenAI-Safety-Identifier), or our hash of them')
    .requiredOption('--days <n>', 'for how long', numberOf)
    .requiredOption('--reason <text>', 'why')
    .action((named: string, { endUser: name, days, reason }: RefuseFlags, command: Command) =>
      run(command, async ({ tenancy, hashEndUser }) => {
        if (!(days > 0 && days <= DAYS_MAX)) throw new Error(`--days must be more than 0 and at most ${DAYS_MAX}`);
        const { id } = done(await findTenant(tenancy, named));
        const endUser = isHash(name) ? name : hashEndUser(id, name);
        const untilMs = Math.round(tenancy.clock.nowMs() + days * DAY_MS);
        await refuseEndUser(tenancy, id, { endUser, untilMs, reason });
        const rows = [{ end_user: endUser, until: new Date(untilMs).toISOString(), reason }];
        return { json: rows, tables: [rows] };
      }),
    );
  users
    .command('allow <tenant>')
    .description('lets an end user in again')
    .requiredOption('--end-user <name>', 'as the app names them, or our hash of them')
    .action((named: string, { endUser: name }: UserFlags, command: Command) =>
      run(command, async ({ tenancy, hashEndUser }) => {
        const { id } = done(await findTenant(tenancy, named));
        const endUser = isHash(name) ? name : hashEndUser(id, name);
        if (!(await allowEndUser(tenancy, id, endUser)))
          throw new Error('nobody refused this end user: see `moderation users list`');
        const rows = [{ end_user: endUser, allowed: 'yes' }];
        return { json: rows, tables: [rows] };
      }),
    );
}

// What lists show: a name of that very form is nobody's.
function isHash(name: string): boolean {
  return /^eu_[A-Za-z0-9_-]{43}$/.test(name);
}
