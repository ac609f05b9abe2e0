// How a tenant is shown: in a list by the limits that somebody set, alone with all of them.
import type { BudgetNotice } from '@trunkline/admission';
import { formatAmount, type AmountPico } from '@trunkline/kernel';
import { DEFAULT_LIMITS, type TenantLimits, type TenantRecord } from '@trunkline/tenancy';
import type { Row } from './output.js';

/** A tenant in a list. */
export function tenantRow({ id, slug, name, status, sessionsMax, limits }: TenantRecord): Row {
  const set = Object.entries(limitsRow(limits)).filter(([column, value]) => value !== DEFAULTS[column]);
  const words = set.map(([column, value]) => `${column}=${value === null ? 'none' : String(value)}`);
  return { id, slug, name, status, sessions_max: sessionsMax, limits: words.length === 0 ? null : words };
}

/** A tenant alone. */
export function tenantDetails({ id, slug, name, status, sessionsMax, limits }: TenantRecord): Row {
  return { id, slug, name, status, sessions_max: sessionsMax, ...limitsRow(limits) };
}

/** A budget that was used so far. */
export function noticeRow(notice: BudgetNotice): Row {
  const { tenantId, period, session, periodStartMs, percent, limit, spent, noticedAtMs } = notice;
  return {
    ...{ tenant: tenantId, ...(session === null ? {} : { key: session.keyId, session: session.sessionId }) },
    ...{ period, since: new Date(periodStartMs).toISOString(), percent },
    ...{ limit_usd: formatAmount(limit), spent_usd: formatAmount(spent) },
    noticed_at: new Date(noticedAtMs).toISOString(),
  };
}

function limitsRow(limits: TenantLimits): Row {
  return {
    wait_ms_max: limits.waitMsMax,
    reconnect_grace_ms: limits.reconnectGraceMs,
    idle_reclaim_ms: limits.idleReclaimMs,
    session_ms_max: limits.sessionMsMax,
    sessions_per_minute_max: limits.sessionsPerMinuteMax,
    tokens_per_minute_max: limits.tokensPerMinuteMax,
    spend_session_max_usd: amountOf(limits.spendSessionMax),
    spend_day_max_usd: amountOf(limits.spendDayMax),
    spend_month_max_usd: amountOf(limits.spendMonthMax),
    over_budget: limits.overBudget,
    bill_estimates: limits.billEstimates,
  };
}

const DEFAULTS = limitsRow(DEFAULT_LIMITS);

function amountOf(amount: AmountPico | null): string | null {
  return amount === null ? null : formatAmount(amount);
}
