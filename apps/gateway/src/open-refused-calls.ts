// The record of calls that got no session, on a timer of its own; what was counted last is journalled at the stop.
import { randomBytes } from 'node:crypto';
import { mintId, systemClock, type ReplicaId } from '@trunkline/kernel';
import type { UsageJournal } from '@trunkline/metering';
import type { Shutdown } from '@trunkline/platform/shutdown';
import type { GatewayMetrics } from './gateway-metrics.js';
import { RefusedCallsLog, SPAN_MS } from './refused-calls.js';

const STOP_MS_MAX = 5_000;

/** Starts recording until shutdown. */
export function openRefusedCalls(
  { journal, shutdown }: { readonly journal: UsageJournal; readonly shutdown: Shutdown },
  { replicaId, metrics }: { readonly replicaId: ReplicaId; readonly metrics: GatewayMetrics },
): RefusedCallsLog {
  const refusedCalls = new RefusedCallsLog({
    replicaId,
    mintId: () => mintId('rfc', systemClock.nowMs(), randomBytes),
    pressure: () => journal.pressure(),
    append: (refused) => journal.append({ kind: 'calls_refused', refused }),
    unrecorded: (why, calls) => metrics.refusedUnrecorded(why, calls),
  });
  const timer = setInterval(() => void refusedCalls.flush(), SPAN_MS).unref();
  shutdown.register('refused calls', STOP_MS_MAX, async () => {
    clearInterval(timer);
    await refusedCalls.flush();
  });
  return refusedCalls;
}
