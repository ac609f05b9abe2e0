// Slugs in price files. People know tenants and pools by their slugs; prices are kept by ids, which no renaming changes. What
// is no slug is left as it is: it is an id, or reading the content says what is wrong with it.

/** Ids by slug. */
export interface PricedNames {
  readonly tenants: ReadonlyMap<string, string>;
  readonly pools: ReadonlyMap<string, string>;
}

/** The content of a price file (`parsePriceContent` reads it) with ids in place of slugs. */
export function withIdsForSlugs(raw: unknown, names: PricedNames): unknown {
  const book = (text: string): string => scopeOf(text, names);
  const tenantId = (text: string): string => names.tenants.get(text) ?? text;
  const inList = (rows: unknown, field: string, read: (text: string) => string): unknown =>
    Array.isArray(rows) ? rows.map((row) => replaced(row, field, read)) : rows;
  if (Array.isArray(raw)) return inList(raw, 'book', book);
  if (!isObject(raw)) return raw;
  const lists = [
    ['sheets', 'book', book],
    ['versions', 'book', book],
    ['plans', 'tenantId', tenantId],
    ['uplifts', 'scope', book],
  ] as const;
  return {
    ...raw,
    ...Object.fromEntries(
      lists.flatMap(([list, field, read]) => (list in raw ? [[list, inList(raw[list], field, read)]] : [])),
    ),
  };
}

/** `tenant:acme` as `tenant:tnt_...`, `pool:default` as `pool:pool_...`. */
function scopeOf(text: string, { tenants, pools }: PricedNames): string {
  const [, kind, slug = ''] = /^(tenant|pool):(.+)$/.exec(text) ?? [];
  const id = kind === 'tenant' ? tenants.get(slug) : kind === 'pool' ? pools.get(slug) : undefined;
  return id === undefined ? text : `${kind ?? ''}:${id}`;
}

function replaced(row: unknown, field: string, read: (text: string) => string): unknown {
  if (!isObject(row)) return row;
  const text = row[field];
  return typeof text === 'string' ? { ...row, [field]: read(text) } : row;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
