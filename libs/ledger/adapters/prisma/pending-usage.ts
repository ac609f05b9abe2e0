// The journal table as the queue for rating. Claiming locks rows until the transaction ends and skips what another worker
// holds, so two workers never see the same event. Rows that this release cannot read are told apart, not dropped: they
// wait as unrated until a release that can; what no price and no release makes right is parked.
import {
  isMeter,
  isPlausible,
  parseUsageEventId,
  type EstimateBilling,
  type Quantity,
  type UsageEvent,
} from '@trunkline/metering';
import { VENDORS } from '@trunkline/kernel';
import { dateProblem, type PostableUsage } from '@trunkline/ledger';
import {
  keyIdText,
  numberText,
  poolIdText,
  sessionIdText,
  tenantIdText,
  type Queryable,
} from '@trunkline/platform/database';
import { z } from 'zod';

/** A claimed event: what rating and the ledger read of it. */
export type PendingUsage = PostableUsage & Pick<UsageEvent, 'vendor' | 'quantities' | 'serviceTier'>;

/** A claimed event, and if it is an estimate: of which fact, and whether the tenant pays for it. */
export type ClaimedEvent = PendingUsage & Pick<UsageEvent, 'factId'> & { readonly billing: EstimateBilling };

/** An event that cannot be posted as it is, and why. */
export interface SetAside {
  readonly id: string;
  readonly why: string;
}

/** What a claim brought. */
export interface ClaimedUsage {
  readonly events: readonly ClaimedEvent[];
  readonly unreadable: readonly SetAside[];
  /** Events that are in the books: somebody put them back into the queue. */
  readonly alreadyPosted: readonly string[];
  /** Events whose date cannot be believed, and that nobody released. */
  readonly misdated: readonly SetAside[];
  /** Events that count what cannot be. */
  readonly absurd: readonly SetAside[];
}

const SHAPE_KNOWN = 1;

const row = z.object({
  id: z.string(),
  version: z.number(),
  journalledAtMs: numberText,
  event: z.looseObject({}),
});
const standingRow = z.object({
  id: z.string(),
  isPosted: z.boolean(),
  isReleased: z.boolean(),
  releasedToMs: z.string().nullable(),
});
type Standing = z.infer<typeof standingRow>;
const quantities = z.array(
  z.object({
    meter: z.string(),
    quantityMicro: z
      .string()
      .regex(/^-?\d+$/)
      .transform(BigInt),
  }),
);
const columns = z.object({
  tenantId: tenantIdText,
  sessionId: sessionIdText,
  keyId: keyIdText,
  poolId: poolIdText,
  vendor: z.enum(VENDORS),
  model: z.string(),
  serviceTier: z.string().nullable(),
  evidence: z.enum(['reported', 'estimated']),
  occurredAtMs: numberText,
  quantities,
  factId: z.string().transform(parseUsageEventId).nullable(),
  billing: z.enum(['bill', 'do_not_bill']),
});

/** Whether anything waits for rating. One look into a partial index: what an idle worker may ask often. */
export async function hasPending(db: Queryable): Promise<boolean> {
  const rows = await db.$queryRaw`SELECT FROM usage_event WHERE rating_state = 'pending' LIMIT 1`;
  return z.array(z.unknown()).parse(rows).length > 0;
}

/**
 * Claims up to `max` pending events, oldest first, until the transaction ends. Reads no more of the queue than that, which
 * `claim_usage` of the migrations sees to: half of the bursts that are caught up went to sorting the queue.
 */
