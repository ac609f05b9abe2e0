// Whose rows a report may read. A tenant's own by its id; all tenants' only through functions that say so in their name,
// for administrators.
import type { TenantId } from '@trunkline/kernel';
import { instantText, Prisma } from '@trunkline/platform/database';

/** Instants from `fromMs` (inclusive) to `toMs` (exclusive), Unix milliseconds. */
export interface TimeRange {
  readonly fromMs: number;
  readonly toMs: number;
}

/** One tenant, or null for all. Stays inside this library: entry points take a TenantId or are named for all tenants. */
export type Scope = TenantId | null;

/** `WHERE` condition on a table with `tenant_id` and `occurred_at`. */
export function inScope(scope: Scope, range: TimeRange): Prisma.Sql {
  const time = Prisma.sql`occurred_at >= ${instantText(range.fromMs)}::timestamptz
                      AND occurred_at < ${instantText(range.toMs)}::timestamptz`;
  return scope === null ? time : Prisma.sql`tenant_id = ${scope} AND ${time}`;
}
