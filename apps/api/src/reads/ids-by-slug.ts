// Tenants and pools are named by slug or id wherever somebody asks; kept and answered are ids, which no renaming changes.
import { listPools, listTenants, type TenancyContext } from '@trunkline/tenancy/adapters/prisma';
import { orTooLong } from './read-within.js';

/** Ids by slug, as they are now. */
export interface IdsBySlug {
  readonly tenants: ReadonlyMap<string, string>;
  readonly pools: ReadonlyMap<string, string>;
}

/** Reads them. @throws ReadTookTooLong */
export async function idsBySlug(tenancy: TenancyContext): Promise<IdsBySlug> {
  const [tenants, pools] = [await orTooLong(listTenants(tenancy)), await orTooLong(listPools(tenancy))];
  return {
    tenants: new Map(tenants.map(({ slug, id }) => [slug, id])),
    pools: new Map(pools.map(({ slug, id }) => [slug, id])),
  };
}
