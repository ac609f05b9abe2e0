// Builders with defaults, so that what a test sets is what matters in it.
import { trustedId } from '@trunkline/kernel';
import {
  estimatedUsage,
  owedUsage,
  usageEvent,
  type EstimateDoubt,
  type JournalRecord,
  type OwedReport,
  type OwedUsage,
  type RefusedCalls,
  type SessionClosed,
  type SessionOpened,
  type UsageContext,
  type UsageEvent,
  type UsageReport,
} from '@trunkline/metering';

export const TENANT = trustedId('tnt', 'tnt_00000000000000000000000001');
export const OTHER_TENANT = trustedId('tnt', 'tnt_00000000000000000000000002');
export const SESSION = trustedId('ses', 'ses_00000000000000000000000001');

const WHO = {
  sessionId: SESSION,
  tenantId: TENANT,
  keyId: trustedId('key', 'key_00000000000000000000000001'),
  poolId: trustedId('pool', 'pool_00000000000000000000000001'),
  replicaId: trustedId('rep', 'rep_00000000000000000000000001'),
};

const VENDOR_USAGE = { total_tokens: 253, input_tokens: 132, output_tokens: 121 };

export function aReport(set: Partial<UsageReport> = {}): UsageReport {
  return {
    kind: 'response',
    vendorObjectId: 'resp_1',
    model: 'gpt-realtime',
    status: 'completed',
    quantities: [
      { meter: 'input_text', quantityMicro: 119_000_000n },
      { meter: 'input_audio', quantityMicro: 13_000_000n },
      { meter: 'output_audio', quantityMicro: 121_000_000n },
    ],
    vendorUsage: VENDOR_USAGE,
    problem: null,
    ...set,
  };
}

export function anEvent(set: Partial<UsageReport & UsageContext> = {}): UsageEvent {
  return usageEvent(aReport(set), { ...WHO, vendor: 'openai', occurredAtMs: 1_795_000_000_000, ...set });
}

/** A usage record of its own: each `name` is another response. */
export function usageRecord(name: string, set: Partial<UsageReport & UsageContext> = {}): JournalRecord {
  return { kind: 'usage', event: anEvent({ vendorObjectId: name, ...set }) };
}

/** A response that is owed: each `name` is another one. */
export function anOwed(
  name: string,
  set: Partial<OwedReport & Pick<OwedUsage, 'seenAtMs' | 'sessionId' | 'vendor'>> = {},
): OwedUsage {
  const { seenAtMs = 1_795_000_000_000, sessionId = SESSION, vendor = 'openai', ...report } = set;
  const seen: OwedReport['seen'] = {
    quantities: [
      { meter: 'input_text', quantityMicro: 119_000_000n },
      { meter: 'output_audio', quantityMicro: 40_000_000n },
    ],
    method: 'seen_output_and_previous_context',
    doubts: [],
    facts: { spoken_ms: 2_000 },
  };
  return owedUsage(
    { kind: 'response', vendorObjectId: name, model: 'gpt-realtime', seen, ...report },
    { ...WHO, sessionId, vendor, seenAtMs, billing: 'bill' },
  );
}

/** The estimate of a response of that name. */
export function estimateRecord(name: string, doubts: readonly EstimateDoubt[] = []): JournalRecord {
  return { kind: 'usage', event: estimatedUsage(anOwed(name), doubts) };
}

export function sessionOpened(set: Partial<SessionOpened> = {}): SessionOpened {
  return {
    ...WHO,
    model: 'gpt-realtime',
    dialect: 'ga',
    transport: 'websocket',
    clientKind: 'server',
    waitAskedMs: null,
    secretId: null,
    openedAtMs: 1_795_000_000_000,
    ...set,
  };
}

export function sessionClosed(set: Partial<SessionClosed> = {}): SessionClosed {
  return {
    sessionId: SESSION,
    tenantId: TENANT,
    endCause: 'client_closed',
    closeCode: 1000,
    closedAtMs: 1_795_000_060_000,
    durationMs: 60_000,
    bytesFromClient: 1_000_000,
    bytesFromUpstream: 2_000_000,
    messagesFromClient: 1_500,
    messagesFromUpstream: 900,
    ...set,
  };
}

export function refusedCalls(set: Partial<RefusedCalls> = {}): RefusedCalls {
  const { tenantId, keyId, poolId, replicaId } = WHO;
  return {
    ...{ id: trustedId('rfc', 'rfc_00000000000000000000000001'), tenantId, keyId, replicaId },
    ...{ model: 'gpt-realtime-2026-01-01', family: 'gpt-realtime', reason: 'pool_limit', pools: [poolId] },
    ...{ fromMs: 1_795_000_000_000, untilMs: 1_795_000_000_900, calls: 3, waitedMs: 1_200, waitedMsMax: 700 },
    waitAskedMs: null,
    ...set,
  };
}

/** The vendor object ids of usage records, in order. */
export function namesOf(records: readonly JournalRecord[]): readonly string[] {
  return records.map((record) => (record.kind === 'usage' ? record.event.vendorObjectId : record.kind));
}
