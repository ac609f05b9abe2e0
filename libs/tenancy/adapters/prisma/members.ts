// Services on members and their roles. Nobody gives or takes a role that is more than theirs, nor shuts out who has one.
import { err, mintId, ok, trustedId, type MemberId } from '@trunkline/kernel';
import type { Database } from '@trunkline/platform/database';
import { grantProblem, grantsBeyond, type AdministrationRefusal, type Administered, type Grant } from '../../index.js';
import type { TokenMaker } from './api-tokens.js';
import type { TenancyContext } from './context.js';
import { grantOf } from './grants.js';
import { changing, type Tx } from './locks.js';

/** A member with their roles. */
export interface MemberRecord {
  readonly id: MemberId;
  readonly issuer: string;
  readonly subject: string;
  readonly name: string;
  readonly email: string | null;
  readonly createdAtMs: number;
  readonly seenAtMs: number | null;
  /** From then on nobody; null: not disabled. */
  readonly disabledAtMs: number | null;
  readonly grants: readonly Grant[];
}

/** All members, oldest first. */
export async function listMembers(db: Pick<Database, 'member'>): Promise<readonly MemberRecord[]> {
  const rows = await db.member.findMany({ include: { grants: true }, orderBy: { id: 'asc' } });
  return rows.map(memberOf);
}

/** Gives a member a role. Once more changes nothing. */
export function grantRole(
  context: Pick<TenancyContext, 'db' | 'clock' | 'randomBytes'>,
  by: TokenMaker,
  { memberId, grant }: { readonly memberId: string; readonly grant: Grant },
): Administered<MemberRecord> {
  return changeRoles(context.db, by, { memberId, grant }, async (tx, where) => {
    if ((await tx.accessGrant.findFirst({ where })) !== null) return;
    const id = mintId('grt', context.clock.nowMs(), context.randomBytes);
    await tx.accessGrant.create({ data: { id, ...where, grantedBy: by.name } });
  });
}

/** Takes a role away; requests under way have been judged, the next one is without it. Once more changes nothing. */
export function revokeRole(
  { db }: Pick<TenancyContext, 'db'>,
  by: TokenMaker,
  change: { readonly memberId: string; readonly grant: Grant },
): Administered<MemberRecord> {
  return changeRoles(db, by, change, async (tx, { memberId, role, tenantId }) => {
    await tx.accessGrant.deleteMany({ where: { memberId, role, tenantId } });
  });
}

/** Shuts a member out: their browsers are signed out and their tokens end, at once and for good. Once more changes nothing. */
export function disableMember(
  { db, clock }: Pick<TenancyContext, 'db' | 'clock'>,
  by: TokenMaker,
  memberId: string,
): Administered<MemberRecord> {
  if (by.principal?.memberId === memberId)
    return Promise.resolve(err({ code: 'does_not_hold', message: 'Nobody disables themselves: ask another one.' }));
  return changeMember(db, by, memberId, async (tx, { disabledAt }) => {
    if (disabledAt !== null) return;
    const now = new Date(clock.nowMs());
    await tx.adminSession.deleteMany({ where: { memberId } });
    await tx.apiToken.updateMany({ where: { memberId, revokedAt: null }, data: { revokedAt: now } });
    await tx.member.update({ where: { id: memberId }, data: { disabledAt: now } });
  });
}

/** Lets a member in again, with the roles that they have; they sign in and make tokens anew. Once more changes nothing. */
export function enableMember(
  { db }: Pick<TenancyContext, 'db' | 'clock'>,
  by: TokenMaker,
  memberId: string,
): Administered<MemberRecord> {
  return changeMember(db, by, memberId, async (tx) => {
    await tx.member.update({ where: { id: memberId }, data: { disabledAt: null } });
  });
}

/** A change of a member by who has all of what they have. */
function changeMember(
  db: Database,
  { principal }: TokenMaker,
  memberId: string,
  change: (tx: Tx, member: MemberRow) => Promise<void>,
): Administered<MemberRecord> {
  return changing(db, async (tx) => {
    await tx.$queryRaw`SELECT 1 AS "locked" FROM "member" WHERE "id" = ${memberId} FOR UPDATE`;
    const where = { where: { id: memberId }, include: { grants: true } } as const;
    const member = await tx.member.findUnique(where);
    if (member === null) return err(memberNotFound());
    if (principal !== null && grantsBeyond(principal, member.grants.map(grantOf)).length > 0)
      return err({ code: 'does_not_hold', message: 'Only who has all of a member’s roles can do that to them.' });
    await change(tx, member);
    return ok(memberOf(await tx.member.findUniqueOrThrow(where)));
  });
}

interface HandGrant extends Grant {
  readonly memberId: string;
  readonly source: 'hand';
}

async function changeRoles(
  db: Database,
  { principal }: TokenMaker,
  { memberId, grant }: { readonly memberId: string; readonly grant: Grant },
  change: (tx: Tx, grant: HandGrant) => Promise<void>,
): Administered<MemberRecord> {
  const problem = grantProblem(grant.role, grant.tenantId);
  if (problem !== null) return err({ code: 'invalid_input', message: `${problem}.` });
  if (principal !== null && grantsBeyond(principal, [grant]).length > 0)
    return err({ code: 'does_not_hold', message: `Only who has all of ${grant.role} can give or take it.` });
  return changing(db, async (tx) => {
    await tx.$queryRaw`SELECT 1 AS "locked" FROM "member" WHERE "id" = ${memberId} FOR UPDATE`;
    const found = await tx.member.findUnique({ where: { id: memberId }, select: { id: true } });
    if (found === null) return err(memberNotFound());
    await change(tx, { ...grant, memberId, source: 'hand' });
    return ok(memberOf(await tx.member.findUniqueOrThrow({ where: found, include: { grants: true } })));
  });
}

function memberNotFound(): AdministrationRefusal {
  return { code: 'member_not_found', message: 'There is no member of this id. List them to see their ids.' };
}

type MemberRow = Awaited<ReturnType<Database['member']['findFirstOrThrow']>> & {
  readonly grants: readonly { readonly role: string; readonly tenantId: string | null }[];
};

function memberOf({ createdAt, seenAt, disabledAt, ...row }: MemberRow): MemberRecord {
  const { id, issuer, subject, name, email, grants } = row;
  return {
    ...{ id: trustedId('mbr', id), issuer, subject, name, email, grants: grants.map(grantOf) },
    ...{ createdAtMs: createdAt.getTime(), seenAtMs: seenAt?.getTime() ?? null },
    disabledAtMs: disabledAt?.getTime() ?? null,
  };
}
