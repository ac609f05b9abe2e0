// Finds out that spending limits are used to 50, 80 or 100 %, stores it for administrators and says it in the log. Any number
// of workers may: each notice is stored once. Where none runs, the first one that starts finds it, also of the day before.
import type { BudgetNotice } from '@trunkline/admission';
import { noteBudgets, noteSessionBudgets } from '@trunkline/admission/adapters/prisma';
import type { Clock } from '@trunkline/kernel';
import { chargesOfSessions } from '@trunkline/ledger/adapters/prisma';
import type { Database } from '@trunkline/platform/database';
import type { Log } from '@trunkline/platform/logging';
import type { Shutdown } from '@trunkline/platform/shutdown';

// The summary that is looked at lags by a second or two.
const LOOK_MS = 5_000;
const STOP_MS_MAX = 2_000;
// Usage is rated within seconds of its turn; behind a database that was away it may take some minutes.
const RATED_LATE_MS = 15 * 60_000;
const DAY_MS = 24 * 60 * 60_000;

/** What the watch works with. */
export interface BudgetWatchParts {
  readonly db: Database;
  readonly log: Log;
  readonly clock: Pick<Clock, 'nowMs'>;
}

/** Looks until shutdown. */
export function watchBudgets({ db, log, clock }: BudgetWatchParts, shutdown: Shutdown): void {
  let looking: Promise<void> | null = null;
  let lookedAtMs = clock.nowMs() - DAY_MS;
  let isBlind = false;
  const look = async (): Promise<void> => {
    const nowMs = clock.nowMs();
    try {
      for (const notice of await noteBudgets(db, nowMs)) say(log, notice);
      const sinceMs = lookedAtMs - RATED_LATE_MS;
      const spends = chargesOfSessions.bind(null, db);
      for (const notice of await noteSessionBudgets(db, { nowMs, sinceMs, spends })) say(log, notice);
      lookedAtMs = nowMs;
      isBlind = false;
    } catch (error) {
      // Once, until a look works again: the next one finds what this one missed.
      if (!isBlind) log.warn({ event: 'budgets_unseen', err: error }, 'how far budgets are used cannot be told');
      isBlind = true;
    }
  };
  const begin = (): void => void (looking ??= look().finally(() => (looking = null)));
  begin();
  const timer = setInterval(begin, LOOK_MS).unref();
  shutdown.register('budget watch', STOP_MS_MAX, async () => {
    clearInterval(timer);
    await looking;
  });
}

function say(log: Log, { tenantId: tenant_id, session, period, percent }: BudgetNotice): void {
  const of = { tenant_id, session_id: session?.sessionId, key_id: session?.keyId ?? undefined };
  const fields = { event: 'budget_notice', ...of, name: period, count: percent };
  if (percent === 100) log.warn(fields, 'a budget is used up: see `cli tenant budget-notices`');
  else log.info(fields, 'a budget is used so far: see `cli tenant budget-notices`');
}
