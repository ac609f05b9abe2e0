// Steps 6 and 7: turns an admitted call into a relayed, metered session and remembers it until it is settled.
import { ZERO, type SessionId, type Vendor } from '@trunkline/kernel';
import type { Lease, LineWatch } from '@trunkline/admission';
import type { JournalRecord, SessionOpened, UsageEvent } from '@trunkline/metering';
import { Session, type FrameTap, type Handshake, type RelayLimits } from '@trunkline/realtime';
import type { AcceptedClient } from '@trunkline/realtime/adapters/net';
import { modelFamily, OpenAiRealtimeObserver } from '@trunkline/providers/adapters/openai';
import type { Principal } from '@trunkline/tenancy';
import type { OpenUpstream } from './dial-upstream.js';
import { endUserOf } from './end-user.js';
import type { GatewayParts } from './gateway-parts.js';
import type { LiveSession } from './live-session.js';
import { openGate, type GatedSession } from './gate/open-gate.js';
import { SessionGating } from './gate/session-gating.js';
import { LastWord } from './last-word.js';
import { meterTap } from './meter-tap.js';
import { OwedReports } from './owed-reports.js';
import { SessionOwed } from './session-owed.js';
import { pinnedTaps } from './pin-settings.js';
import { usedInPool } from './pool-tokens.js';
import { isBudgeted } from './turn-budget.js';
import { waitAskedMs } from './wait-terms.js';
import { turnGate } from './turn-gate.js';

/** A call that holds a line and an open upstream. */
export interface AdmittedCall {
  readonly sessionId: SessionId;
  readonly principal: Principal;
  readonly handshake: Handshake;
  readonly lease: Lease;
  /** Says when the line is lost. */
  readonly line: LineWatch;
  readonly upstream: OpenUpstream;
  /** Whose account was dialled: its use is priced by that vendor's list. */
  readonly vendor: Vendor;
  readonly openedAtMs: number;
}

/** What the journal says of a session that begins. */
export function openedRecord(parts: GatewayParts, call: AdmittedCall): SessionOpened {
  const { handshake, principal } = call;
  return {
    sessionId: call.sessionId,
    tenantId: principal.tenantId,
    keyId: principal.keyId,
    poolId: poolOf(call.lease),
    replicaId: parts.replicaId,
    model: handshake.model ?? 'transcription',
    dialect: handshake.dialect,
    transport: 'websocket',
    clientKind: handshake.clientKind,
    waitAskedMs: waitAskedMs(handshake),
    secretId: principal.secret?.id ?? null,
    openedAtMs: call.openedAtMs,
  };
}

/** Pairs the client with its upstream. The session is not started yet. */
export function openSession(parts: GatewayParts, call: AdmittedCall, client: AcceptedClient): LiveSession {
  const observer = new OpenAiRealtimeObserver(
    () => relay.counters.fromClient,
    () => parts.budgets.tokens(call.principal.tenantId),
    () => gating.gate?.transcribesForPolicy ?? false,
  );
  const owed = new OwedReports(observer);
  const bill = parts.bills.open(call.sessionId, call.principal.tenantId);
  const session = openedRecord(parts, call);
  const budget = openBudget(parts, call, { observer, relay: () => relay });
  const lastWord = new LastWord(parts.clock.monotonicMs());
  const unreported = openOwed(parts, call, observer);
  const metered = (event: UsageEvent): void => {
    const isBilled = event.estimate?.billing !== 'do_not_bill';
    const cost = isBilled ? bill.add(event, parts.prices()) : null;
    parts.metrics.metered(event, cost);
    budget.metered(event, isBilled ? cost : ZERO);
    usedInPool(parts, call.lease.place, event);
  };
  const mayAsk: GatedSession['mayAsk'] = (eventId, toldAs) => budget.asks(eventId, toldAs);
  const endUser = endUserOf(parts, call.principal, call.handshake);
  // A limit that is set while the session lives blocks turns as they begin.
  const fromClient = isBudgeted(call.principal.limits) ? turnGate(observer, budget) : null;
  const fromUpstream = upstreamTap(
    parts,
    { ...session, vendor: call.vendor },
    {
      ...{ observer, owed, unreported, lastWord, budget, metered },
      relay: () => relay,
    },
  );
  const gating: SessionGating = new SessionGating({
    open: () => openGate(parts, { ...session, endUser, relay: () => relay, mayAsk }),
    bare: { fromClient, fromUpstream },
    setTaps: (taps) => relay.setTaps(pinnedTaps(call.principal.secret, taps)),
    isEnding: () => relay.isEnding,
  });
  const relay: Session = new Session({
    id: call.sessionId,
    client: client.wire,
    clientHead: client.head,
    upstream: call.upstream.wire,
    upstreamHead: call.upstream.head,
    taps: pinnedTaps(call.principal.secret, gating.taps),
    limits: limitsOf(parts, call.principal),
    ticker: parts.ticker,
    probe: parts.probe,
    maskKey: parts.maskKey,
  });
  void call.line.lost.then(() => relay.end('lease_lost'));
  const { sessionId: id, principal, lease } = call;
  const live: LiveSession = {
    ...session,
    ...{ id, principal, endUser, lease },
    relay,
    lastWord,
    observer,
    owed,
    unreported,
    metered,
    bill,
    budget,
    gating,
  };
  parts.live.add(live);
  parts.metrics.sessionOpened(live);
  return live;
}

