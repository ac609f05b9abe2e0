// Tenants' moderation policies in the database: each change is a new version, nothing is overwritten. Gateways hear of a
// new one as of any change of policy.
import type { TenantId } from '@trunkline/kernel';
import { withSecretsSealed, type ModerationPolicy } from '@trunkline/moderation';
import type { Database, Prisma } from '@trunkline/platform/database';

/** A version of a tenant's policy. */
export interface PolicyVersion {
  readonly version: number;
  /** As stored; a release that cannot read it shows it all the same. */
  readonly policy: unknown;
  readonly actor: string;
  readonly createdAtMs: number;
}

/** A policy to set. */
export interface NewPolicy {
  readonly policy: ModerationPolicy;
  readonly actor: string;
  /** Seals a secret of the policy for an owner: none is stored as it was given. */
  readonly seal: (secret: string, owner: string) => string;
}

/** Sets a tenant's policy; sessions that open from now on have it. @returns the new version's number. */
export async function setModerationPolicy(db: Database, tenantId: TenantId, given: NewPolicy): Promise<number> {
  const { version } = await db.$transaction((tx) => setModerationPolicyIn(tx, tenantId, given));
  return version;
}

/** The same in a transaction of the caller's. */
export async function setModerationPolicyIn(
  tx: Prisma.TransactionClient,
  tenantId: TenantId,
  { policy, actor, seal }: NewPolicy,
): Promise<PolicyVersion> {
  const sealed = withSecretsSealed(policy, (secret) => seal(secret, tenantId));
  const version = (await lockPolicyVersion(tx, tenantId)) + 1;
  return versionOf(await tx.moderationPolicy.create({ data: { tenantId, version, policy: sealed, actor } }));
}

/** The number of the newest version, 0 where there is none. One change of a tenant's policy at a time. */
export async function lockPolicyVersion(tx: Prisma.TransactionClient, tenantId: TenantId): Promise<number> {
  await tx.$queryRaw`SELECT id FROM tenant WHERE id = ${tenantId} FOR UPDATE`;
  const where = { tenantId };
  const newest = await tx.moderationPolicy.findFirst({
    where,
    orderBy: { version: 'desc' },
    select: { version: true },
  });
  return newest?.version ?? 0;
}

/** A tenant's policies, the one in force first. */
export async function moderationPoliciesOf(db: Database, tenantId: TenantId): Promise<readonly PolicyVersion[]> {
  const rows = await db.moderationPolicy.findMany({ where: { tenantId }, orderBy: { version: 'desc' } });
  return rows.map(versionOf);
}

type PolicyRow = Prisma.ModerationPolicyGetPayload<object>;

function versionOf({ version, policy, actor, createdAt }: PolicyRow): PolicyVersion {
  return { version, policy, actor, createdAtMs: createdAt.getTime() };
}
