// How tenants and pools are called in tables: by their slug, which is what flags take. Ids are in `tenant list` and
// `pool list`, and flags take them as well.
import { listPools, listTenants, type TenancyContext } from '@trunkline/tenancy/adapters/prisma';

/** The slug of an id; the id itself where there is none (any more). */
export type NameOf = (id: string) => string;

/** Names of tenants as they are now. */
export async function tenantNames(tenancy: TenancyContext): Promise<NameOf> {
  return namesOf(await listTenants(tenancy));
}

/** Names of pools as they are now. */
export async function poolNames(tenancy: TenancyContext): Promise<NameOf> {
  return namesOf(await listPools(tenancy));
}

/** Names of both. */
export async function allNames(tenancy: TenancyContext): Promise<NameOf> {
  return namesOf([...(await listTenants(tenancy)), ...(await listPools(tenancy))]);
}

function namesOf(named: readonly { readonly id: string; readonly slug: string }[]): NameOf {
  const slugs = new Map(named.map(({ id, slug }) => [id, slug]));
  return (id) => slugs.get(id) ?? id;
}
