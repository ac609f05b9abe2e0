// Which pools can be reconciled, and how their accounts are found in the vendor's books.
import { parseId, type PoolId } from '@trunkline/kernel';
import type { Queryable } from '@trunkline/platform/database';
import { z } from 'zod';
import { RECONCILED_VENDOR } from '../../index.js';

/** A pool that can be reconciled. */
export interface ReconciliationSource {
  readonly poolId: PoolId;
  readonly poolSlug: string;
  readonly adminKey: string;
  readonly baseUrl: string;
  readonly projectIds: readonly string[];
  /** Null: every key of the account is ours. */
  readonly apiKeyIds: readonly string[] | null;
}

/** What is known beside the table. */
export interface SourceSettings {
  /** Null: only pools with an admin key of their own. */
  readonly adminKey: string | null;
  /** Of pools without an address of their own. */
  readonly baseUrl: string;
  /** Opens what was sealed for a pool; null when it cannot be. */
  readonly open: (sealed: string, poolId: string) => string | null;
}

/** The sources, and what keeps other pools from being one. */
export interface FoundSources {
  readonly sources: readonly ReconciliationSource[];
  readonly problems: readonly string[];
}

/** A change of a source. What is not named stays. */
export interface SourceChange {
  readonly adminKeySealed?: string | null;
  readonly projectIds?: readonly string[];
  readonly apiKeyIds?: readonly string[];
}

const row = z.object({
  poolId: z.string(),
  slug: z.string(),
  upstreamUrl: z.string().nullable(),
  sealed: z.string().nullable(),
  projectIds: z.array(z.string()).nullable(),
  apiKeyIds: z.array(z.string()).nullable(),
});
type Row = z.output<typeof row>;

/** Finds them. Two pools in one account must say which keys are whose, or each would take the other's use for foreign. */
export async function findSources(db: Queryable, settings: SourceSettings): Promise<FoundSources> {
  const found = await db.$queryRaw`
    SELECT p.id AS "poolId", p.slug, p.upstream_url AS "upstreamUrl", s.admin_key_sealed AS sealed,
           s.project_ids AS "projectIds", s.api_key_ids AS "apiKeyIds"
      FROM pool p LEFT JOIN reconciliation_source s ON s.pool_id = p.id
     WHERE p.vendor = ${RECONCILED_VENDOR}
     ORDER BY p.slug`;
  const rows = z.array(row).parse(found);
  const problems: string[] = [];
  const sources = rows.flatMap((each): ReconciliationSource[] => {
    const source = sourceOf(each, settings);
    if (typeof source !== 'string') return [source];
    problems.push(source);
    return [];
  });
  const vague = sources.filter(({ apiKeyIds }) => apiKeyIds === null);
  const clashing = vague.filter((each) => sources.some((other) => other !== each && sameBooks(other, each)));
  for (const { poolSlug } of clashing)
    problems.push(
      `pool ${poolSlug} shares its account with another: say which keys are its own, with \`reconcile source set --pool ${poolSlug} --api-key-ids key_...\``,
    );
  return { sources: sources.filter((each) => !clashing.includes(each)), problems };
}

/** Makes or changes a pool's source. */
export async function setSource(db: Queryable, poolId: PoolId, change: SourceChange): Promise<void> {
  const { adminKeySealed, projectIds, apiKeyIds } = change;
  await db.$executeRaw`INSERT INTO reconciliation_source (pool_id) VALUES (${poolId}) ON CONFLICT DO NOTHING`;
  await db.$executeRaw`
    UPDATE reconciliation_source
       SET admin_key_sealed = CASE WHEN ${adminKeySealed !== undefined} THEN ${adminKeySealed ?? null} ELSE admin_key_sealed END,
           project_ids = coalesce(${projectIds === undefined ? null : [...projectIds]}::text[], project_ids),
           api_key_ids = coalesce(${apiKeyIds === undefined ? null : [...apiKeyIds]}::text[], api_key_ids),
           updated_at = now()
     WHERE pool_id = ${poolId}`;
}

function sourceOf(each: Row, { adminKey, baseUrl, open }: SourceSettings): ReconciliationSource | string {
  const poolId = parseId('pool', each.poolId);
  const key = each.sealed === null ? adminKey : open(each.sealed, each.poolId);
  if (poolId === null) return `pool ${each.slug} has an id that is none`;
  if (key === null)
    return each.sealed === null
      ? `pool ${each.slug} has no admin key: set OPENAI_ADMIN_KEY, or \`reconcile source set --pool ${each.slug} --admin-key-file ...\``
      : `the admin key of pool ${each.slug} cannot be opened: set it again`;
  return {
    poolId,
    poolSlug: each.slug,
    adminKey: key,
    baseUrl: each.upstreamUrl ?? baseUrl,
    projectIds: each.projectIds ?? [],
    apiKeyIds: each.apiKeyIds === null || each.apiKeyIds.length === 0 ? null : each.apiKeyIds,
  };
}

/** Whether what the one sees in the vendor's books, the other may see as well. */
function sameBooks(a: ReconciliationSource, b: ReconciliationSource): boolean {
  const apart =
    a.projectIds.length > 0 && b.projectIds.length > 0 && !a.projectIds.some((id) => b.projectIds.includes(id));
  return a.baseUrl === b.baseUrl && a.adminKey === b.adminKey && !apart;
}
