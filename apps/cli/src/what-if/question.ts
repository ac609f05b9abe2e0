// What a what-if is asked: which calls, under which configuration instead of the present one.
import { poolNamed, poolPlan } from '@trunkline/admission/adapters/policy';
import { madeUpArrivals, type PoolPlan, type Traffic } from '@trunkline/admission';
import type { PolicySnapshot, Pool } from '@trunkline/tenancy';
import { PrismaPolicySource, type PoolContext } from '@trunkline/tenancy/adapters/prisma';
import { changedPlan, type ShareChange } from './changed-plan.js';
import { CALLS_MAX, recordedCalls, type Call } from './recorded-calls.js';

/** What was typed. Durations in milliseconds. */
export interface WhatIfFlags {
  /** Slug or id. */
  readonly pool: string;
  readonly cap?: number | null;
  readonly share?: readonly ShareChange[];
  /** How long every tenant may wait for a line. */
  readonly wait?: number;
  readonly days: number;
  readonly generate?: true;
  readonly callsPerHour: number;
  readonly mean: number;
  readonly model: string;
  readonly seed: number;
}

/** The question, ready to be answered. */
export interface Question {
  readonly policy: PolicySnapshot;
  readonly calls: readonly Call[];
  /** Said above the answer: where the calls are from, and what they leave out. */
  readonly note: string;
  readonly present: PoolPlan;
  readonly changed: PoolPlan;
}

const DAY_MS = 86_400_000;
const DAYS_MAX = 31;
const MEAN_MS_MAX = 60 * 60_000;

/** Reads what is needed. @throws Error that says what to do. */
export async function readQuestion(context: PoolContext, flags: WhatIfFlags): Promise<Question> {
  checkNumbers(flags);
  const policy = await new PrismaPolicySource(context.db, context.clock).load();
  const pool = poolNamed(policy, flags.pool);
  if (!pool) throw new Error(`There is no pool "${flags.pool}". See \`pool list\`.`);
  const present = poolPlan(policy, pool);
  const changed = changedPlan(present, { cap: flags.cap, shares: flags.share ?? [] }, policy);
  return { policy, present, changed, ...(await callsOf(context, flags, { policy, pool })) };
}

async function callsOf(
  { db, clock }: PoolContext,
  flags: WhatIfFlags,
  { policy, pool }: { readonly policy: PolicySnapshot; readonly pool: Pool },
): Promise<Pick<Question, 'calls' | 'note'>> {
  const toMs = clock.nowMs();
  const fromMs = toMs - flags.days * DAY_MS;
  if (flags.generate) return madeUpCalls(policy, flags, fromMs);
  const { calls, isCut } = await recordedCalls(db, { poolId: pool.id, fromMs, toMs });
  const [first, last] = [calls[0], calls.at(-1)];
  if (!first || !last)
    throw new Error(`pool ${pool.slug} had no calls in the last ${flags.days} days: make some up with --generate`);
  const cut = isCut ? ' There were more: only the oldest were replayed.' : '';
  return {
    calls,
    note: `${calls.length} calls recorded from ${minute(first.atMs)} to ${minute(last.atMs)}.${cut} Calls that were refused are not in the record.`,
  };
}

function madeUpCalls(policy: PolicySnapshot, flags: WhatIfFlags, fromMs: number): Pick<Question, 'calls' | 'note'> {
  const { days, seed } = flags;
  const traffic = trafficOf(policy, flags);
  const calls = [...madeUpArrivals({ seed, fromMs, days, traffic })];
  return { calls, note: `${calls.length} made-up calls of ${traffic.length} tenants in ${days} days (seed ${seed}).` };
}

/** An even part for each tenant that could call, with its first active key. @throws Error when there is none. */
function trafficOf(
  { keys, tenants }: PolicySnapshot,
  { model: family, callsPerHour, mean: meanMs }: WhatIfFlags,
): readonly Traffic[] {
  const callers = new Map<string, Pick<Traffic, 'tenantId' | 'keyId'>>();
  for (const { id: keyId, tenantId, status } of keys.values()) {
    const isActive = status === 'active' && tenants.get(tenantId)?.status === 'active';
    if (isActive && !callers.has(tenantId)) callers.set(tenantId, { tenantId, keyId });
  }
  if (callers.size === 0) throw new Error('no tenant has an active key: `key create` makes one');
  // How long each would wait is for the configuration to say.
  const each = { family, callsPerHour: callsPerHour / callers.size, meanMs, waitMs: 0 };
  return [...callers.values()].map((caller) => ({ ...caller, ...each }));
}

function minute(atMs: number): string {
  return new Date(atMs).toISOString().replace(/:\d\d\.\d+Z$/, 'Z');
}

function checkNumbers({ days, callsPerHour, mean, seed }: WhatIfFlags): void {
  const inRange = (value: number, max: number): boolean => value > 0 && value <= max;
  if (!Number.isInteger(days) || !inRange(days, DAYS_MAX)) throw new Error(`--days must be from 1 to ${DAYS_MAX}`);
  const perHourMax = Math.floor(CALLS_MAX / (24 * days));
  if (!inRange(callsPerHour, perHourMax))
    throw new Error(`--calls-per-hour must be above 0 and, for ${days} days, at most ${perHourMax}`);
  if (!inRange(mean, MEAN_MS_MAX)) throw new Error('--mean must be above 0 and at most 1h');
  if (!Number.isSafeInteger(seed)) throw new Error('--seed must be a whole number');
}
