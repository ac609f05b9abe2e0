// Signs in whom a company's issuer vouched for. Their roles by groups are replaced with each sign-in, so that who left a group has
// lost its roles here; roles that were given by hand stay. Who is disabled gets no session. Both outcomes are on the record.
import { err, mintId, ok, storableText, trustedId, type Result } from '@trunkline/kernel';
import type { AuditOrigin, GroupRole } from '../../index.js';
import { openAdminSession, type SessionContext } from './admin-sessions.js';
import { recordAudit } from './audit.js';
import type { Tx } from './locks.js';

/** Somebody, as their issuer says. */
export interface VouchedMember {
  readonly issuer: string;
  readonly subject: string;
  readonly name: string | null;
  readonly email: string | null;
  readonly roles: readonly GroupRole[];
  /** When they showed who they are, Unix milliseconds; null: the issuer does not say. */
  readonly authenticatedAtMs: number | null;
}

const NAME_CHARS_MAX = 200;

/** Signs somebody in. @returns the secret for the cookie; an error: they are disabled */
export function signInByGroups(
  context: SessionContext,
  vouched: VouchedMember,
  origin: AuditOrigin,
): Promise<Result<string, 'disabled'>> {
  return context.db.$transaction(async (tx) => {
    const { issuer, subject } = vouched;
    const known = { name: text(vouched.name) ?? text(subject) ?? 'somebody', email: text(vouched.email) };
    const id = mintId('mbr', context.clock.nowMs(), context.randomBytes);
    const member = await tx.member.upsert({
      where: { issuer_subject: { issuer, subject } },
      create: { id, issuer, subject, ...known },
      update: known,
    });
    const actor = { kind: 'member', id: member.id, name: member.name } as const;
    const entry = { actor, origin, object: { kind: 'member', id: member.id }, tenantId: null, before: null };
    if (member.disabledAt !== null) {
      await recordAudit(tx, { ...entry, action: 'sign-in refused', after: { by: 'oidc', why: 'disabled' } });
      return err('disabled');
    }
    const given = await giveGroupRoles(tx, context, member.id, vouched.roles);
    const memberId = trustedId('mbr', member.id);
    const { authenticatedAtMs } = vouched;
    const secret = await openAdminSession(tx, context, { memberId, by: 'oidc', origin, authenticatedAtMs });
    await recordAudit(tx, { ...entry, action: 'sign-in', after: { by: 'oidc', issuer, ...given } });
    return ok(secret);
  });
}

/** Records that a sign-in came to nothing. */
export async function recordRefusedSignIn(
  { db }: Pick<SessionContext, 'db'>,
  { issuer, why }: { readonly issuer: string; readonly why: string },
  origin: AuditOrigin,
): Promise<void> {
  const nobody = { kind: 'system', id: 'sign-in', name: 'somebody who is not signed in' } as const;
  await db.$transaction((tx) =>
    recordAudit(tx, {
      ...{ actor: nobody, origin, action: 'sign-in refused', object: { kind: 'issuer', id: issuer }, tenantId: null },
      ...{ before: null, after: { by: 'oidc', why } },
    }),
  );
}

async function giveGroupRoles(
  tx: Tx,
  { clock, randomBytes }: Pick<SessionContext, 'clock' | 'randomBytes'>,
  memberId: string,
  roles: readonly GroupRole[],
) {
  const slugs = roles.flatMap(({ tenant }) => (tenant === null ? [] : [tenant]));
  const tenants = await tx.tenant.findMany({ where: { slug: { in: slugs } }, select: { id: true, slug: true } });
  const ids = new Map(tenants.map(({ id, slug }) => [slug, id]));
  const wanted = new Map<string, { role: string; tenantId: string | null }>();
  for (const { role, tenant } of roles) {
    const tenantId = tenant === null ? null : ids.get(tenant);
    if (tenantId !== undefined) wanted.set(`${role} ${tenantId ?? ''}`, { role, tenantId });
  }
  const before = await tx.accessGrant.findMany({ where: { memberId, source: 'group' } });
  await tx.accessGrant.deleteMany({ where: { memberId, source: 'group' } });
  const data = [...wanted.values()].map((grant) => ({
    ...{ id: mintId('grt', clock.nowMs(), randomBytes), memberId, ...grant },
    ...{ source: 'group', grantedBy: 'sign-in' },
  }));
  await tx.accessGrant.createMany({ data });
  return {
    rolesBefore: before.map(({ role, tenantId }) => ({ role, tenantId })),
    roles: [...wanted.values()],
    tenantsNotHere: slugs.filter((slug) => !ids.has(slug)),
  };
}

function text(given: string | null): string | null {
  const kept = storableText(given ?? '')
    .trim()
    .slice(0, NAME_CHARS_MAX)
    .toWellFormed();
  return kept === '' ? null : kept;
}
