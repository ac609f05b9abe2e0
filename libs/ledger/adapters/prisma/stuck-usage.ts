// Usage that is not in the ledger and will not get there by itself: unrated (a price is missing, or this release cannot
// read it) and parked (the vendor's report does not add up, or counts what cannot be). The list for whoever has to act.
import { vendorNamed, type SessionId, type TenantId } from '@trunkline/kernel';
import { dateProblem } from '@trunkline/ledger';
import { formatQuantity, isMeter, isPlausible, type Quantity } from '@trunkline/metering';
import {
  numberText,
  poolIdText,
  Prisma,
  sessionIdText,
  tenantIdText,
  type Queryable,
} from '@trunkline/platform/database';
import { PURPOSES, rate, serviceTierOf, type PricedUsage, type PriceBooks } from '@trunkline/rating';
import { z } from 'zod';
import { inScope, type Scope, type TimeRange } from './report-scope.js';

/** One event that waits for a person. */
export interface StuckUsage {
  readonly id: string;
  readonly tenantId: TenantId;
  readonly sessionId: SessionId;
  readonly model: string;
  readonly occurredAtMs: number;
  readonly state: 'unrated' | 'parked';
  /** What stands in the way: the problem it was parked with, or the meters without a price. */
  readonly why: string;
}

/** Which events, and the books that say what is still missing. */
export interface StuckQuery extends TimeRange {
  readonly books: PriceBooks;
  /** Rows at most, newest first. */
  readonly limit: number;
}

const stuckRow = z.object({
  id: z.string(),
  tenantId: tenantIdText,
  sessionId: sessionIdText,
  poolId: poolIdText,
  vendor: z.string(),
  serviceTier: z.string().nullable(),
  model: z.string(),
  occurredAtMs: numberText,
  state: z.enum(['unrated', 'parked']),
  problem: z.string().nullable(),
  journalledAtMs: numberText,
  quantities: z.array(z.object({ meter: z.string(), quantityMicro: z.string().transform(BigInt) })).catch([]),
});

/** A tenant's stuck usage in a range. */
export async function stuckUsageOfTenant(db: Queryable, tenantId: TenantId, query: StuckQuery): Promise<StuckUsage[]> {
  return stuckUsageIn(db, tenantId, query);
}

/** Everybody's stuck usage in a range, for administrators. */
export async function stuckUsageOfAllTenants(db: Queryable, query: StuckQuery): Promise<StuckUsage[]> {
  return stuckUsageIn(db, null, query);
}

async function stuckUsageIn(db: Queryable, scope: Scope, query: StuckQuery): Promise<StuckUsage[]> {
  const rows = await db.$queryRaw`
    SELECT id, tenant_id AS "tenantId", session_id AS "sessionId", pool_id AS "poolId", vendor,
           service_tier AS "serviceTier", model, rating_state AS state, problem, quantities,
           (extract(epoch FROM occurred_at) * 1000)::bigint::text AS "occurredAtMs",
           (extract(epoch FROM journalled_at) * 1000)::bigint::text AS "journalledAtMs"
      FROM usage_event
     WHERE rating_state IN (${Prisma.join(['unrated', 'parked'])}) AND ${inScope(scope, query)}
     ORDER BY occurred_at DESC, id
     LIMIT ${query.limit}`;
  return z
    .array(stuckRow)
    .parse(rows)
    .map(({ problem, quantities, poolId, vendor, serviceTier, journalledAtMs, ...event }) => {
      const misdated = problem === 'implausible_time' ? dateProblem({ ...event, journalledAtMs }) : null;
      const absurd = problem === null || problem === 'out_of_range' ? absurdity(event.state, quantities) : null;
      const why =
        misdated ?? absurd ?? problem ?? missing({ ...event, poolId, vendor, serviceTier }, quantities, query.books);
      return { ...event, why };
    });
}

type StoredQuantities = readonly { readonly meter: string; readonly quantityMicro: bigint }[];

function knownOf(stored: StoredQuantities): readonly Quantity[] {
  return stored.flatMap(({ meter, quantityMicro }) => (isMeter(meter) ? [{ meter, quantityMicro }] : []));
}

// Which count cannot be, and the way out.
function absurdity(state: StuckUsage['state'], stored: StoredQuantities): string | null {
  const absurd = knownOf(stored).find((each) => !isPlausible(each));
  if (absurd === undefined) return null;
  const counted = `counts ${formatQuantity(absurd.quantityMicro)} of ${absurd.meter}, which cannot be`;
  return `${counted}: it stays out of the books; \`ledger adjust\` books what is right, \`period waive --check ${state}\` lets its month close`;
}

function missing(
  event: Omit<PricedUsage, 'vendor'> & {
    readonly vendor: string;
    readonly model: string;
    readonly occurredAtMs: number;
  },
  stored: StoredQuantities,
  books: PriceBooks,
): string {
  const unknown = stored.filter((each) => !isMeter(each.meter)).map((each) => each.meter);
  if (unknown.length > 0) return `counts ${unknown.join(', ')}, which this release does not know`;
  const known = knownOf(stored);
  const listed = vendorNamed(event.vendor);
  if (listed === null) return `was bought of ${event.vendor}, which this release does not know`;
  const forUsage = books.booksFor({ ...event, vendor: listed });
  const ratings = PURPOSES.map((purpose) => rate({ ...event, quantities: known }, forUsage[purpose]));
  const meters = new Set(ratings.flatMap((rating) => (rating.outcome === 'unrated' ? rating.missing : [])));
  return meters.size > 0
    ? `no price of ${listed} for ${[...meters].join(', ')}${atTier(event.serviceTier)}`
    : 'has a price now and is rated again by the next pass, or cannot be read';
}

function atTier(said: string | null | undefined): string {
  const tier = serviceTierOf(said);
  return tier === 'default' ? '' : ` at service tier ${tier}`;
}
