// The end of a call that holds a confirmed line and is journalled as open, but cannot be run: a fault of ours. Guarantees
// that it ends like any other session, with one cause, in the journal as in this process; what its peers would have been
// told and given time for is left out, for nobody knows how far it came.
import type { Duplex } from 'node:stream';
import type { SessionId } from '@trunkline/kernel';
import type { SessionClosed } from '@trunkline/metering';
import type { GatewayParts } from './gateway-parts.js';
import type { AdmittedCall } from './open-session.js';
import { estimateOwed, forgetSession, keep } from './session-over.js';

/** What it works with. */
export type AbandonParts = Pick<
  GatewayParts,
  'bills' | 'budgets' | 'clock' | 'journal' | 'live' | 'log' | 'metrics' | 'releaseLease' | 'stragglers'
>;

/** Ends the call. Never rejects. */
export async function abandon(
  parts: AbandonParts,
  call: AdmittedCall,
  { socket, error }: { readonly socket: Duplex; readonly error: unknown },
): Promise<void> {
  const { sessionId: id, principal, upstream, lease } = call;
  const { tenantId } = principal;
  parts.log.error({ event: 'session_failed', session_id: id, err: error }, 'a session could not be run');
  const live = parts.live.get(id);
  live?.relay.end('internal_error');
  upstream.wire.destroy();
  socket.destroy();
  await parts.releaseLease(lease);
  // What its gate holds back is for nobody any more.
  await live?.gating.gate?.close(false).catch((failure: unknown) => stepFailed(parts, id, ['close gate', failure]));
  if (live) {
    const failed = (failure: unknown) => stepFailed(parts, id, ['estimate what is owed', failure]);
    await estimateOwed(parts, live).catch(failed);
  }
  const session = closedRecord(call, live?.relay.counters ?? null, parts.clock.nowMs());
  await keep(parts, { kind: 'session_closed', session });
  forgetSession(parts, { id, tenantId });
  if (live) parts.metrics.sessionEnded(live, session);
}

// What failed before may fail here again; the session ends all the same.
type FailedStep = readonly [step: string, failure: unknown];

function stepFailed({ log }: AbandonParts, id: SessionId, [step, failure]: FailedStep): void {
  const fields = { event: 'settle_step_failed', session_id: id, step, err: failure };
  log.error(fields, 'a settlement step failed');
}

type Counters = NonNullable<ReturnType<GatewayParts['live']['get']>>['relay']['counters'];

function closedRecord(call: AdmittedCall, counters: Counters | null, closedAtMs: number): SessionClosed {
  return {
    sessionId: call.sessionId,
    tenantId: call.principal.tenantId,
    endCause: 'internal_error',
    closeCode: null,
    closedAtMs,
    durationMs: Math.max(0, closedAtMs - call.openedAtMs),
    bytesFromClient: counters?.fromClient.bytes ?? 0,
    bytesFromUpstream: counters?.fromUpstream.bytes ?? 0,
    messagesFromClient: counters?.fromClient.messages ?? 0,
    messagesFromUpstream: counters?.fromUpstream.messages ?? 0,
  };
}
