// What the gateway tells Prometheus, as the words of its own path. Handles are resolved here once; frames and bytes are
// read from the sessions' counters when a scrape asks, so that no frame pays for a metric.
import { formatAmount, type AmountPico } from '@trunkline/kernel';
import type { AdmissionReason } from '@trunkline/admission';
import { meterEntry, type SessionClosed, type UsageEvent } from '@trunkline/metering';
import type { HookBinding, HookWord } from '@trunkline/moderation';
import { realtimeFamily } from '@trunkline/providers/adapters/openai';
import type { FlowCounters, RelayProbe } from '@trunkline/realtime';
import type { CounterHandle, HistogramHandle, Metrics } from '@trunkline/telemetry/adapters/prom';
import type { LiveSession, LiveSessions } from './live-session.js';

const TRANSPORT = 'websocket';
const MICRO = 1_000_000;
const DIRECTIONS = [
  ['from_client', 'fromClient'],
  ['from_upstream', 'fromUpstream'],
] as const;

/** One pool's turn in a call. */
export interface PoolTry {
  /** Its slug. */
  readonly pool: string;
  /** The first, one that was fallen over to, or the one in whose line the call stood. */
  readonly turn: 'first' | 'fallback' | 'wait';
  /** `admitted`: a session was opened. The last three had a line and gave it back. */
  readonly outcome: 'admitted' | AdmissionReason | 'dial_failed' | 'budget_exceeded' | 'not_confirmed';
}

/** Metrics of the gateway. */
export class GatewayMetrics {
  /** For the relay's sampled delays. */
  readonly probe: RelayProbe;
  private readonly journalAppend: HistogramHandle;
  /** Of hooks in policies in force: they are asked with every delta of a text. */
  private readonly passes = new WeakMap<HookBinding, CounterHandle>();
  /** What ended sessions had read, and what the counters have been told so far. */
  private readonly ended = noFlows();
  private readonly exported = noFlows();

  constructor(
    private readonly metrics: Metrics,
    live: LiveSessions,
  ) {
    const delay = {
      fromClient: metrics.histogram('relayDelay', { direction: 'from_client' }),
      fromUpstream: metrics.histogram('relayDelay', { direction: 'from_upstream' }),
    };
    this.probe = { relayDelay: (direction, seconds) => delay[direction].observe(seconds) };
    this.journalAppend = metrics.histogram('journalAppend');
    metrics.onScrape(() => this.readFlows(live));
  }

  /** An upgrade request was answered: null for a 101, else the refusal's code. */
  answered(code: string | null, seconds: number): void {
    this.metrics.counter('handshake', { result: code ?? 'accepted' }).add(1);
    this.metrics.histogram('connectDuration', { result: code === null ? 'accepted' : 'refused' }).observe(seconds);
  }

  /** One pool was asked for a line. */
  admission(outcome: 'admitted' | AdmissionReason, seconds: number): void {
    this.metrics.counter('admission', { outcome }).add(1);
    this.metrics
      .histogram('admissionWait', { outcome: outcome === 'admitted' ? 'admitted' : 'refused' })
      .observe(seconds);
  }

  /** A pool was tried for a call, to the end. */
  poolTried(tried: PoolTry): void {
    this.metrics.counter('poolTries', { ...tried }).add(1);
  }

  /** A pool's upstream could not be dialled, or refused. */
  dialFailed(pool: string, code: string): void {
    this.metrics.counter('upstreamErrors', { pool, code }).add(1);
  }

  /** A pool's upstream said that it has no room. */
  poolPaused(pool: string, source: 'dial' | 'headroom' | 'response'): void {
    this.metrics.counter('poolPaused', { pool, source }).add(1);
  }

  /** A session ended and the upstream had not reported all usage. */
  usageMissing(reports: number): void {
    this.metrics.counter('usageMissing').add(reports);
  }

  /** A hook of a moderation policy found something, or failed. */
  moderated({ binding, action, failure }: HookWord): void {
    const hook = binding.type;
    const mode = binding.dryRun ? 'dry_run' : 'enforced';
    this.metrics.counter('moderationVerdicts', { hook, action, mode }).add(1);
    if (failure !== null) this.metrics.counter('moderationFailures', { hook, failure }).add(1);
  }

