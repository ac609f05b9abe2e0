// What a what-if is asked: which calls, under which configuration instead of the present one.
import {
  changedPolicy,
  noteOfChanges,
  notesOfRecord,
  readRecord,
  TooManyCalls,
  WhatIfChangesInput,
  type WhatIfChanges,
  type CallsOfRecord,
  type RecordPages,
  type RecordTerms,
  type RefusedTaken,
  type CallsToReplay,
} from '@trunkline/admission/adapters/policy';
import { toEnd } from '@trunkline/admission';
import { recordedSessionsOfAllTenants, refusedCallsOfAllTenants } from '@trunkline/metering/adapters/prisma';
import type { PolicySnapshot } from '@trunkline/tenancy';
import { PrismaPolicySource, type PoolContext } from '@trunkline/tenancy/adapters/prisma';
import { changesOf, changesOfFile, together, type ChangeFlags } from './flags.js';
import { madeUpCalls } from './made-up-calls.js';

/** What was typed. Durations in milliseconds. */
export interface WhatIfFlags extends ChangeFlags {
  readonly days: number;
  readonly refused: RefusedTaken;
  readonly generate?: true;
  readonly callsPerHour: number;
  readonly mean: number;
  readonly model: string;
  readonly seed: number;
}

/** The question, ready to be answered. */
export interface Question {
  readonly traffic: CallsToReplay;
  /** Said above the answer: where the calls are from, what is assumed and what is left out. */
  readonly notes: readonly string[];
  readonly present: PolicySnapshot;
  readonly changed: PolicySnapshot;
  readonly seed: number;
}

/** A replay holds them all: some hundred megabytes. */
const CALLS_MAX = 500_000;
const DAY_MS = 86_400_000;
const DAYS_MAX = 31;
const MEAN_MS_MAX = 60 * 60_000;

/** Reads what is needed. @throws Error that says what to do. */
export async function readQuestion(context: PoolContext, flags: WhatIfFlags): Promise<Question> {
  checkNumbers(flags);
  const present = await new PrismaPolicySource(context.db, context.clock).load();
  const changes = await changesIn(flags, present);
  const changed = changedBy(changes, present);
  const { traffic, notes } = flags.generate
    ? madeUpCalls({ present, changed, nowMs: context.clock.nowMs() }, flags)
    : await recordedCalls(context, flags, { present, changed });
  return { present, changed, traffic, notes: [...notes, noteOfChanges(changes)], seed: flags.seed };
}

async function changesIn(flags: WhatIfFlags, present: PolicySnapshot): Promise<WhatIfChanges> {
  const ofFile = flags.changes === undefined ? {} : await changesOfFile(flags.changes);
  const parsed = WhatIfChangesInput.safeParse(together(ofFile, changesOf(flags, present)));
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  throw new Error(`this cannot be tried: ${problems.join('; ')}`);
}

function changedBy(changes: WhatIfChanges, present: PolicySnapshot): PolicySnapshot {
  const changed = changedPolicy(present, changes);
  if (changed.ok) return changed.value;
  throw new Error(changed.error);
}

async function recordedCalls(
  { db, clock }: PoolContext,
  { days, refused }: WhatIfFlags,
  { present, changed }: Pick<Question, 'present' | 'changed'>,
): Promise<Pick<Question, 'traffic' | 'notes'>> {
  const toMs = clock.nowMs();
  const range = { fromMs: toMs - days * DAY_MS, toMs };
  const pages = { sessions: recordedSessionsOfAllTenants(db, range), refusals: refusedCallsOfAllTenants(db, range) };
  const found = await callsOf(pages, { taken: refused, policy: present, ...range, callsMax: CALLS_MAX });
  if (found.calls.length === 0)
    throw new Error(`there were no calls in the last ${days} days: make some up with --generate`);
  return { traffic: found, notes: notesOfRecord(found, { taken: refused, policies: [present, changed] }) };
}

async function callsOf(pages: RecordPages, terms: RecordTerms): Promise<CallsOfRecord> {
  try {
    return toEnd((await readRecord(pages, terms)).calls());
  } catch (error) {
    if (!(error instanceof TooManyCalls)) throw error;
    throw new Error(
      `${error.message}. Ask of fewer days with --days, or take refused calls of a key within half a minute as one with --refused 30s`,
      { cause: error },
    );
  }
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