function openBudget(
  parts: GatewayParts,
  { sessionId: id, principal: { tenantId } }: AdmittedCall,
  { observer, relay }: Pick<TapEars, 'observer' | 'relay'>,
): LiveSession['budget'] {
  return parts.budgets.open({
    ...{ id, tenantId },
    reportsOwed: () => observer.reportsOwed(),
    end: (cause) => relay().end(cause),
    sendClient: (text) => void relay().sendClient(text),
    cancelTurn: (turnId) => void relay().sendUpstream(observer.cancelTurn(turnId)),
  });
}

/** What the upstream's tap tells. */
interface TapEars extends Pick<LiveSession, 'observer' | 'owed' | 'unreported' | 'lastWord' | 'budget' | 'metered'> {
  readonly relay: () => Session;
}

function upstreamTap(
  parts: GatewayParts,
  session: SessionOpened & Pick<AdmittedCall, 'vendor'>,
  ears: TapEars,
): FrameTap {
  const { observer, owed, unreported, lastWord, budget, metered, relay } = ears;
  return meterTap({
    observer,
    context: session,
    nowMs: parts.clock.nowMs,
    journal: (event) => journalTimed(parts, { kind: 'usage', event }),
    turnBegan: (turnId) => budget.began(turnId),
    eventRefused: (eventId, wasQuestion) => budget.refusedByVendor(eventId, wasQuestion),
    owed: (report) => unreported.began(report),
    nothingOwed: (report) => unreported.nothing(report),
    estimateOf: (report) => unreported.estimateOf(report),
    metered: (event) => {
      lastWord.answered(event, parts.clock.monotonicMs());
      metered(event);
    },
    unmetered: (event, error) => keepAndEnd(parts, relay(), event, error),
    expired: () => relay().end('upstream_expired'),
    throttled: ({ forMs, source, model }) => {
      parts.metrics.poolPaused(parts.policy().pools.get(session.poolId)?.slug ?? session.poolId, source);
      parts.pausePool(session.poolId, forMs, model === null ? null : modelFamily(model));
    },
    spoke: (type) => lastWord.heard(type, parts.clock.monotonicMs()),
    progressed: () => owed.check(),
  });
}

function openOwed(parts: GatewayParts, call: AdmittedCall, observer: OpenAiRealtimeObserver): SessionOwed {
  const { sessionId, tenantId, keyId, poolId, replicaId } = openedRecord(parts, call);
  const billing = call.principal.limits.billEstimates;
  return new SessionOwed({
    observer,
    context: { sessionId, tenantId, keyId, poolId, replicaId, vendor: call.vendor, billing },
    journal: parts.journal,
    nowMs: parts.clock.nowMs,
    failed: (error) =>
      parts.log.warn({ event: 'journal_refused', session_id: sessionId, err: error }, 'a running turn has no record'),
  });
}

/** The pool whose line a lease holds. */
export function poolOf(lease: Lease): SessionOpened['poolId'] {
  return lease.place.poolId;
}

function limitsOf({ relayLimits }: GatewayParts, { limits }: Principal): RelayLimits {
  const durations = [relayLimits.durationMsMax, limits.sessionMsMax].filter((ms) => ms !== null);
  return { ...relayLimits, durationMsMax: durations.length > 0 ? Math.min(...durations) : null };
}

async function journalTimed(parts: GatewayParts, record: JournalRecord): Promise<void> {
  const startedMs = parts.clock.monotonicMs();
  await parts.journal.append(record);
  parts.metrics.journalWaited((parts.clock.monotonicMs() - startedMs) / 1000);
}

// The report reached us, so it must reach the ledger although this session cannot go on without a journal.
function keepAndEnd(parts: GatewayParts, relay: Session, event: UsageEvent, error: Error): void {
  parts.log.error(
    { event: 'journal_refused', session_id: event.sessionId, err: error },
    'usage could not be journalled',
  );
  parts.stragglers.keep({ kind: 'usage', event });
  relay.end('metering_unavailable');
}
