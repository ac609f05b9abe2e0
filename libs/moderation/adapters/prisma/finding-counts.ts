// How much moderation finds, by tenant, for alerts. Counts only: what was found is for reviewers.
import type { TenantId } from '@trunkline/kernel';
import { numberText, tenantIdText, type Queryable } from '@trunkline/platform/database';
import { z } from 'zod';

/** A tenant with findings. */
export interface FindingCount {
  readonly tenantId: TenantId;
  readonly tenant: string;
  /** Dry runs apart. */
  readonly findings: number;
}

/** Findings of what occurred from `sinceMs` (Unix milliseconds) on. One probe of an index for each tenant. */
export async function findingCountsOfAllTenants(db: Queryable, sinceMs: number): Promise<readonly FindingCount[]> {
  const rows = await db.$queryRaw`
    SELECT t.id AS "tenantId", t.slug AS tenant, found.count::text AS findings
      FROM tenant t
     CROSS JOIN LATERAL (SELECT count(*) FROM moderation_finding f
                          WHERE f.tenant_id = t.id AND f.occurred_at >= ${new Date(sinceMs)} AND NOT f.dry_run) AS found
     WHERE t.archived_at IS NULL AND found.count > 0 ORDER BY t.slug`;
  return z.array(z.object({ tenantId: tenantIdText, tenant: z.string(), findings: numberText })).parse(rows);
}
