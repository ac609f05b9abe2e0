// The calls of a record as arrivals: those that had a session, with its length, and those that had none, with a length that is
// assumed. What is assumed and what is left out is said, for the answer depends on it.
import type { TenantId } from '@trunkline/kernel';
import type { RecordedRefusal, RecordedSession } from '@trunkline/metering';
import { modelFamily } from '@trunkline/providers';
import type { Arrival } from '../../../index.js';

/** A call; how long it would wait for a line, a configuration says. */
export type Call = Omit<Arrival, 'waitMs'>;

/** How refused calls are taken: each as a call of its own, none, or one of a key and model in so many milliseconds. */
export type RefusedTaken = 'each' | 'none' | { readonly oneInMs: number };

/** How a record is taken. */
export interface RecordTerms {
  readonly taken: RefusedTaken;
  /** Until when it was read, Unix milliseconds. */
  readonly toMs: number;
  /** More calls are not replayed at once. */
  readonly callsMax: number;
}

/** The calls in order of time, and what there is to know about them. */
export interface CallsOfRecord {
  readonly calls: readonly Call[];
  /** Of the calls, those that had been refused. */
  readonly refused: number;
  /** Refusals that another cap would not have helped, by reason: not replayed. */
  readonly leftOut: Readonly<Record<string, number>>;
}

// OpenAI ends a session after 60 minutes. What is still open, or whose gateway was killed, has no length of its own.
const DURATION_MS_MAX = 60 * 60_000;
// Where nothing at all was let in.
const DURATION_MS_UNKNOWN = 3 * 60_000;
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
  /** From when the next refused call of a key and model is another one. */
  readonly #nextAtMs = new Map<string, number>();
  #refused = 0;

  constructor(private readonly terms: RecordTerms) {}

  /** @throws TooManyCalls */
  addSessions(sessions: readonly RecordedSession[]): void {
    this.#sessions.push(...sessions);
    this.#checkCount();
  }

  /** @throws TooManyCalls */
  addRefusals(refusals: readonly RecordedRefusal[]): void {
    for (const refusal of refusals) this.#addRefusal(refusal);
  }

  /** What it comes to. */
  calls(): CallsOfRecord {
    const lengthOf = assumedLengths(this.#sessions);
    const calls = [
      ...this.#sessions.map((session) => sessionCall(session, this.terms.toMs)),
      ...this.#refusals.flatMap((refusal) => refusedCalls(refusal, lengthOf)),
    ];
    return { calls: calls.sort((a, b) => a.atMs - b.atMs), refused: this.#refused, leftOut: this.#leftOut };
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
    if (kept === null) return;
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
    if (this.#sessions.length + this.#refused > callsMax)
      throw new TooManyCalls(this.#sessions.length, this.#refused, callsMax);
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

function sessionCall({ tenantId, keyId, model, askedAtMs, durationMs }: RecordedSession, toMs: number): Call {
  const lastsMs = durationMs ?? Math.min(DURATION_MS_MAX, Math.max(0, toMs - askedAtMs));
  return { tenantId, keyId, model, family: modelFamily(model), atMs: askedAtMs, lastsMs };
}

// Those of one record are known to their first and last moment, and spread evenly in between.
function refusedCalls(
  { tenantId, keyId, model, reason, fromMs, untilMs, calls, waitedMs }: RecordedRefusal,
  lengthOf: (tenantId: TenantId, family: string) => number,
): readonly Call[] {
  const family = modelFamily(model);
  const stepMs = calls > 1 ? (untilMs - fromMs) / (calls - 1) : 0;
  const patience = reason === 'abandoned' ? { patienceMs: Math.max(1, Math.round(waitedMs / calls)) } : {};
  const call = { tenantId, keyId, model, family, lastsMs: lengthOf(tenantId, family), wasRefused: true, ...patience };
  return Array.from({ length: calls }, (_, i) => ({ ...call, atMs: Math.round(fromMs + i * stepMs) }));
}

/** The median of the tenant's sessions with the family; without any, of its sessions, of the family's, of all. */
function assumedLengths(sessions: readonly RecordedSession[]): (tenantId: TenantId, family: string) => number {
  const lengths: Lengths[] = [];
  const byKind = new Map<string, Lengths>();
  for (const { tenantId, model, durationMs } of sessions) {
    if (durationMs === null) continue;
    const kind = `${tenantId} ${model}`;
    const known = byKind.get(kind) ?? { tenantId, family: modelFamily(model), ms: [] };
    if (known.ms.push(durationMs) === 1) lengths.push(known);
    byKind.set(kind, known);
  }
  const assumed = new Map<string, number>();
  return (tenantId, family) => {
    const name = `${tenantId} ${family}`;
    const known = assumed.get(name) ?? assumedLength(lengths, tenantId, family);
    assumed.set(name, known);
    return known;
  };
}

interface Lengths {
  readonly tenantId: TenantId;
  readonly family: string;
  readonly ms: number[];
}

function assumedLength(lengths: readonly Lengths[], tenantId: TenantId, family: string): number {
  const likeIt: readonly ((each: Lengths) => boolean)[] = [
    (each) => each.tenantId === tenantId && each.family === family,
    (each) => each.tenantId === tenantId,
    (each) => each.family === family,
    () => true,
  ];
  for (const isLike of likeIt) {
    const found = lengths.filter(isLike).flatMap(({ ms }) => ms);
    if (found.length > 0) return median(found);
  }
  return DURATION_MS_UNKNOWN;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) / 2)] ?? DURATION_MS_UNKNOWN;
}
