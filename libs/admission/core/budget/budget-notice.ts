// That a tenant's spending limit is used to 50, 80 or 100 %, by all its sessions or by one, as its people are told. Concluded from what the ledger recorded
// and not from what the store of budgets says, which may lose its memory, or its answer: asked again, it concludes the same.
import { mintedAtMs, ZERO, type AmountPico, type ApiKeyId, type SessionId, type TenantId } from '@trunkline/kernel';
import type { RecordedSpend } from './budget-store.js';
import { startsOf, type SpendPeriod } from './periods.js';
import { crossedMarks, type BudgetLimits, type Threshold } from './spend-limits.js';

/** One limit in one period, used so far. There is one of each tenant, period or session, limit and percentage. */
export interface BudgetNotice {
  readonly tenantId: TenantId;
  readonly period: SpendPeriod | 'session';
  /** Whose own limit it is; null: that of all sessions together. */
  readonly session: NoticedSession | null;
  /** Unix milliseconds; days and months begin at midnight UTC, a session when it was asked for. */
  readonly periodStartMs: number;
  readonly limit: AmountPico;
  readonly percent: Threshold;
  /** What had been spent in the period when it was found. */
  readonly spent: AmountPico;
  /** Unix milliseconds. */
  readonly noticedAtMs: number;
}

/** A session with a limit of its own. */
export interface NoticedSession {
  readonly sessionId: SessionId;
  /** What opened it; null: it is not recorded. */
  readonly keyId: ApiKeyId | null;
}

/** What a session cost so far, as far as it is rated. */
export interface SessionSpend extends NoticedSession {
  readonly tenantId: TenantId;
  readonly amount: AmountPico;
}

/** What the sessions of these tenants cost that used something since then (Unix milliseconds). */
export type SessionSpends = (tenantIds: readonly TenantId[], sinceMs: number) => Promise<readonly SessionSpend[]>;

/** What is concluded, each time anew. */
export type BudgetConclusion = Omit<BudgetNotice, 'noticedAtMs'>;

/** All that holds of a tenant by what is recorded, told before or not. */
export function noticesOf(
  tenantId: TenantId,
  { dayMax, monthMax }: Pick<BudgetLimits, 'dayMax' | 'monthMax'>,
  recorded: RecordedSpend,
): readonly BudgetConclusion[] {
  const { dayMs, monthMs } = startsOf(recorded);
  const of = { tenantId, session: null };
  return [
    ...marksPassed({ ...of, period: 'day', periodStartMs: dayMs, spent: recorded.dayAmount }, dayMax),
    ...marksPassed({ ...of, period: 'month', periodStartMs: monthMs, spent: recorded.monthAmount }, monthMax),
  ];
}

/** The same of one session and the limit that each of its tenant's has. */
export function noticesOfSession(
  { tenantId, sessionId, keyId, amount: spent }: SessionSpend,
  max: AmountPico,
): readonly BudgetConclusion[] {
  const periodStartMs = mintedAtMs(sessionId);
  return marksPassed({ tenantId, period: 'session', session: { sessionId, keyId }, periodStartMs, spent }, max);
}

function marksPassed(
  use: Omit<BudgetConclusion, 'limit' | 'percent'>,
  limit: AmountPico | null,
): readonly BudgetConclusion[] {
  return limit === null ? [] : crossedMarks(limit, ZERO, use.spent).map((percent) => ({ ...use, limit, percent }));
}
