// `member`: who may use the control plane, and their roles.
import type { Command } from 'commander';
import { parseRole, ROLES, type Grant } from '@trunkline/tenancy';
import {
  disableMember,
  enableMember,
  findTenant,
  grantRole,
  listMembers,
  revokeRole,
  type MemberRecord,
  type TenancyContext,
} from '@trunkline/tenancy/adapters/prisma';
import { withActor, type ActorFlag } from '../actor.js';
import type { Row } from '../output.js';
import { done, type RunCommand } from '../run-command.js';

interface RoleFlags extends ActorFlag {
  readonly tenant?: string;
}

/** Adds the commands to the program. */
export function addMemberCommands(program: Command, run: RunCommand): Command {
  const member = program.command('member').description('people on the admin port, and their roles');
  member
    .command('list')
    .description('all, with their roles; people are here from their first sign-in on')
    .action((_flags, command: Command) => run(command, async ({ db }) => (await listMembers(db)).map(memberRow)));
  for (const [verb, act, says] of [
    ['grant', grantRole, 'gives a member a role'],
    ['revoke', revokeRole, 'takes a role away; the next request is without it'],
  ] as const)
    withActor(member.command(`${verb} <member> <role>`))
      .description(`${says}: ${ROLES.join(', ')}`)
      .option('--tenant <tenant>', 'in this tenant only (slug or id); tenant_admin always')
      .action((memberId: string, role: string, flags: RoleFlags, command: Command) =>
        run(command, async (tenancy) => {
          const grant = await grantIn(tenancy, role, flags.tenant);
          return [memberRow(done(await act(tenancy, { principal: null, name: flags.actor }, { memberId, grant })))];
        }),
      );
  for (const [verb, act, says] of [
    ['disable', disableMember, 'shuts a member out: their sessions and tokens end at once'],
    ['enable', enableMember, 'lets a member in again, with the roles that they have'],
  ] as const)
    withActor(member.command(`${verb} <member>`))
      .description(says)
      .action((memberId: string, flags: ActorFlag, command: Command) =>
        run(command, async (tenancy) => [
          memberRow(done(await act(tenancy, { principal: null, name: flags.actor }, memberId))),
        ]),
      );
  return member;
}

/** A role by name, for the company or for a tenant. @throws Error that says what there is */
export async function grantIn(tenancy: TenancyContext, text: string, tenant: string | undefined): Promise<Grant> {
  const role = parseRole(text);
  if (role === null) throw new Error(`there is no role "${text}": choose from ${ROLES.join(', ')}`);
  return { role, tenantId: tenant === undefined ? null : done(await findTenant(tenancy, tenant)).id };
}

/** A grant as one word. */
export function grantText({ role, tenantId }: Grant): string {
  return tenantId === null ? role : `${role}@${tenantId}`;
}

function memberRow({ id, name, email, issuer, grants, seenAtMs, disabledAtMs }: MemberRecord): Row {
  const at = (ms: number | null) => (ms === null ? null : new Date(ms).toISOString());
  return { id, name, email, issuer, roles: grants.map(grantText), seen: at(seenAtMs), disabled: at(disabledAtMs) };
}
