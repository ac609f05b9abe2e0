// How rows become what the rest of the system knows.
import { formatAmount, parseAmount, trustedId, VENDORS, type AmountPico } from '@trunkline/kernel';
import type { Prisma } from '@trunkline/platform/database';
import { z } from 'zod';
import { isKeyScope } from '../../index.js';
import type {
  ApiKeyRecord,
  OverBudget,
  Pool,
  PoolKeyShare,
  PoolRecord,
  PoolShare,
  RefusedEndUser,
  StoredModerationPolicy,
  TenantLimits,
  TenantLimitsInput,
  TenantRecord,
} from '../../index.js';

type TenantRow = Prisma.TenantGetPayload<object>;
type ApiKeyRow = Prisma.ApiKeyGetPayload<{ omit: { hmac: true } }>;
type PoolRow = Prisma.PoolGetPayload<object>;
type LimitChanges = z.output<typeof TenantLimitsInput>;
type PoolShareRow = Prisma.PoolShareGetPayload<object>;
type PoolKeyShareRow = Prisma.PoolKeyShareGetPayload<object>;
type RefusedEndUserRow = Prisma.RefusedEndUserGetPayload<object>;
type ModerationPolicyRow = Prisma.ModerationPolicyGetPayload<object>;

/** A row of `tenant`. Anything but `active` counts as suspended: closed when in doubt. */
export function tenantOf(row: TenantRow): TenantRecord {
  const { slug, name, sessionsMax, createdAt } = row;
  const status = row.status === 'active' ? 'active' : 'suspended';
  const limits = limitsOf(row);
  return {
    ...{ id: trustedId('tnt', row.id), slug, name, status, sessionsMax, limits, createdAtMs: createdAt.getTime() },
    ...putAway(row),
    version: row.version.toString(),
  };
}

/** A row of `api_key`, without its HMAC. */
export function apiKeyOf(row: ApiKeyRow): ApiKeyRecord {
  const { name, prefix, last4, sessionsMax, createdAt, expiresAt, revokedAt, suspendedAt } = row;
  return {
    id: trustedId('key', row.id),
    tenantId: trustedId('tnt', row.tenantId),
    name,
    prefix,
    last4,
    status: revokedAt !== null ? 'revoked' : suspendedAt === null ? 'active' : 'suspended',
    sessionsMax,
    models: listOf(row.models),
    origins: listOf(row.origins),
    // What a newer release lets keys do, this one does not know how to grant.
    scopes: row.scopes.filter(isKeyScope),
    expiresAtMs: expiresAt?.getTime() ?? null,
    createdAtMs: createdAt.getTime(),
    revokedAtMs: revokedAt?.getTime() ?? null,
    ...putAway(row),
    replaces: row.replaces === null ? null : trustedId('key', row.replaces),
    version: row.version.toString(),
  };
}

/** A row of `refused_end_user`. */
export function refusedEndUserOf({ tenantId, endUser, until }: RefusedEndUserRow): RefusedEndUser {
  return { tenantId: trustedId('tnt', tenantId), endUser, untilMs: until.getTime() };
}

/** A row of `moderation_policy`. */
export function moderationOf({ tenantId, version, policy }: ModerationPolicyRow): StoredModerationPolicy {
  return { tenantId: trustedId('tnt', tenantId), version, policy };
}

/** A row of `pool`, for a gateway. Anything but `active` counts as draining: closed when in doubt. */
export function poolOf(row: PoolRow): Pool {
  const { slug, sessionsMax, tokensPerMinuteMax, tier, weight, waitingMax, waitingPerTenantMax } = row;
  return {
    id: trustedId('pool', row.id),
    slug,
    vendor: z.enum(VENDORS).parse(row.vendor),
    status: row.status === 'active' ? 'active' : 'draining',
    sessionsMax,
    familyCaps: new Map(Object.entries(CAPS.parse(row.familyCaps))),
    tokensPerMinuteMax,
    tier,
    weight,
    waitingMax,
    waitingPerTenantMax,
    models: listOf(row.models),
    upstreamUrl: row.upstreamUrl,
    upstreamKeySealed: row.upstreamKeySealed,
    deployments: new Map(Object.entries(NAMES.parse(row.deployments))),
  };
}