export async function claimPending(tx: Queryable, max: number): Promise<ClaimedUsage> {
  const rows = await tx.$queryRaw`
    SELECT id, version, (extract(epoch FROM journalled_at) * 1000)::bigint::text AS "journalledAtMs",
           json_build_object(
             'tenantId', tenant_id, 'sessionId', session_id, 'keyId', key_id, 'poolId', pool_id, 'vendor', vendor,
             'model', model, 'serviceTier', service_tier, 'evidence', evidence,
             'occurredAtMs', (extract(epoch FROM occurred_at) * 1000)::bigint::text,
             'quantities', quantities, 'factId', fact_id,
             'billing', coalesce(estimate->>'billing', 'bill')) AS event
      FROM claim_usage(${max}::int) u ORDER BY u.occurred_at, u.id`;
  const claimed = z.array(row).parse(rows);
  const standings = await standingsOf(
    tx,
    claimed.map(({ id }) => id),
  );
  const events: ClaimedEvent[] = [];
  const unreadable: SetAside[] = [];
  const alreadyPosted: string[] = [];
  const misdated: SetAside[] = [];
  const absurd: SetAside[] = [];
  for (const { id, version, journalledAtMs, event } of claimed) {
    const { isPosted = false, isReleased = false, releasedToMs = null } = standings.get(id) ?? {};
    const dated = releasedToMs === null ? event : { ...event, occurredAtMs: releasedToMs };
    const read =
      version === SHAPE_KNOWN ? readEvent(id, dated) : `has shape ${version}, which this release cannot read`;
    if (isPosted) alreadyPosted.push(id);
    else if (typeof read === 'string') unreadable.push({ id, why: read });
    else {
      const cannotBe = absurdityOf(read);
      const wrongDate = isReleased ? null : dateProblem({ ...read, journalledAtMs });
      if (cannotBe !== null) absurd.push({ id, why: cannotBe });
      else if (wrongDate !== null) misdated.push({ id, why: wrongDate });
      else events.push(read);
    }
  }
  return { events, unreadable, alreadyPosted, misdated, absurd };
}

// What is known of claimed events beside the journal. By a statement of its own, after the claim: what is read with it is as
// old as its start, but `claim_usage` finds rows that became pending since, whose release it would not see.
async function standingsOf(tx: Queryable, ids: readonly string[]): Promise<ReadonlyMap<string, Standing>> {
  if (ids.length === 0) return new Map();
  const rows = await tx.$queryRaw`
    SELECT c.id, EXISTS (SELECT FROM ledger_transaction t WHERE t.usage_event_id = c.id) AS "isPosted",
           r.usage_event_id IS NOT NULL AS "isReleased",
           (extract(epoch FROM r.occurred_at) * 1000)::bigint::text AS "releasedToMs"
      FROM unnest(${ids}::text[]) AS c(id) LEFT JOIN usage_release r ON r.usage_event_id = c.id`;
  return new Map(
    z
      .array(standingRow)
      .parse(rows)
      .map((each) => [each.id, each]),
  );
}

/** The event, or why it cannot be read. */
function readEvent(idText: string, event: unknown): ClaimedEvent | string {
  const id = parseUsageEventId(idText);
  const parsed = columns.safeParse(event);
  if (id === null || !parsed.success) return 'is not stored as this release stores events';
  const read: Quantity[] = [];
  for (const { meter, quantityMicro } of parsed.data.quantities) {
    if (!isMeter(meter)) return `counts ${meter}, a meter that this release does not know`;
    if (read.some((each) => each.meter === meter)) return `counts ${meter} twice`;
    read.push({ meter, quantityMicro });
  }
  return { ...parsed.data, id, quantities: read };
}

function absurdityOf({ quantities: counted }: Pick<UsageEvent, 'quantities'>): string | null {
  const absurd = counted.find((each) => !isPlausible(each));
  return absurd === undefined ? null : `counts ${absurd.quantityMicro} millionths of ${absurd.meter}, which cannot be`;
}

/** Takes events out of the queue: posted, or waiting for a price. Parked events are never in it. */
export async function markUsage(tx: Queryable, ids: readonly string[], state: 'rated' | 'unrated'): Promise<void> {
  if (ids.length === 0) return;
  await tx.$executeRaw`
    UPDATE usage_event SET rating_state = ${state} WHERE id = ANY(${ids}::text[]) AND rating_state = 'pending'`;
}

/** Parks events: whose date cannot be believed, until a person releases them, and whose counts cannot be, for good. */
export async function parkUsage(
  tx: Queryable,
  events: readonly SetAside[],
  problem: 'implausible_time' | 'out_of_range',
): Promise<void> {
  if (events.length === 0) return;
  const ids = events.map(({ id }) => id);
  await tx.$executeRaw`
    UPDATE usage_event SET rating_state = 'parked', problem = ${problem}
     WHERE id = ANY(${ids}::text[]) AND rating_state = 'pending'`;
}
