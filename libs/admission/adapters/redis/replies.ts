// Reads what the scripts answer. A reply of another shape is a bug or a foreign writer on our keys, and throws.
import { trustedId, type PoolId } from '@trunkline/kernel';
import { z } from 'zod';
import type { AttendOutcome, Caller, Denial, HeldLine, Lease, OwnUse, WaitingCall } from '../../index.js';
import type { TenantMoments } from './pool-counters.js';

const Count = z.coerce.number().int().nonnegative();
const Reply = z.tuple([z.string()], z.unknown());
const Scope = z.enum(['key', 'tenant', 'family', 'pool', 'rate', 'headroom']);
const DenialReply = z.tuple([
  z.string(),
  Scope,
  Count,
  Count,
  Count,
  z.number(),
  Count,
  z.number(),
  Count,
  Count,
  Count,
]);
const LineReply = z.tuple([z.string(), z.string(), Count, Count, Count, Count]);
const Place = { replica: z.string(), key: z.string(), tenant: z.string(), pool: z.string(), family: z.string() };
const LineRecord = z.object({ ...Place, state: z.enum(['pending', 'confirmed', 'kept']), since: Count });
const MomentsReply = z.tuple([Count], z.union([z.string(), Count]));
const WaiterRecord = z.object({ ...Place, since: Count });

/** A session of the expiry set. */
export interface ListedLine {
  readonly sessionId: string;
  readonly expiresAtMs: number;
}

/** A reply that begins with a word. */
export function parseReply(reply: unknown): readonly unknown[] {
  return Reply.parse(reply);
}

/** Several of them. */
export function parseReplies(reply: unknown): readonly (readonly unknown[])[] {
  return z.array(Reply).parse(reply);
}

/** A small whole number. */
export function parseCount(reply: unknown): number {
  return Count.parse(reply);
}

/** Places in a batch, from 1. */
export function parsePlaces(reply: unknown): readonly number[] {
  return z.array(z.number()).parse(reply);
}

/** `denied` or `waiting`. */
export function parseDenial(reply: readonly unknown[]): Denial {
  const [, scope, current, max, retryAfterMs, queueFull, position, expectedMs, ...use] = DenialReply.parse(reply);
  const queue = { position, expectedWaitMs: expectedMs < 0 ? null : expectedMs };
  return { scope, current, max, retryAfterMs, queueFull: queueFull === 1, queue, own: ownUse(use) };
}

/** A caller as it is in a pool of its choice. */
export type CallerIn = (poolId: PoolId) => Caller;

/** How a caller stands. */
export function parseStanding(reply: readonly unknown[], callerIn: CallerIn): AttendOutcome {
  switch (reply[0]) {
    case 'granted':
      return { kind: 'granted', ...parseLine(reply, callerIn) };
    case 'waiting':
      return { kind: 'waiting', denial: parseDenial(reply) };
    default:
      return { kind: 'gone' };
  }
}

/** `admitted` or `granted`. */
export function parseLine(
  reply: readonly unknown[],
  callerIn: CallerIn,
): { readonly lease: Lease; readonly own: OwnUse } {
  const [, poolId, fence, ...use] = LineReply.parse(reply);
  return { lease: leaseOf(callerIn(trustedId('pool', poolId)), fence), own: ownUse(use) };
}

function ownUse([rateUsedMs, keySessions, tenantSessions]: readonly [number, number, number]): OwnUse {
  return { rateUsedMs, keySessions, tenantSessions };
}

/** The lease of a caller that was given a line. */
export function leaseOf({ sessionId, replicaId, token, place, own, plan }: Caller, fence: number): Lease {
  return { sessionId, replicaId, token, place, own, plan, fence };
}

/** Members and scores in turn. */
export function parseListed(reply: readonly string[]): readonly ListedLine[] {
  const lines: ListedLine[] = [];
  for (let i = 0; i + 1 < reply.length; i += 2)
    lines.push({ sessionId: reply[i] ?? '', expiresAtMs: parseCount(reply[i + 1]) });
  return lines;
}

/** A listed line with its record; null when it was released in between. */
export function parseHeldLine(line: ListedLine, record: string | null, nowMs: number): HeldLine | null {
  if (record === null) return null;
  const parsed = LineRecord.parse(JSON.parse(record));
  const expiresInMs = line.expiresAtMs - nowMs;
  return { ...placeOf(line.sessionId, parsed), state: parsed.state, sinceMs: parsed.since, expiresInMs };
}

const ViewReply = z.tuple([Count, Count, Count, Count], z.string());

/** The `view` script: the store's time, and the pool's pauses and calls in line. */
export function parseView(
  reply: unknown,
  pool = '',
): {
  readonly nowMs: number;
  readonly pausedForMs: number;
  readonly pausedFamilies: Readonly<Record<string, number>>;
  readonly recoveringMs: number;
  readonly waiting: readonly WaitingCall[];
} {
  const [nowMs, pausedForMs, recoveringMs, families, ...pairs] = ViewReply.parse(reply);
  const pausedFamilies: Record<string, number> = {};
  for (let i = 0; i < families; i += 1) pausedFamilies[pairs[2 * i] ?? ''] = parseCount(pairs[2 * i + 1]);
  const waiting: WaitingCall[] = [];
  for (let i = 2 * families; i + 1 < pairs.length; i += 2) {
    const parsed = WaiterRecord.parse(JSON.parse(pairs[i + 1] ?? ''));
    waiting.push({ ...placeOf(pairs[i] ?? '', { ...parsed, pool }), sinceMs: parsed.since });
  }
  return { nowMs, pausedForMs, pausedFamilies, recoveringMs, waiting };
}

/** The `moments` script: lines that are no open session, by tenant. */
export function parseMoments(reply: unknown): { readonly isLast: boolean; readonly moments: readonly TenantMoments[] } {
  const [more, ...counted] = MomentsReply.parse(reply);
  const moments: TenantMoments[] = [];
  for (let i = 0; i + 2 < counted.length; i += 3) {
    const [pending, kept] = [Number(counted[i + 1]), Number(counted[i + 2])];
    moments.push({ tenantId: trustedId('tnt', String(counted[i])), pending, kept });
  }
  return { isLast: more === 0, moments };
}

function placeOf(sessionId: string, { replica, key, tenant, pool, family }: z.infer<typeof WaiterRecord>) {
  return {
    sessionId: trustedId('ses', sessionId),
    replicaId: trustedId('rep', replica),
    keyId: trustedId('key', key),
    tenantId: trustedId('tnt', tenant),
    poolId: trustedId('pool', pool),
    family,
  };
}
