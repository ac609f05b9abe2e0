// The open sessions with what the live board shows of them: one statement over the partial index of open rows, with a few
// look-ups by index for each. The ledger is seconds behind a call; so is the cost so far.
import { formatAmount, priceOf, ZERO, type AmountPico } from '@trunkline/kernel';
import { amountText, numberText, Prisma } from '@trunkline/platform/database';
import { z } from 'zod';
import { outlivesAnySession } from '../reads/age.js';

/** A session on the board. Amounts are decimals in USD, times ISO 8601 in UTC; null: not known, or nothing yet. */
export interface BoardSession {
  readonly id: string;
  /** The tenant's slug, and its name. */
  readonly tenant: string;
  readonly tenantName: string;
  readonly keyId: string | null;
  /** The key's name: the app. */
  readonly key: string | null;
  readonly model: string | null;
  readonly transport: string | null;
  readonly pool: string | null;
  readonly replica: string | null;
  readonly openedAt: string;
  readonly state: 'open' | 'answering' | 'ending' | 'lost';
  /** Charged so far, and what that is for a minute of the time until the last usage. */
  readonly cost: string;
  readonly perMinute: string;
  readonly lastEventAt: string | null;
  readonly lastEvent: string | null;
  /** What moderation did last. */
  readonly moderation: string | null;
}

/** Open sessions, the newest first, and how many there are in all. */
export interface BoardRead {
  readonly total: number;
  readonly sessions: readonly BoardSession[];
}

// Two minutes of silence are what the worker takes for the death of a gateway.
const SILENT_MS_MAX = 120_000;
// A minute in millionths of a millisecond: what `priceOf` takes as a quantity.
const MINUTE_MICRO = 60_000_000_000n;
// A second of talk says nothing about a minute.
const RATED_MS_MIN = 1_000;

const row = z.object({
  ...{ id: z.string(), tenant: z.string(), tenantName: z.string(), keyId: z.string().nullable() },
  ...{ key: z.string().nullable(), model: z.string().nullable(), transport: z.string().nullable() },
  ...{ pool: z.string().nullable(), replica: z.string().nullable(), openedAt: z.date(), beatAt: z.date().nullable() },
  ...{ cost: amountText.nullable(), lastAt: z.date().nullable(), lastEvent: z.string().nullable() },
  ...{ owed: z.boolean(), ending: z.boolean(), moderation: z.string().nullable() },
});
type Row = z.output<typeof row>;

/** Reads the board of these tenants (null: of all), `limit` sessions at most. */
export async function readBoard(
  tx: Prisma.TransactionClient,
  tenantIds: readonly string[] | null,
  { limit, nowMs }: { readonly limit: number; readonly nowMs: number },
): Promise<BoardRead> {
  const open = Prisma.sql`s.end_cause IS NULL AND s.closed_at IS NULL AND s.opened_at IS NOT NULL
    AND ${tenantIds === null ? Prisma.sql`true` : Prisma.sql`s.tenant_id = ANY(${[...tenantIds]})`}`;
  const counted = await tx.$queryRaw`SELECT count(*)::text AS total FROM session s WHERE ${open}`;
  const rows = await tx.$queryRaw`
    SELECT s.id, t.slug AS tenant, t.name AS "tenantName", s.key_id AS "keyId", k.name AS key, s.model, s.transport,
           p.slug AS pool, s.replica_id AS replica, s.opened_at AS "openedAt", g.beat_at AS "beatAt",
           c.cost, u.occurred_at AS "lastAt", u.kind AS "lastEvent", f.action AS moderation,
           EXISTS (SELECT 1 FROM owed_usage o WHERE o.session_id = s.id) AS owed,
           EXISTS (SELECT 1 FROM session_end e WHERE e.tenant_id = s.tenant_id AND (e.session_id = s.id
             OR (e.session_id IS NULL AND e.asked_at >= s.opened_at AND (e.key_id IS NULL OR e.key_id = s.key_id)))) AS ending
      FROM (SELECT * FROM session s WHERE ${open} ORDER BY s.opened_at DESC, s.id DESC LIMIT ${limit}) s
      JOIN tenant t ON t.id = s.tenant_id
      LEFT JOIN api_key k ON k.id = s.key_id
      LEFT JOIN pool p ON p.id = s.pool_id
      LEFT JOIN gateway_replica g ON g.replica_id = s.replica_id
      LEFT JOIN LATERAL (SELECT sum(x.total)::text AS cost FROM ledger_transaction x
                          WHERE x.session_id = s.id AND x.purpose = 'tenant_charge') c ON true
      LEFT JOIN LATERAL (SELECT e.occurred_at, e.kind FROM usage_event e WHERE e.session_id = s.id
                          ORDER BY e.occurred_at DESC, e.id DESC LIMIT 1) u ON true
      LEFT JOIN LATERAL (SELECT m.action FROM moderation_finding m WHERE m.session_id = s.id AND NOT m.dry_run
                          ORDER BY m.occurred_at DESC, m.id DESC LIMIT 1) f ON true
     ORDER BY s.opened_at DESC, s.id DESC`;
  const [sum] = z.array(z.object({ total: numberText })).parse(counted);
  const sessions = z.array(row).parse(rows);
  return { total: sum?.total ?? 0, sessions: sessions.map((each) => sessionOf(each, nowMs)) };
}

function sessionOf({ openedAt, beatAt, cost, lastAt, owed, ending, ...rest }: Row, nowMs: number): BoardSession {
  const charged = cost ?? ZERO;
  return {
    ...rest,
    openedAt: openedAt.toISOString(),
    state: stateOf({ openedAt, beatAt, owed, ending }, nowMs),
    cost: formatAmount(charged),
    perMinute: formatAmount(perMinuteOf(charged, lastAt === null ? 0 : lastAt.getTime() - openedAt.getTime())),
    lastEventAt: lastAt?.toISOString() ?? null,
  };
}

function stateOf(
  { openedAt, beatAt, owed, ending }: Pick<Row, 'openedAt' | 'beatAt' | 'owed' | 'ending'>,
  nowMs: number,
): BoardSession['state'] {
  const silent = beatAt !== null && nowMs - beatAt.getTime() > SILENT_MS_MAX;
  if (silent || outlivesAnySession(nowMs - openedAt.getTime())) return 'lost';
  if (ending) return 'ending';
  return owed ? 'answering' : 'open';
}

function perMinuteOf(charged: AmountPico, elapsedMs: number): AmountPico {
  return elapsedMs < RATED_MS_MIN ? ZERO : priceOf(MINUTE_MICRO, charged, BigInt(elapsedMs));
}
