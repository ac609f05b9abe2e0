// The calls of a week as arrivals: those that had a session, with its length, and those that had none, with a length that is
// assumed. What is assumed and what is left out is said, for the answer depends on it.
import type { ApiKeyId, TenantId } from '@trunkline/kernel';
import { modelFamily } from '@trunkline/providers';
import type { Arrival } from '../../../index.js';

/** A call; how long it would wait for a line, a configuration says. */
export type Call = Omit<Arrival, 'waitMs'>;

/** A session as metering has it. */
export interface SessionRecord {
  readonly tenantId: TenantId;
  readonly keyId: ApiKeyId;
  readonly model: string;
  /** Unix milliseconds. */
  readonly askedAtMs: number;
  /** Null while it is open, and for ever when its gateway was killed. */
  readonly durationMs: number | null;
}

/** Calls that got no session, as metering has them. */
export interface RefusalRecord {
  readonly tenantId: TenantId;
  readonly keyId: ApiKeyId;
  readonly model: string;
  readonly reason: string;
  readonly fromMs: number;
  readonly untilMs: number;
  readonly calls: number;
  readonly waitedMs: number;
}

/** How refused calls are taken: each as a call of its own, none, or one of a key and model in so many milliseconds. */
export type RefusedTaken = 'each' | 'none' | { readonly oneInMs: number };

/** What was recorded. */
export interface RecordedTraffic {
  readonly sessions: readonly SessionRecord[];
  readonly refusals: readonly RefusalRecord[];
  /** Until when, Unix milliseconds. */
  readonly toMs: number;
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

/** The calls of the records. @throws RangeError when there are more than `callsMax`. */
export function callsOfRecords(records: RecordedTraffic, taken: RefusedTaken, callsMax: number): CallsOfRecord {
  const leftOut: Record<string, number> = {};
  const refusals = taken === 'none' ? [] : records.refusals;
  const wanted = refusals.filter(({ reason, calls }) => {
    if (FOR_WANT_OF_A_LINE.has(reason)) return true;
    leftOut[reason] = (leftOut[reason] ?? 0) + calls;
    return false;
  });
  const refused = taken === 'each' || taken === 'none' ? wanted : thinned(wanted, taken.oneInMs);
  const count = refused.reduce((sum, { calls }) => sum + calls, 0);
  if (records.sessions.length + count > callsMax) throw new TooManyCalls(records.sessions.length, count, callsMax);
  const lengthOf = assumedLengths(records.sessions);
  const calls = [
    ...records.sessions.map((session) => sessionCall(session, records.toMs)),
    ...refused.flatMap((refusal) => refusedCalls(refusal, lengthOf)),
  ];
  return { calls: calls.sort((a, b) => a.atMs - b.atMs), refused: count, leftOut };
}

/** More calls than are replayed at once. */
export class TooManyCalls extends RangeError {
  override readonly name = 'TooManyCalls';

  constructor(
    readonly sessions: number,
    readonly refused: number,
    readonly callsMax: number,
  ) {
    super(`${sessions} sessions and ${refused} refused calls are more than the ${callsMax} that are replayed at once`);
  }
}

function sessionCall({ tenantId, keyId, model, askedAtMs, durationMs }: SessionRecord, toMs: number): Call {
  const lastsMs = durationMs ?? Math.min(DURATION_MS_MAX, Math.max(0, toMs - askedAtMs));
  return { tenantId, keyId, model, family: modelFamily(model), atMs: askedAtMs, lastsMs };
}

// Those of one record are known to their first and last moment, and spread evenly in between.
function refusedCalls(
  { tenantId, keyId, model, reason, fromMs, untilMs, calls, waitedMs }: RefusalRecord,
  lengthOf: (tenantId: TenantId, family: string) => number,
): readonly Call[] {
  const family = modelFamily(model);
  const stepMs = calls > 1 ? (untilMs - fromMs) / (calls - 1) : 0;
  const patience = reason === 'abandoned' ? { patienceMs: Math.max(1, Math.round(waitedMs / calls)) } : {};
  const call = { tenantId, keyId, model, family, lastsMs: lengthOf(tenantId, family), wasRefused: true, ...patience };
  return Array.from({ length: calls }, (_, i) => ({ ...call, atMs: Math.round(fromMs + i * stepMs) }));
}

// Whoever is refused tries again; which of the calls of a key are the same caller, nobody recorded.
function thinned(refusals: readonly RefusalRecord[], oneInMs: number): readonly RefusalRecord[] {
  const nextAtMs = new Map<string, number>();
  return refusals.flatMap((refusal) => {
    const { keyId, model, fromMs, untilMs, waitedMs, calls } = refusal;
    const firstMs = Math.max(fromMs, nextAtMs.get(`${keyId} ${model}`) ?? -Infinity);
    if (firstMs > untilMs) return [];
    const kept = Math.min(calls, 1 + Math.floor((untilMs - firstMs) / oneInMs));
    const lastMs = firstMs + (kept - 1) * oneInMs;
    nextAtMs.set(`${keyId} ${model}`, lastMs + oneInMs);
    return [{ ...refusal, fromMs: firstMs, untilMs: lastMs, calls: kept, waitedMs: (waitedMs / calls) * kept }];
  });
}

/** The median of the tenant's sessions with the family; without any, of its sessions, of the family's, of all. */
function assumedLengths(sessions: readonly SessionRecord[]): (tenantId: TenantId, family: string) => number {
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
