// Tenants' moderation policies in the database: each change is a new version, nothing is overwritten. Gateways hear of a
// new one as of any change of policy.
import type { TenantId } from '@trunkline/kernel';
import { withSecretsSealed, type ModerationPolicy } from '@trunkline/moderation';
import type { Database } from '@trunkline/platform/database';

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
export async function setModerationPolicy(
  db: Database,
  tenantId: TenantId,
  { policy, actor, seal }: NewPolicy,
): Promise<number> {
  const sealed = withSecretsSealed(policy, (secret) => seal(secret, tenantId));
  return db.$transaction(async (tx) => {
    // One change of a tenant's policy at a time.
    await tx.$queryRaw`SELECT id FROM tenant WHERE id = ${tenantId} FOR UPDATE`;
    const newest = await tx.moderationPolicy.findFirst({ where: { tenantId }, orderBy: { version: 'desc' } });
    const version = (newest?.version ?? 0) + 1;
    await tx.moderationPolicy.create({ data: { tenantId, version, policy: sealed, actor } });
    return version;
  });
}

/** A tenant's policies, the one in force first. */
export async function moderationPoliciesOf(db: Database, tenantId: TenantId): Promise<readonly PolicyVersion[]> {
  const rows = await db.moderationPolicy.findMany({ where: { tenantId }, orderBy: { version: 'desc' } });
  return rows.map(({ version, policy, actor, createdAt }) => ({
    version,
    policy,
    actor,
    createdAtMs: createdAt.getTime(),
  }));
}
