// The calls of a record as arrivals: those that had a session, with its length, and those that had none, with a length that is
// assumed. What is assumed and what is left out is said, for the answer depends on it.
import type { TenantId } from '@trunkline/kernel';
import type { RecordedRefusal, RecordedSession } from '@trunkline/metering';
import { modelFamily } from '@trunkline/providers';
import type { PolicySnapshot } from '@trunkline/tenancy';
import type { Arrival, OpenBefore, OpenLine } from '../../../index.js';
import { DURATION_MS_UNKNOWN, SessionLengths } from './session-lengths.js';

/** A call; how long it would wait for a line, a configuration says, and its app where that asked for less. */
export interface Call extends Omit<Arrival, 'waitMs'> {
  readonly waitAskedMs?: number;
}

/** How refused calls are taken: each as a call of its own, none, or one of a key and model in so many milliseconds. */
export type RefusedTaken = 'each' | 'none' | { readonly oneInMs: number };

/** How a record is taken. */
export interface RecordTerms {
  readonly taken: RefusedTaken;
  /** By whose tenants and keys; a what-if changes neither. */
  readonly policy: PolicySnapshot;
  /** From when and until when it was read, Unix milliseconds. */
  readonly fromMs: number;
  readonly toMs: number;
  /** More calls are not replayed at once. */
  readonly callsMax: number;
}

/** The calls in order of time, and what there is to know about them. */
export interface CallsOfRecord {
  readonly calls: readonly Call[];
  /** Sessions that were open already when the first of the calls may have come. */
  readonly openBefore: OpenBefore;
  /** Of the calls, those that had been refused. */
  readonly refused: number;
  /** Sessions that ended because they said nothing and somebody waited for their lines. */
  readonly reclaimed: number;
  /** Of the calls, those with a key that is of no use any more. */
  readonly ofRetiredKeys: number;
  /** Calls and open sessions of tenants that are suspended or gone: not replayed. */
  readonly ofSuspended: number;
  /** Refusals that another cap would not have helped, by reason: not replayed. */
  readonly leftOut: Readonly<Record<string, number>>;
}

// OpenAI ends a session after 60 minutes. What is still open, or whose gateway was killed, has no length of its own.
const DURATION_MS_MAX = 60 * 60_000;
const RECLAIMED = 'line_reclaimed';
// What a line would have changed. Whoever was refused for its budget or by the upstream would be so again.
const FOR_WANT_OF_A_LINE = new Set(['key_limit', 'tenant_limit', 'rate_limit', 'pool_limit', 'headroom', 'abandoned']);

/**
 * The calls of a record that comes page by page, sessions and refused calls each in order of time. However long the record
 * is, what is kept of it is bounded by the calls that are replayed.
 */
export class CallsRecord {
  readonly #sessions: RecordedSession[] = [];
  readonly #refusals: RecordedRefusal[] = [];
  readonly #leftOut: Record<string, number> = {};
  readonly #lengths = new SessionLengths();
  /** From when the next refused call of a key and model is another one. */
  readonly #nextAtMs = new Map<string, number>();
  readonly #open: OpenLine[] = [];
  #refused = 0;
  #reclaimed = 0;
  #ofRetiredKeys = 0;
  #ofSuspended = 0;

  constructor(private readonly terms: RecordTerms) {}

  /** @throws TooManyCalls */
  addSessions(sessions: readonly RecordedSession[]): void {
    for (const session of sessions) this.#addSession(session);
    this.#checkCount();
  }

  /** @throws TooManyCalls */
  addRefusals(refusals: readonly RecordedRefusal[]): void {
    for (const refusal of refusals) this.#addRefusal(refusal);
  }

