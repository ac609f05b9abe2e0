// Deletes what is kept for a time only (the record of refused calls, budget notices, client secrets and alerts that are over)
// when that time is over: once at the start and every ten minutes, some thousand rows at a time. Any number of workers may.
import { sweepBudgetNotices } from '@trunkline/admission/adapters/prisma';
import { sweepAlerts } from '@trunkline/alerting/adapters/prisma';
import type { Clock } from '@trunkline/kernel';
import { sweepRefusedCalls } from '@trunkline/metering/adapters/prisma';
import type { Database } from '@trunkline/platform/database';
import type { Log } from '@trunkline/platform/logging';
import type { Shutdown } from '@trunkline/platform/shutdown';
import { sweepClientSecrets, sweepIdempotentRequests } from '@trunkline/tenancy/adapters/prisma';

const SWEEP_MS = 10 * 60_000;
const STOP_MS_MAX = 5_000;
const ROWS_MAX = 5_000;
const SWEEPS = [sweepRefusedCalls, sweepBudgetNotices, sweepClientSecrets, sweepIdempotentRequests, sweepAlerts];

/** What the sweep works with. */
export interface RefusedSweepParts {
  readonly db: Database;
  readonly log: Log;
  readonly clock: Clock;
}

/** Sweeps until shutdown. */
export function startRefusedSweep({ db, log, clock }: RefusedSweepParts, shutdown: Shutdown): void {
  let isOver = false;
  let sweeping: Promise<void> | null = null;
  const sweep = async (): Promise<void> => {
    for (const sweepSome of SWEEPS) {
      try {
        let deleted = ROWS_MAX;
        while (deleted === ROWS_MAX && !isOver) deleted = await sweepSome(db, { nowMs: clock.nowMs(), max: ROWS_MAX });
      } catch (error) {
        log.warn({ event: 'refused_sweep_failed', err: error }, 'old records could not be deleted yet');
      }
    }
  };
  const begin = (): void => void (sweeping ??= sweep().finally(() => (sweeping = null)));
  begin();
  const timer = setInterval(begin, SWEEP_MS).unref();
  shutdown.register('refused sweep', STOP_MS_MAX, async () => {
    isOver = true;
    clearInterval(timer);
    await sweeping;
  });
}
