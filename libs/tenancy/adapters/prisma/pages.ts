// Pages of tenants and keys, for lists that are longer than an answer. A page goes on after the last row of the one before (keyset),
// so rows that are made or put away meanwhile neither repeat nor hide others; each is read along an index.
import type { ApiKeyId, TenantId } from '@trunkline/kernel';
import type { Database, Prisma } from '@trunkline/platform/database';
import type { ApiKeyRecord, TenantRecord } from '../../index.js';
import { apiKeyOf, tenantOf } from './tenancy-rows.js';

/** Which part of a list. */
export interface PageOf<State extends string> {
  /** Part of a name, slug or id, in any case; a key's last characters too. */
  readonly q?: string | undefined;
  readonly state?: State | undefined;
  /** `next` of the page before. */
  readonly after?: string | undefined;
  readonly limit: number;
}

/** Rows, and where the next page begins; null: there is none. */
export interface Page<Row> {
  readonly rows: readonly Row[];
  readonly next: string | null;
}

export const TENANT_STATES = ['active', 'suspended', 'archived'] as const;
export const KEY_STATES = ['active', 'suspended', 'revoked', 'archived'] as const;
export type TenantState = (typeof TENANT_STATES)[number];
export type KeyState = (typeof KEY_STATES)[number];

/** Tenants by slug; `ids` null: of all. Archived ones only where that state is asked for. */
export async function pageOfTenants(
  { db }: { readonly db: Pick<Database, 'tenant'> },
  ids: readonly TenantId[] | null,
  { q, state, after, limit }: PageOf<TenantState>,
): Promise<Page<TenantRecord>> {
  const rows = await db.tenant.findMany({
    where: {
      AND: [
        ids === null ? {} : { id: { in: [...ids] } },
        after === undefined ? {} : { slug: { gt: after } },
        q === undefined ? {} : { OR: [{ slug: has(q) }, { name: has(q) }, { id: q }] },
        state === 'archived' ? { archivedAt: { not: null } } : { archivedAt: null },
        state === undefined || state === 'archived' ? {} : { status: state },
      ],
    },
    orderBy: { slug: 'asc' },
    take: limit + 1,
  });
  return pageOf(rows.map(tenantOf), limit, ({ slug }) => slug);
}

/** Keys of these tenants (null: of all), oldest first. Archived ones only where that state is asked for. */
export async function pageOfKeys(
  { db }: { readonly db: Pick<Database, 'apiKey'> },
  tenantIds: readonly TenantId[] | null,
  { q, state, after, limit }: PageOf<KeyState>,
): Promise<Page<ApiKeyRecord>> {
  const rows = await db.apiKey.findMany({
    where: {
      AND: [
        ofTenants(tenantIds),
        after === undefined ? {} : { id: { gt: after } },
        q === undefined ? {} : { OR: [{ name: has(q) }, { id: q }, { last4: q }] },
        inState(state),
      ],
    },
    orderBy: { id: 'asc' },
    take: limit + 1,
    omit: { hmac: true },
  });
  return pageOf(rows.map(apiKeyOf), limit, ({ id }): ApiKeyId => id);
}

function ofTenants(ids: readonly TenantId[] | null): Prisma.ApiKeyWhereInput {
  if (ids === null) return {};
  const [only] = ids;
  // Equality, so that the index of a tenant's keys gives them in order.
  return ids.length === 1 && only !== undefined ? { tenantId: only } : { tenantId: { in: [...ids] } };
}

function inState(state: KeyState | undefined): Prisma.ApiKeyWhereInput {
  switch (state) {
    case undefined:
      return { archivedAt: null };
    case 'archived':
      return { archivedAt: { not: null } };
    case 'revoked':
      return { archivedAt: null, revokedAt: { not: null } };
    case 'suspended':
      return { revokedAt: null, suspendedAt: { not: null } };
    case 'active':
      return { revokedAt: null, suspendedAt: null };
  }
}

function has(text: string) {
  return { contains: text, mode: 'insensitive' } as const;
}

function pageOf<Row>(rows: readonly Row[], limit: number, cursorOf: (row: Row) => string): Page<Row> {
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return { rows: page, next: rows.length > limit && last !== undefined ? cursorOf(last) : null };
}