  /** What it comes to, in steps of a millisecond or two: where there are many calls, this takes a while. */
  *calls(): Generator<undefined, CallsOfRecord> {
    const assumed = new Map<string, number>();
    for (const { tenantId, model } of this.#refusals) {
      const kind = kindOf(tenantId, model);
      if (assumed.has(kind)) continue;
      assumed.set(kind, this.#lengths.assumedFor(tenantId, modelFamily(model)));
      yield;
    }
    const calls = yield* inOrder(this.#unordered(assumed));
    const openBefore = { atMs: this.terms.fromMs, lines: this.#open };
    const [refused, leftOut, reclaimed] = [this.#refused, this.#leftOut, this.#reclaimed];
    const [ofRetiredKeys, ofSuspended] = [this.#ofRetiredKeys, this.#ofSuspended];
    return { calls, openBefore, refused, leftOut, reclaimed, ofRetiredKeys, ofSuspended };
  }

  *#unordered(assumed: ReadonlyMap<string, number>): Generator<Call> {
    for (const session of this.#sessions) yield sessionCall(session, this.terms);
    for (const refusal of this.#refusals)
      yield* refusedCalls(refusal, assumed.get(kindOf(refusal.tenantId, refusal.model)) ?? DURATION_MS_UNKNOWN);
  }

  #addSession(session: RecordedSession): void {
    const { fromMs } = this.terms;
    if (!this.#mayCall(session, 1)) return;
    if (session.endCause === RECLAIMED) this.#reclaimed += 1;
    if (session.openedAtMs < fromMs) return void this.#open.push(openLine(session, this.terms));
    this.#countKey(session, 1);
    this.#sessions.push(session);
    this.#lengths.add(session);
  }

  // Who is suspended does not call; a key that is revoked may have been exchanged for another, and its tenant calls on.
  #mayCall({ tenantId }: Who, calls: number): boolean {
    const mayCall = this.terms.policy.tenants.get(tenantId)?.status === 'active';
    if (!mayCall) this.#ofSuspended += calls;
    return mayCall;
  }

  #countKey({ keyId }: Who, calls: number): void {
    const key = this.terms.policy.keys.get(keyId);
    const isInUse = key?.status === 'active' && this.terms.toMs < (key.expiresAtMs ?? Infinity);
    if (!isInUse) this.#ofRetiredKeys += calls;
  }

  #addRefusal(refusal: RecordedRefusal): void {
    const { taken } = this.terms;
    if (taken === 'none') return;
    const { reason, calls } = refusal;
    if (!FOR_WANT_OF_A_LINE.has(reason)) {
      this.#leftOut[reason] = (this.#leftOut[reason] ?? 0) + calls;
      return;
    }
    const kept = taken === 'each' ? refusal : this.#thinned(refusal, taken.oneInMs);
    if (kept === null || !this.#mayCall(kept, kept.calls)) return;
    this.#countKey(kept, kept.calls);
    this.#refusals.push(kept);
    this.#refused += kept.calls;
    this.#checkCount();
  }

  // Whoever is refused tries again; which of the calls of a key are the same caller, nobody recorded.
  #thinned(refusal: RecordedRefusal, oneInMs: number): RecordedRefusal | null {
    const { keyId, model, fromMs, untilMs, waitedMs, calls } = refusal;
    const name = `${keyId} ${model}`;
    const firstMs = Math.max(fromMs, this.#nextAtMs.get(name) ?? -Infinity);
    if (firstMs > untilMs) return null;
    const kept = Math.min(calls, 1 + Math.floor((untilMs - firstMs) / oneInMs));
    const lastMs = firstMs + (kept - 1) * oneInMs;
    this.#nextAtMs.set(name, lastMs + oneInMs);
    return { ...refusal, fromMs: firstMs, untilMs: lastMs, calls: kept, waitedMs: (waitedMs / calls) * kept };
  }

  #checkCount(): void {
    const { callsMax } = this.terms;
    const sessions = this.#sessions.length + this.#open.length;
    if (sessions + this.#refused > callsMax) throw new TooManyCalls(sessions, this.#refused, callsMax);
  }
}

/** More calls than are replayed at once. */
export class TooManyCalls extends RangeError {
  override readonly name = 'TooManyCalls';

  constructor(sessions: number, refused: number, callsMax: number) {
    super(
      `There were more calls than the ${callsMax} that are replayed at once: ${sessions} sessions and ${refused} refused ` +
        'calls, and maybe more, for reading stopped there',
    );
  }
}

/** Who calls. */
type Who = Pick<RecordedSession, 'tenantId' | 'keyId'>;
type Range = Pick<RecordTerms, 'fromMs' | 'toMs'>;

// Who stood in line when the record begins asks when it begins.
function sessionCall(session: RecordedSession, { fromMs, toMs }: Range): Call {
  const { tenantId, keyId, model, askedAtMs } = session;
  const atMs = Math.max(fromMs, askedAtMs);
  const call = { tenantId, keyId, model, family: modelFamily(model), ...waitOf(session) };
  return { ...call, atMs, lastsMs: lengthOf(session, toMs) };
}

function openLine(session: RecordedSession, { fromMs, toMs }: Range): OpenLine {
  const { tenantId, keyId, poolId, model, openedAtMs } = session;
  const lastsMs = Math.max(0, openedAtMs + lengthOf(session, toMs) - fromMs);
  return { tenantId, keyId, poolId, family: modelFamily(model), lastsMs };
}

function waitOf({ waitAskedMs }: Pick<RecordedSession, 'waitAskedMs'>): Pick<Call, 'waitAskedMs'> {
  return waitAskedMs === null ? {} : { waitAskedMs };
}

function lengthOf({ openedAtMs, durationMs }: RecordedSession, toMs: number): number {
  return durationMs ?? Math.min(DURATION_MS_MAX, Math.max(0, toMs - openedAtMs));
}

// Those of one record are known to their first and last moment, and spread evenly in between.
function* refusedCalls(refusal: RecordedRefusal, lastsMs: number): Generator<Call> {
  const { tenantId, keyId, model, reason, fromMs, untilMs, calls, waitedMs } = refusal;
  const stepMs = calls > 1 ? (untilMs - fromMs) / (calls - 1) : 0;
  const patience = reason === 'abandoned' ? { patienceMs: Math.max(1, Math.round(waitedMs / calls)) } : {};
  const who = { tenantId, keyId, model, family: modelFamily(model) };
  const call = { ...who, lastsMs, wasRefused: true, ...patience, ...waitOf(refusal) };
  for (let i = 0; i < calls; i++) yield { ...call, atMs: Math.round(fromMs + i * stepMs) };
}

const STEP_CALLS = 500;
const MINUTE_MS = 60_000;

// By minutes first: what is sorted at once is little.
function* inOrder(calls: Iterable<Call>): Generator<undefined, readonly Call[]> {
  const byMinute = new Map<number, Call[]>();
  let count = 0;
  for (const call of calls) {
    const minute = Math.floor(call.atMs / MINUTE_MS);
    const beside = byMinute.get(minute);
    if (beside) beside.push(call);
    else byMinute.set(minute, [call]);
    if (++count % STEP_CALLS === 0) yield;
  }
  const ordered: Call[] = [];
  for (const minute of [...byMinute.keys()].sort((a, b) => a - b)) {
    for (const call of (byMinute.get(minute) ?? []).sort((a, b) => a.atMs - b.atMs)) ordered.push(call);
    yield;
  }
  return ordered;
}

function kindOf(tenantId: TenantId, model: string): string {
  return `${tenantId} ${modelFamily(model)}`;
}