/** A row of `pool`, for administrators. */
export function poolRecordOf(row: PoolRow): PoolRecord {
  const { upstreamKeySealed, ...pool } = poolOf(row);
  return {
    ...pool,
    hasUpstreamKey: upstreamKeySealed !== null,
    createdAtMs: row.createdAt.getTime(),
    version: row.version.toString(),
  };
}

/** A row of `pool_share`. */
export function poolShareOf({ poolId, tenantId, floor, ceiling, weight }: PoolShareRow): PoolShare {
  return { poolId: trustedId('pool', poolId), tenantId: trustedId('tnt', tenantId), floor, ceiling, weight };
}

/** A row of `pool_key_share`. */
export function poolKeyShareOf({ poolId, tenantId, keyId, floor, ceiling }: PoolKeyShareRow): PoolKeyShare {
  return {
    poolId: trustedId('pool', poolId),
    tenantId: trustedId('tnt', tenantId),
    keyId: trustedId('key', keyId),
    floor,
    ceiling,
  };
}

/** The columns of the limits that are named. Amounts go as decimal text: a float would be another amount. */
export function limitColumnsOf(limits: LimitChanges): Prisma.TenantUncheckedUpdateInput {
  const { spendSessionMax, spendDayMax, spendMonthMax, ...plain } = limits;
  const named = Object.entries({
    ...plain,
    spendSessionMax: textOf(spendSessionMax),
    spendDayMax: textOf(spendDayMax),
    spendMonthMax: textOf(spendMonthMax),
  }).filter(([, value]) => value !== undefined);
  return Object.fromEntries(named);
}

/** How an allow-list is stored: empty means that there is none. */
export function storedList(list: readonly string[] | null): string[] {
  return list === null ? [] : [...list];
}

const CAPS = z.record(z.string(), z.number());
const NAMES = z.record(z.string(), z.string());

function putAway({ archivedAt, archivedSpend }: Pick<TenantRow, 'archivedAt' | 'archivedSpend'>) {
  return { archivedAtMs: archivedAt?.getTime() ?? null, archivedSpend: amountOf(archivedSpend) };
}

function limitsOf(row: TenantRow): TenantLimits {
  const { waitMsMax, reconnectGraceMs, idleReclaimMs, sessionMsMax, sessionsPerMinuteMax, tokensPerMinuteMax } = row;
  return {
    waitMsMax,
    reconnectGraceMs,
    idleReclaimMs,
    sessionMsMax,
    sessionsPerMinuteMax,
    tokensPerMinuteMax,
    spendSessionMax: amountOf(row.spendSessionMax),
    spendDayMax: amountOf(row.spendDayMax),
    spendMonthMax: amountOf(row.spendMonthMax),
    overBudget: overBudgetOf(row.overBudget),
    billEstimates: row.billEstimates === 'do_not_bill' ? 'do_not_bill' : 'bill',
  };
}

// What is not known ends a session at once: closed when in doubt.
function overBudgetOf(text: string): OverBudget {
  return text === 'finish_turn' || text === 'block_turns' ? text : 'cut';
}

function amountOf(stored: Prisma.Decimal | null): AmountPico | null {
  if (stored === null) return null;
  const amount = parseAmount(stored.toFixed());
  if (amount === null) throw new Error(`the database holds an amount that is none: ${stored.toFixed()}`);
  return amount;
}

function textOf(amount: AmountPico | null | undefined): string | null | undefined {
  return amount === null || amount === undefined ? amount : formatAmount(amount);
}

function listOf(stored: readonly string[]): readonly string[] | null {
  return stored.length === 0 ? null : stored;
}
