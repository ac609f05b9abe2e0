// Finds out that spending limits are used to 50, 80 or 100 %, stores it for administrators and says it in the log. Any number
// of workers may: each notice is stored once. Where none runs, the first one that starts finds it, also of the day before.
import type { BudgetNotice } from '@trunkline/admission';
import { noteBudgets } from '@trunkline/admission/adapters/prisma';
import type { Clock } from '@trunkline/kernel';
import type { Database } from '@trunkline/platform/database';
import type { Log } from '@trunkline/platform/logging';
import type { Shutdown } from '@trunkline/platform/shutdown';

// The summary that is looked at lags by a second or two.
const LOOK_MS = 5_000;
const STOP_MS_MAX = 2_000;

/** What the watch works with. */
export interface BudgetWatchParts {
  readonly db: Database;
  readonly log: Log;
  readonly clock: Pick<Clock, 'nowMs'>;
}

/** Looks until shutdown. */
export function watchBudgets({ db, log, clock }: BudgetWatchParts, shutdown: Shutdown): void {
  let looking: Promise<void> | null = null;
  const look = async (): Promise<void> => {
    try {
      for (const notice of await noteBudgets(db, clock.nowMs())) say(log, notice);
    } catch {
      // The rating loop meets the same database and says so; the next look finds the same.
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

function say(log: Log, { tenantId: tenant_id, period, percent }: BudgetNotice): void {
  const fields = { event: 'budget_notice', tenant_id, name: period, count: percent };
  if (percent === 100) log.warn(fields, 'a budget is used up: see `cli tenant budget-notices`');
  else log.info(fields, 'a budget is used so far: see `cli tenant budget-notices`');
}
