// Who is signed in to the control plane. Guarantees: only hashes of a session's secret are kept, it ends after 12 hours, a member
// has a bounded number, and each look reads the grants as they are then, so a role that is taken away is gone at the next request.
import { createHash } from 'node:crypto';
import { mintId, trustedId, type MemberId } from '@trunkline/kernel';
import type { Database, Prisma } from '@trunkline/platform/database';
import { accessPrincipal, type AccessPrincipal, type AuditOrigin } from '../../index.js';
import { recordAudit } from './audit.js';
import { unguarded } from './audited.js';
import { grantOf } from './grants.js';
import type { TenancyContext } from './context.js';

/** How long somebody stays signed in: a working day. */
export const ADMIN_SESSION_MS_MAX = 12 * 3_600_000;
/** How long after a sign-in secrets are shown and approvals taken without another one. */
export const STEP_UP_MS = 10 * 60_000;
// Browsers of one person; the oldest is signed out.
const SESSIONS_MAX = 20;
const SECRET_BYTES = 32;
const SEEN_EVERY_MS = 60_000;

/** What the services on sessions work with. */
export type SessionContext = Pick<TenancyContext, 'db' | 'clock' | 'randomBytes'>;

/** How somebody signed in. */
export interface SignIn {
  readonly memberId: MemberId;
  readonly by: 'link' | 'oidc';
  readonly origin: Pick<AuditOrigin, 'ip' | 'userAgent'>;
  /** When they showed who they are; null: nobody knows, so it was not just now. Without: now. */
  readonly authenticatedAtMs?: number | null;
}

/** Signs a browser in, in the transaction of whatever let it. @returns the secret for its cookie */
export async function openAdminSession(
  tx: Prisma.TransactionClient,
  { clock, randomBytes }: Pick<SessionContext, 'clock' | 'randomBytes'>,
  { memberId, by, origin, authenticatedAtMs }: SignIn,
): Promise<string> {
  const nowMs = clock.nowMs();
  const now = new Date(nowMs);
  const secret = Buffer.from(randomBytes(SECRET_BYTES)).toString('base64url');
  await tx.adminSession.deleteMany({ where: { expiresAt: { lte: now } } });
  const kept = await tx.adminSession.findMany({
    where: { memberId },
    orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
    skip: SESSIONS_MAX - 1,
    select: { id: true },
  });
  await tx.adminSession.deleteMany({ where: { id: { in: kept.map(({ id }) => id) } } });
  await tx.adminSession.create({
    data: {
      ...{ id: mintId('ads', nowMs, randomBytes), secretHash: hashOf(secret), memberId, signedInBy: by },
      ...{ createdAt: now, seenAt: now, expiresAt: new Date(nowMs + ADMIN_SESSION_MS_MAX) },
      stepUpUntil: new Date(
        authenticatedAtMs === null ? nowMs : Math.min(authenticatedAtMs ?? nowMs, nowMs) + STEP_UP_MS,
      ),
      ...{ ip: origin.ip, userAgent: origin.userAgent },
    },
  });
  await tx.member.update({ where: { id: memberId }, data: { seenAt: now } });
  return secret;
}

/** Who is behind the first of these secrets whose session has not ended; null: nobody. */
export async function findAdminSession(
  { db, clock }: Pick<SessionContext, 'db' | 'clock'>,
  secrets: readonly string[],
): Promise<AccessPrincipal | null> {
  if (secrets.length === 0) return null;
  const row = await db.adminSession.findFirst({
    where: {
      secretHash: { in: secrets.map(hashOf) },
      expiresAt: { gt: new Date(clock.nowMs()) },
      member: { disabledAt: null },
    },
    include: { member: { include: { grants: true } } },
  });
  if (row === null) return null;
  const { member } = row;
  await noteSeen(unguarded(db), row, clock.nowMs());
  return accessPrincipal({
    ...{ kind: 'member', id: member.id, name: member.name, memberId: trustedId('mbr', member.id), person: member.id },
    source: { kind: 'session', sessionId: trustedId('ads', row.id), stepUpUntilMs: row.stepUpUntil.getTime() },
    grants: member.grants.map(grantOf),
  });
}

/** Signs a browser out. */
export async function endAdminSession(
  { db }: Pick<SessionContext, 'db'>,
  { source, id, name }: AccessPrincipal,
  origin: AuditOrigin,
): Promise<void> {
  if (source.kind !== 'session') return;
  await db.$transaction(async (tx) => {
    const { count } = await tx.adminSession.deleteMany({ where: { id: source.sessionId } });
    if (count === 0) return;
    await recordAudit(tx, {
      ...{ actor: { kind: 'member', id, name }, origin, action: 'sign-out' },
      ...{ object: { kind: 'member', id }, tenantId: null, before: null, after: null },
    });
  });
}

// When somebody was last here is no change of anything; to the minute is near enough.
async function noteSeen(
  db: Pick<Database, 'adminSession' | 'member'>,
  session: { readonly id: string; readonly memberId: string; readonly seenAt: Date },
  nowMs: number,
): Promise<void> {
  if (session.seenAt.getTime() + SEEN_EVERY_MS > nowMs) return;
  const data = { seenAt: new Date(nowMs) };
  await db.adminSession.updateMany({ where: { id: session.id }, data });
  await db.member.updateMany({ where: { id: session.memberId }, data });
}

// Looked up by hash: how long the look-up takes says nothing about the secret.
function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}
