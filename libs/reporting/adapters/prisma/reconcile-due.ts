// The runs that are due: each day of each source at each stage, once. What a stopped worker missed is made up for.
import { daysDue, dayText } from '../../index.js';
import { reconcilePool, type ReconcileContext } from './reconcile-pool.js';
import { scheduledName, scheduledRuns, type ReconciliationRun } from './reconcile-store.js';

/** What happened to one run that was due. */
export type DueRun =
  | { readonly outcome: 'made'; readonly run: ReconciliationRun }
  | { readonly outcome: 'failed'; readonly poolId: string; readonly day: string; readonly error: unknown };

/** Makes the runs that are due. One that fails does not keep the others; `signal` stops between two. */
export async function* reconcileDue(context: ReconcileContext, signal: AbortSignal): AsyncGenerator<DueRun> {
  const due = daysDue(context.nowMs);
  const done = await scheduledRuns(context.db, dayText(due[0]?.dayMs ?? context.nowMs));
  for (const { dayMs, stage } of due) {
    for (const source of context.sources) {
      const day = dayText(dayMs);
      if (signal.aborted) return;
      if (done.has(scheduledName(source.poolId, day, stage))) continue;
      try {
        const run = await reconcilePool(context, source, { dayMs, trigger: 'schedule', actor: 'worker' });
        if (run !== null) yield { outcome: 'made', run };
      } catch (error) {
        yield { outcome: 'failed', poolId: source.poolId, day, error };
      }
    }
  }
}
