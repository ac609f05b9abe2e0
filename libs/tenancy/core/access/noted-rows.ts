// What a change did to rows, as the record shows it: of each its table and id, what was there and what is there now. Of rows that
// were changed, what differs.
import type { Json } from './audit-entry.js';

/** A row that was made, changed or deleted. */
export interface NotedRow {
  readonly table: string;
  readonly id: string | null;
  readonly tenant: string | null;
  readonly before: Json;
  readonly after: Json;
}

/** The rows as `before` and `after` of an entry. @param isAll whether these are all rows of the change */
export function changeOf(
  rows: readonly NotedRow[],
  isAll: boolean,
): { readonly before: Json; readonly after: { readonly rows?: Json; readonly more?: true } } {
  const side = (which: 'before' | 'after') =>
    rows.filter((row) => row[which] !== null).map(({ table, id, [which]: row }) => ({ table, id, row }));
  const [before, after] = [side('before'), side('after')];
  return {
    before: before.length === 0 ? null : before,
    after: { ...(after.length === 0 ? {} : { rows: after }), ...(isAll ? {} : { more: true }) },
  };
}

/** The one tenant whose rows were changed; null: there is none, or more than one. */
export function changedTenant(rows: readonly NotedRow[]): string | null {
  const tenants = new Set(rows.flatMap(({ tenant }) => (tenant === null ? [] : [tenant])));
  const [only = null] = tenants;
  return tenants.size === 1 ? only : null;
}