  /** A hook of a moderation policy was asked and found nothing that counts. */
  passed(binding: HookBinding): void {
    let passes = this.passes.get(binding);
    if (passes === undefined) {
      const mode = binding.dryRun ? 'dry_run' : 'enforced';
      passes = this.metrics.counter('moderationVerdicts', { hook: binding.type, action: 'pass', mode });
      this.passes.set(binding, passes);
    }
    passes.add(1);
  }

  /** An answer waited for verdicts. */
  answerHeld(seconds: number): void {
    this.metrics.histogram('moderationAnswerHeld').observe(seconds);
  }

  /** A caller's words had no verdict in time. */
  unjudged(reason: 'not_transcribed' | 'transcription_failed' | 'late', isBlocked: boolean): void {
    this.metrics.counter('moderationUnjudged', { reason, result: isBlocked ? 'blocked' : 'let_through' }).add(1);
  }

  /** Messages that were held back when a session ended said what had no verdict. */
  heldBackDropped(messages: number): void {
    this.metrics.counter('moderationDropped').add(messages);
  }

  /** What was found is not in the journal. */
  findingUnrecorded(why: 'session_limit' | 'journal_pressure'): void {
    this.metrics.counter('moderationUnrecorded', { why }).add(1);
  }

  /** Calls that got no session are not in the record of those. */
  refusedUnrecorded(why: 'too_many_kinds' | 'journal_pressure', calls: number): void {
    this.metrics.counter('refusedCallsUnrecorded', { why }).add(calls);
  }

  sessionOpened(session: LiveSession): void {
    this.active(session).add(1);
  }

  sessionEnded(session: LiveSession, closed: SessionClosed): void {
    this.active(session).add(-1);
    this.metrics.counter('sessionEnd', { cause: closed.endCause }).add(1);
    if (closed.endCause === 'line_reclaimed') this.metrics.counter('linesReclaimed').add(1);
    this.metrics.histogram('sessionDuration', { transport: TRANSPORT }).observe(closed.durationMs / 1000);
    for (const [, side] of DIRECTIONS) {
      this.ended[side].frames += session.relay.counters[side].frames;
      this.ended[side].bytes += session.relay.counters[side].bytes;
    }
  }

  /** A usage-bearing frame waited so long for the journal. */
  journalWaited(seconds: number): void {
    this.journalAppend.observe(seconds);
  }

  /** A usage event is durable; `cost` is null for a repeat and where no price is known. */
  metered(event: UsageEvent, cost: AmountPico | null): void {
    const model_family = familyOf(event.model);
    if (event.problem !== null) this.metrics.counter('usageParked', { problem: event.problem }).add(1);
    if (event.estimate !== null)
      this.metrics.counter('usageEstimated', { confidence: event.estimate.confidence }).add(1);
    if (cost === null) return;
    this.metrics.counter('cost', { model_family }).add(Number(formatAmount(cost)));
    for (const { meter, quantityMicro } of event.quantities) {
      const { unit, direction, modality, cache } = meterEntry(meter);
      if (unit !== 'tokens') continue;
      this.metrics.counter('tokens', { model_family, direction, modality, cache }).add(Number(quantityMicro) / MICRO);
    }
  }

  private active(session: LiveSession) {
    return this.metrics.gauge('sessionsActive', { transport: TRANSPORT, model_family: familyOf(session.model) });
  }

  // Counters only grow: what ended sessions had, plus what the open ones have so far.
  private readFlows(live: LiveSessions): void {
    for (const [direction, side] of DIRECTIONS) {
      const flows: FlowCounters[] = [];
      for (const session of live.all()) flows.push(session.relay.counters[side]);
      const sum = (pick: (flow: FlowCounters) => number) => flows.reduce((total, flow) => total + pick(flow), 0);
      const frames = this.ended[side].frames + sum((flow) => flow.frames);
      const bytes = this.ended[side].bytes + sum((flow) => flow.bytes);
      this.metrics.counter('frames', { direction }).add(frames - this.exported[side].frames);
      this.metrics.counter('frameBytes', { direction }).add(bytes - this.exported[side].bytes);
      this.exported[side] = { frames, bytes };
      const peak = flows.reduce((most, flow) => Math.max(most, flow.bufferedBytesPeak), 0);
      this.metrics.gauge('sendBuffer', { direction }).set(peak);
    }
  }
}

function noFlows() {
  return { fromClient: { frames: 0, bytes: 0 }, fromUpstream: { frames: 0, bytes: 0 } };
}

function familyOf(model: string): string {
  return realtimeFamily(model) ?? model;
}
