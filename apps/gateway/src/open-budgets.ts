// Opens the budgets of a process and says what becomes of their events: a log line and a counter. Whoever pays
// is told by the worker (`watch-budgets.ts`), which asks the ledger: what is heard here may be lost with its answer.
import { setTimeout as delay } from 'node:timers/promises';
import { formatAmount, systemClock } from '@trunkline/kernel';
import type { BudgetStore, SpendRecords } from '@trunkline/admission';
import type { Log } from '@trunkline/platform/logging';
import type { Shutdown } from '@trunkline/platform/shutdown';
import type { SnapshotHolder } from '@trunkline/tenancy';
import type { Metrics } from '@trunkline/telemetry/adapters/prom';
import { Budgets, type BudgetEvent } from './budgets.js';

/** What budgets are opened with. */
export interface OpenBudgetsParts {
  readonly budgetStore: BudgetStore;
  readonly spendRecords: SpendRecords;
  readonly policy: SnapshotHolder;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly shutdown: Shutdown;
}

const STOP_MS_MAX = 2_000;
// A store that is away says so many times a second.
const SAID_AGAIN_MS = 30_000;

/** Opens them and starts their loop; it stops with the process. */
export function openBudgets({ budgetStore, spendRecords, policy, shutdown, ...parts }: OpenBudgetsParts): Budgets {
  const budgets = new Budgets({
    store: budgetStore,
    records: spendRecords,
    limitsOf: (tenantId) => policy.current().tenants.get(tenantId)?.limits ?? null,
    clock: systemClock,
    observe: observer(parts),
    defer: (work) => void setImmediate(work),
    wait: (ms, signal) => delay(ms, undefined, { signal }).catch(() => undefined),
  });
  const stop = new AbortController();
  const running = budgets.run(stop.signal);
  shutdown.register('budgets', STOP_MS_MAX, async () => {
    stop.abort();
    await running;
  });
  return budgets;
}

function observer({ log, metrics }: Pick<OpenBudgetsParts, 'log' | 'metrics'>): (event: BudgetEvent) => void {
  let saidAtMs = -Infinity;
  return (event) => {
    switch (event.kind) {
      case 'threshold': {
        const { tenantId: tenant_id, period, percent, sessionId } = event;
        metrics.counter('budgetThresholds', { period, percent: `${percent}` }).add(1);
        const who = { tenant_id, session_id: sessionId ?? undefined };
        log.info({ event: 'budget_threshold', ...who, name: period, count: percent }, 'a budget is used so far');
        return;
      }
      case 'turn_blocked': {
        const { tenantId: tenant_id, denial, when } = event;
        metrics.counter('turnsBlocked', { reason: denial.kind, stage: when }).add(1);
        log.debug({ event: 'turn_blocked', tenant_id, reason: denial.kind }, 'a turn was blocked');
        return;
      }
      case 'blocked_turn_cost': {
        metrics.counter('blockedTurnCost').add(Number(formatAmount(event.amount)));
        return;
      }
      case 'unavailable': {
        metrics.counter('budgetUnavailable', { what: event.what }).add(1);
        const nowMs = systemClock.monotonicMs();
        if (nowMs - saidAtMs < SAID_AGAIN_MS) return;
        saidAtMs = nowMs;
        const fields = { event: 'budget_unavailable', name: event.what, err: event.error };
        log.warn(fields, 'budgets are not enforced for now; usage is billed all the same');
      }
    }
  };
}
