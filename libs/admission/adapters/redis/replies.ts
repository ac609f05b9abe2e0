// Reads what the scripts answer. A reply of another shape is a bug or a foreign writer on our keys, and throws.
import { trustedId } from '@trunkline/kernel';
import { z } from 'zod';
import type { Denial, HeldLine, Limits } from '../../index.js';

const Count = z.coerce.number().int().nonnegative();
const Reply = z.tuple([z.string()], z.unknown());
const Denied = z.tuple([z.literal('denied'), z.number().int().min(1).max(3), Count, Count]);
const Record = z.object({
  replica: z.string(),
  key: z.string(),
  tenant: z.string(),
  pool: z.string(),
  state: z.enum(['pending', 'confirmed']),
  since: Count,
});

/** A line of the `list` script. */
export interface ListedLine {
  readonly sessionId: string;
  readonly expiresAtMs: number;
}

/** A reply that begins with a word. */
export function parseReply(reply: unknown): readonly unknown[] {
  return Reply.parse(reply);
}

/** 1 or 0. */
export function isFlag(reply: unknown): boolean {
  return z.number().parse(reply) === 1;
}

/** A number of milliseconds, lines or a fence. */
export function parseCount(reply: unknown): number {
  return Count.parse(reply);
}

/** Places in a batch, from 1. */
export function parsePlaces(reply: unknown): readonly number[] {
  return z.array(z.number()).parse(reply);
}

/** `denied`: which of the limits, and its numbers. */
export function parseDenial(reply: readonly unknown[], limits: Limits): Denial {
  const [, place, current, retryAfterMs] = Denied.parse(reply);
  const limit = limits[place - 1];
  if (!limit || limit.sessionsMax === null)
    throw new Error(`the lease store denied by a limit without a cap (${place})`);
  return { scope: limit.scope, current, max: limit.sessionsMax, retryAfterMs };
}

/** The lines of a limit, and the store's time. */
export function parseLines(reply: unknown): { readonly nowMs: number; readonly lines: readonly ListedLine[] } {
  const [nowMs, ...pairs] = z.tuple([Count], z.string()).parse(reply);
  const lines: ListedLine[] = [];
  for (let i = 0; i + 1 < pairs.length; i += 2)
    lines.push({ sessionId: z.string().parse(pairs[i]), expiresAtMs: parseCount(pairs[i + 1]) });
  return { nowMs, lines };
}

/** A listed line with its record; null when it was released in between. */
export function parseHeldLine(line: ListedLine, record: unknown, nowMs: number): HeldLine | null {
  const parsed = Record.safeParse(record);
  if (!parsed.success) return null;
  const { replica, key, tenant, pool, state, since } = parsed.data;
  return {
    sessionId: trustedId('ses', line.sessionId),
    replicaId: trustedId('rep', replica),
    keyId: trustedId('key', key),
    tenantId: trustedId('tnt', tenant),
    poolId: trustedId('pool', pool),
    state,
    sinceMs: since,
    expiresInMs: line.expiresAtMs - nowMs,
  };
}
