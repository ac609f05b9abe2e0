// The usage of a range of time, priced by two sets of books. Read tenant by tenant in pages, in the order of the journal's
// index, so that memory holds one page and the models of one tenant however much was used.
import { ok, parseId, vendorNamed, type Result, type TenantId } from '@trunkline/kernel';
import { isMeter, type Quantity } from '@trunkline/metering';
import { instantText, numberText, poolIdText, tenantIdText, type Queryable } from '@trunkline/platform/database';
import {
  asIfInForceFrom,
  openImpact,
  type ImpactUsage,
  type ModelImpact,
  type PriceBooks,
  type PriceCatalogue,
} from '@trunkline/rating';
import { z } from 'zod';
import { loadPriceBook } from './load-price-book.js';

/** What to price. */
export interface ImpactQuery {
  readonly fromMs: number;
  readonly toMs: number;
  /** Null: everybody's. */
  readonly tenantId: TenantId | null;
  readonly before: PriceBooks;
  readonly after: PriceBooks;
  /** Events read at once. Default 1,000. */
  readonly pageMax?: number;
}

/** One tenant's usage at both prices. */
export interface TenantImpact {
  readonly tenantId: TenantId;
  readonly models: readonly ModelImpact[];
  /** Events that count what this release does not know: in no sum. */
  readonly unreadable: number;
}

const PAGE_MAX = 1_000;

const usageRow = z.object({
  id: z.string(),
  tenantId: tenantIdText,
  poolId: poolIdText,
  vendor: z.string(),
  serviceTier: z.string().nullable(),
  model: z.string(),
  occurredAtMs: numberText,
  quantities: z.array(z.object({ meter: z.string(), quantityMicro: z.string().transform(BigInt) })),
});
type UsageRow = z.output<typeof usageRow>;

/**
 * What usage of a range would have cost had a change held all the time, beside what it costs by the prices in force.
 * @returns tenant by tenant, or how the change contradicts what is in force.
 */
export async function impactOfChange(
  db: Queryable,
  wanted: PriceCatalogue,
  range: Pick<ImpactQuery, 'fromMs' | 'toMs' | 'tenantId'>,
): Promise<Result<AsyncGenerator<TenantImpact>, readonly string[]>> {
  const { books: before } = await loadPriceBook(db);
  const after = asIfInForceFrom(before.catalogue, wanted, range.fromMs);
  return after.ok ? ok(priceImpact(db, { ...range, before, after: after.value })) : after;
}

/** Prices usage that was rated or waits to be, a tenant at a time, in the order of tenant ids. */
export async function* priceImpact(db: Queryable, query: ImpactQuery): AsyncGenerator<TenantImpact> {
  let sums = openImpact(query.before, query.after);
  let unreadable = 0;
  let last: UsageRow | null = null;
  for (;;) {
    const page: UsageRow[] = await readPage(db, query, last);
    for (const row of page) {
      if (last !== null && row.tenantId !== last.tenantId) {
        yield { tenantId: last.tenantId, models: sums.rows(), unreadable };
        sums = openImpact(query.before, query.after);
        unreadable = 0;
      }
      const usage = readUsage(row);
      if (usage === null) unreadable += 1;
      else sums.add(usage);
      last = row;
    }
    if (page.length < (query.pageMax ?? PAGE_MAX)) break;
  }
  if (last !== null) yield { tenantId: last.tenantId, models: sums.rows(), unreadable };
}

async function readPage(db: Queryable, query: ImpactQuery, last: UsageRow | null): Promise<UsageRow[]> {
  const { fromMs, toMs, tenantId, pageMax = PAGE_MAX } = query;
  const rows = await db.$queryRaw`
    SELECT id, tenant_id AS "tenantId", pool_id AS "poolId", vendor, service_tier AS "serviceTier", model, quantities,
           (extract(epoch FROM occurred_at) * 1000)::bigint::text AS "occurredAtMs"
      FROM usage_event
     WHERE rating_state IN ('pending', 'rated', 'unrated')
       AND occurred_at >= ${instantText(fromMs)}::timestamptz AND occurred_at < ${instantText(toMs)}::timestamptz
       AND (${tenantId}::text IS NULL OR tenant_id = ${tenantId})
       AND (tenant_id, occurred_at, id) >
           (${last?.tenantId ?? ''}, ${instantText(last?.occurredAtMs ?? 0)}::timestamptz, ${last?.id ?? ''})
     ORDER BY tenant_id, occurred_at, id
     LIMIT ${pageMax}`;
  return z.array(usageRow).parse(rows);
}

function readUsage({ quantities, ...row }: UsageRow): ImpactUsage | null {
  const listed = vendorNamed(row.vendor);
  const known = quantities.flatMap(({ meter, quantityMicro }): Quantity[] =>
    isMeter(meter) ? [{ meter, quantityMicro }] : [],
  );
  if (listed === null || known.length < quantities.length || parseId('tnt', row.tenantId) === null) return null;
  return { ...row, vendor: listed, quantities: known };
}
