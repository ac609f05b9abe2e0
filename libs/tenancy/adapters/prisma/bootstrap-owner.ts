// Whoever opens the one-time link holds the machine's terminal, and with it the books and the secrets: the link makes them a
// member who owns the installation, whatever was revoked from that member before.
import { mintId, trustedId, type MemberId } from '@trunkline/kernel';
import { recordAudit } from './audit.js';
import { openAdminSession, type SessionContext, type SignIn } from './admin-sessions.js';

/** Issuer of members who do not come from a sign-in elsewhere. */
export const OWN_ISSUER = 'trunkline';
const SUBJECT = 'bootstrap';
const NAME = 'Bootstrap owner';

/** Signs the holder of the one-time link in as owner. @returns the secret for the cookie */
export function signInByLink(context: SessionContext, origin: SignIn['origin']): Promise<string> {
  return context.db.$transaction(async (tx) => {
    const who = { issuer: OWN_ISSUER, subject: SUBJECT };
    const id = mintId('mbr', context.clock.nowMs(), context.randomBytes);
    const member = await tx.member.upsert({
      where: { issuer_subject: who },
      create: { id, ...who, name: NAME },
      update: {},
    });
    const memberId: MemberId = trustedId('mbr', member.id);
    const owner = { memberId, role: 'owner', tenantId: null, source: 'hand' } as const;
    if ((await tx.accessGrant.findFirst({ where: owner })) === null)
      await tx.accessGrant.create({
        data: { id: mintId('grt', context.clock.nowMs(), context.randomBytes), ...owner, grantedBy: 'one-time link' },
      });
    const secret = await openAdminSession(tx, context, { memberId, by: 'link', origin });
    await recordAudit(tx, {
      actor: { kind: 'member', id: memberId, name: member.name },
      origin: { ...origin, requestId: null },
      ...{ action: 'sign-in', object: { kind: 'member', id: memberId }, tenantId: null },
      ...{ before: null, after: { by: 'link' } },
    });
    return secret;
  });
}
