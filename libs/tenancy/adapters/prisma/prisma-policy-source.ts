// The policy as the database has it. Reading is bounded by the database's own connect and statement deadlines.
import { trustedId, type Clock } from '@trunkline/kernel';
import type { Database } from '@trunkline/platform/database';
import { compilePolicy, SESSION_ENDS_FOR_MS, type PolicySnapshot, type PolicySource } from '../../index.js';
import { jwtAppOf, jwtIssuerOf } from './jwt-issuer-rows.js';
import { sessionEndsOf } from './session-ends.js';
import {
  apiKeyOf,
  moderationOf,
  poolKeyShareOf,
  poolOf,
  poolShareOf,
  refusedEndUserOf,
  tenantOf,
} from './tenancy-rows.js';

// Keys revoked longer ago are not loaded: to callers they are like unknown ones, and the snapshot stays small.
const REVOKED_FOR_MS = 30 * 24 * 3_600_000;
// A session outlives no day; a secret that was revoked earlier has none left.
const SECRET_REVOKED_FOR_MS = 24 * 3_600_000;

/** Loads policy from PostgreSQL. */
export class PrismaPolicySource implements PolicySource {
  private newest = 0n;

  constructor(
    private readonly db: Database,
    private readonly clock: Clock,
  ) {}

  async version(): Promise<bigint> {
    const read = await this.readVersion();
    // Lower than before: a backup was restored. Admission has plans of the policy that was lost, and keeps the newest.
    const version = read < this.newest ? await this.raised(read) : read;
    this.newest = version;
    return version;
  }

  private async raised(from: bigint): Promise<bigint> {
    // Of several processes that see it, one raises.
    await this.db.$executeRaw`
      UPDATE policy_version SET version = next_policy_version(version) WHERE id = 1 AND version = ${from}`;
    return this.readVersion();
  }

  private async readVersion(): Promise<bigint> {
    return (await this.db.policyVersion.findUniqueOrThrow({ where: { id: 1 } })).version;
  }

  async load(): Promise<PolicySnapshot> {
    const since = new Date(this.clock.nowMs() - REVOKED_FOR_MS);
    // One state of the database: version and rows belong together, however much changes meanwhile.
    return this.db.$transaction(
      async (tx) => {
        const { version } = await tx.policyVersion.findUniqueOrThrow({ where: { id: 1 } });
        const tenants = await tx.tenant.findMany();
        const keys = await tx.apiKey.findMany({ where: { OR: [{ revokedAt: null }, { revokedAt: { gt: since } }] } });
        const pools = await tx.pool.findMany({ orderBy: { id: 'asc' } });
        const tenantShares = await tx.poolShare.findMany();
        const keyShares = await tx.poolKeyShare.findMany();
        // The newest version of each tenant.
        const moderation = await tx.moderationPolicy.findMany({
          distinct: ['tenantId'],
          orderBy: [{ tenantId: 'asc' }, { version: 'desc' }],
        });
        const refused = await tx.refusedEndUser.findMany({ where: { until: { gt: new Date(this.clock.nowMs()) } } });
        const revokedAt = { gt: new Date(this.clock.nowMs() - SECRET_REVOKED_FOR_MS) };
        const secrets = await tx.clientSecret.findMany({ where: { revokedAt }, select: { id: true } });
        const sessionEnds = await sessionEndsOf(tx, this.clock.nowMs() - SESSION_ENDS_FOR_MS);
        const issuers = await tx.jwtIssuer.findMany({ where: { revokedAt: null } });
        return compilePolicy({
          version,
          tenants: tenants.map(tenantOf),
          keys: keys.map((row) => ({ hmac: row.hmac, key: apiKeyOf(row) })),
          pools: pools.map(poolOf),
          tenantShares: tenantShares.map(poolShareOf),
          keyShares: keyShares.map(poolKeyShareOf),
          moderation: moderation.map(moderationOf),
          refusedEndUsers: refused.map(refusedEndUserOf),
          jwt: { issuers: issuers.map(jwtIssuerOf), apps: keys.flatMap(jwtAppOf) },
          revokedSecrets: secrets.map(({ id }) => trustedId('ecs', id)),
          sessionEnds,
        });
      },
      // A large installation has many keys; Prisma's own five seconds would never load them.
      { isolationLevel: 'RepeatableRead', timeout: 30_000 },
    );
  }
}
