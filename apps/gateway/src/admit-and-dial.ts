// Steps 4 to 6 of a call: pool after pool, a line first, then the upstream, then the confirmation that makes both the
// session's. A pool that is full or fails gives way to the next; only then, where the tenant may wait, does the call
// stand in line, in all pools that may carry it at once. Everything here can still be refused with an HTTP status.
import { err, ok, type PoolId, type Refusal, type Result, type SessionId } from '@trunkline/kernel';
import type { Lease, OnLost, PoolChoice } from '@trunkline/admission';
import { inTurn, type RouteRequest } from '@trunkline/providers';
import { modelFamily, type DialRefusal } from '@trunkline/providers/adapters/openai';
import type { Pool } from '@trunkline/tenancy';
import { reviewOf, type Caller, type JudgedCall, type Review } from './call-review.js';
import { CallTrail, type Refused } from './call-trail.js';
import { TriedPools, type InVain } from './tried-pools.js';
import { dialUpstream } from './dial-upstream.js';
import { endUserOf } from './end-user.js';
import type { PoolTry } from './gateway-metrics.js';
import type { GatewayParts } from './gateway-parts.js';
import { beginningOf } from './pin-settings.js';
import { openedRecord, type AdmittedCall } from './open-session.js';
import { withWaitHint } from './wait-terms.js';

/** A call as judged once; `waitMs` is what is left of its wait. */
type Judged = Caller & JudgedCall & { readonly trail: CallTrail };

interface Try {
  /** In which pools; asked again while it waits. */
  readonly review: Review;
  readonly waitMs: number;
  readonly turn: PoolTry['turn'];
}

// A session is settled in two round trips to the upstream, unless that still owes the report of an answer.
const SETTLE_MS = 5_000;
// Nobody learns from an upstream for longer than this: what it says may be about a day's quota.
const PAUSE_MS_MAX = 60_000;

/** Finds a line and an upstream for the call, or says why there is none. */
export async function admitAndDial(parts: GatewayParts, caller: Caller): Promise<Result<AdmittedCall, Refusal>> {
  const startedMs = parts.clock.monotonicMs();
  const trail = new CallTrail();
  // Each round but the first follows a change of policy while it waited, and only what is left of the wait is waited.
  for (;;) {
    const unfit = await caller.ready();
    if (unfit) return err(unfit);
    const judged = caller.judge();
    if (!judged.ok) return judged;
    const waitMs = Math.max(0, judged.value.waitMs - (parts.clock.monotonicMs() - startedMs));
    const outcome = await throughPools(parts, { ...caller, ...judged.value, waitMs, trail });
    if (outcome === 'judge_again') continue;
    if (outcome.ok) return outcome;
    const { refusal, reason } = outcome.error;
    const tookMs = parts.clock.monotonicMs() - startedMs;
    const { principal } = judged.value;
    const ofModel = { model: modelOf(caller.wanted), family: familyOf(caller.wanted) };
    parts.refusedCalls.note(trail.refused({ ...caller, ...ofModel, principal, reason, tookMs }));
    return err(refusal);
  }
}

async function throughPools(
  parts: GatewayParts,
  caller: Judged,
): Promise<Result<AdmittedCall, Refused> | 'judge_again'> {
  // Nobody stands in line for a session that may not begin.
  const spent = caller.waitMs > 0 ? await caller.budget : null;
  if (spent) return err(refusedAs(spent));
  const startedMs = parts.clock.monotonicMs();
  let { waitMs } = caller;
  const leftMs = (): number => Math.max(0, waitMs - (parts.clock.monotonicMs() - startedMs));
  const turns = inTurn(caller.pools, (id) => parts.health.isHealthy(id, parts.clock.monotonicMs()), parts.random);
  const tried = new TriedPools(caller.pools);
  // Whoever waited while this process began to stop hears the reason that helps.
  const toTell = (refused = tried.toTell()): Refused => {
    return { ...refused, refusal: parts.closedToNewSessions() ?? refused.refusal };
  };
  // One pool that may be waited for is asked and waited for in one go; a short wait may be too short for one's own line.
  const first = turns.length === 1 && caller.waitMs >= SETTLE_MS ? [] : turns;
  let ownLineEnds = false;
  for (const [i, { id }] of first.entries()) {
    const review = reviewOf(parts, caller, (each) => each === id);
    const outcome = await tryPools(parts, caller, { review, waitMs: 0, turn: i === 0 ? 'first' : 'fallback' });
    if (outcome.kind === 'open') return ok(outcome.call);
    if (outcome.kind === 'judge_again') return outcome.kind;
    if (outcome.kind === 'over') return err(toTell(outcome));
    tried.note(outcome);
    if (outcome.kind === 'no_line') ownLineEnds ||= outcome.ownLineEnds;
    // The rate of new sessions is the same in every pool.
    if (outcome.kind === 'no_line' && outcome.isEverywhere) break;
  }
  if (ownLineEnds) {
    const spentMeanwhile = await caller.budget;
    if (spentMeanwhile) return err(refusedAs(spentMeanwhile));
    waitMs = Math.max(waitMs, SETTLE_MS);
  }
  // Who is given a line whose upstream fails goes on waiting for the others, behind who waits already.
  while (leftMs() > 0 && tried.areLeft) {
    const review = reviewOf(parts, caller, (id) => !tried.failed.has(id));
    const turn = first.length === 0 ? 'first' : 'wait';
    const outcome = await tryPools(parts, caller, { review, waitMs: leftMs(), turn });
    if (outcome.kind === 'open') return ok(outcome.call);
    if (outcome.kind === 'judge_again') return outcome.kind;
    if (outcome.kind === 'over') return err(toTell(outcome));
    tried.note(outcome);
    if (outcome.kind === 'no_line') break;
  }
  return err(toTell());
}

function refusedAs(refusal: Refusal): Refused {
  return { refusal, reason: refusal.code };
}

type TryOutcome =
  | { readonly kind: 'open'; readonly call: AdmittedCall }
  | InVain
  /** The policy that it was judged by is not in force any more, and does not let it go on here. */
  | { readonly kind: 'judge_again' }
  /** No other pool would do better. */
  | (Refused & { readonly kind: 'over' });

async function tryPools(parts: GatewayParts, caller: Judged, attempt: Try): Promise<TryOutcome> {
  const terms = attempt.review.terms();
  if (terms === null) return { kind: 'judge_again' };
  const asked = terms.plans.flatMap(({ poolId }) => attempt.review.pool(poolId) ?? []);
  const { counted, ...outcome } = await lineAndUpstream(parts, caller, { ...attempt, plans: terms.plans });
  // Without a line it was tried in vain in each; the pool that gave one may have come while it waited, or be gone again.
  const gave =
    counted.in === null ? null : (attempt.review.pool(counted.in) ?? asked.find(({ id }) => id === counted.in));
  for (const { slug } of gave === null ? asked : gave ? [gave] : [])
    parts.metrics.poolTried({ pool: slug, turn: attempt.turn, outcome: counted.as });
  return outcome;
}

/** What came of a try, what it is counted as, and in which pool; null: in all that were asked. */
type Counted = TryOutcome & { readonly counted: { readonly in: PoolId | null; readonly as: PoolTry['outcome'] } };

type Asked = Try & { readonly plans: PoolChoice };

async function lineAndUpstream(parts: GatewayParts, caller: Judged, attempt: Asked): Promise<Counted> {
  const lease = await takeLine(parts, caller, attempt); // 4
  if (!lease.ok) {
    const { refusal, reason } = lease.error;
    const counted = { in: null, as: reason };
    if (reason === 'policy_changed' && !caller.gone.aborted) return { kind: 'judge_again', counted };
    if (caller.gone.aborted || reason === 'unavailable') return { kind: 'over', refusal, reason, counted };
    const { ownLineEnds = false, waited = false } = lease.error;
    // Who waited for a line of its own need not hear that it cannot.
    const hinted = waited ? refusal : withWaitHint(refusal, caller.handshake, caller.principal);
    return { kind: 'no_line', refusal: hinted, reason, isEverywhere: reason === 'rate_limit', ownLineEnds, counted };
  }
  const { poolId } = lease.value.place;
  const countedAs = (as: PoolTry['outcome']) => ({ in: poolId, as });
  const pool = attempt.review.pool(poolId);
  if (pool === null) {
    const released = await parts.releaseLease(lease.value);
    const counted = countedAs('policy_changed');
    return released ? { kind: 'judge_again', counted } : { kind: 'over', ...refusedAs(LINE_LOST), counted };
  }
  const line = { lease: lease.value, pool, waited: attempt.waitMs > 0 };
  try {
    const call = await withinBudget(parts, caller, line);
    if (call.ok) return { kind: 'open', call: call.value, counted: countedAs('admitted') };
    const released = await parts.releaseLease(line.lease);
    const { refusal, failed } = call.error;
    // A line that could not be given back is still this session's: it cannot take another.
    const isOver = !refusal.tryNextPool || caller.gone.aborted || !released;
    const counted = countedAs(caller.gone.aborted ? 'abandoned' : failed);
    const refused = refusedAs(refusal);
    return isOver ? { kind: 'over', ...refused, counted } : { kind: 'no_upstream', ...refused, poolId, counted };
  } catch (error) {
    await parts.releaseLease(line.lease);
    throw error;
  }
}

async function takeLine(parts: GatewayParts, caller: Judged, { plans, waitMs, review }: Omit<Asked, 'turn'>) {
  const { sessionId, principal, wanted, gone, told, trail } = caller;
  const startedMs = parts.clock.monotonicMs();
  const lease = await parts.admit({
    sessionId,
    who: principal,
    plans,
    family: familyOf(wanted),
    waitMs,
    gone,
    review: review.terms,
    told,
  });
  const outcome = lease.ok ? 'admitted' : lease.error.reason;
  trail.asked(
    plans.map(({ poolId }) => poolId),
    !lease.ok && lease.error.waited === true,
  );
  parts.metrics.admission(outcome, (parts.clock.monotonicMs() - startedMs) / 1000);
  if (!lease.ok && lease.error.cause !== undefined)
    parts.log.warn(
      { event: 'admission_failed', session_id: sessionId, reason: outcome, err: lease.error.cause },
      'no line',
    );
  return lease;
}

interface Line {
  readonly lease: Lease;
  readonly pool: Pool;
  readonly waited: boolean;
}

/** What a line was given back for. */
interface FailedTry {
  readonly refusal: DialRefusal;
  readonly failed: 'dial_failed' | 'budget_exceeded' | 'not_confirmed';
}

async function withinBudget(parts: GatewayParts, caller: Judged, line: Line): Promise<Result<AdmittedCall, FailedTry>> {
  // What was true of the budget when it came need not be true after a wait.
  const spent = await (line.waited ? parts.budgets.refusal(caller.principal.tenantId) : caller.budget);
  if (spent) return err({ refusal: { ...spent, tryNextPool: false }, failed: 'budget_exceeded' });
  return dialAndConfirm(parts, caller, line); // 5, 6
}

async function dialAndConfirm(
  parts: GatewayParts,
  caller: Judged,
  { lease, pool }: Line,
): Promise<Result<AdmittedCall, FailedTry>> {
  const { sessionId, handshake, principal, wanted, gone } = caller;
  const account = parts.account(pool);
  if (account === null) return err({ refusal: ACCOUNT_UNREADABLE, failed: 'dial_failed' });
  const upstream = await dialUpstream(
    {
      ...{ account, request: wanted, safetyIdentifier: endUserOf(parts, principal, handshake) },
      beginning: principal.secret === null ? null : beginningOf(principal.secret),
    },
    {
      ...parts.deadlines,
      dialler: parts.dialler,
      maskKey: parts.maskKey,
      signal: gone,
      report: (code, detail) => dialFailed(parts, { sessionId, pool, code, detail }),
    },
  ); // 5
  if (!upstream.ok) {
    if (!gone.aborted) noteFailure(parts, pool, upstream.error);
    return err({ refusal: upstream.error, failed: 'dial_failed' });
  }
  parts.health.succeeded(pool.id);
  const line = parts.watchLine();
  const call: AdmittedCall = {
    sessionId,
    principal,
    handshake,
    lease,
    line,
    upstream: upstream.value,
    vendor: account.vendor,
    openedAtMs: parts.clock.nowMs(),
  };
  const refusal = gone.aborted ? LINE_LOST : await confirm(parts, call); // 6
  if (refusal === null) return ok(call);
  upstream.value.wire.destroy();
  return err({ refusal, failed: 'not_confirmed' });
}

// An upstream that has no room is healthy; it says for how long it has none.
function noteFailure(parts: GatewayParts, pool: Pool, refusal: DialRefusal): void {
  if (refusal.code === 'upstream_capacity') {
    parts.metrics.poolPaused(pool.slug, 'dial');
    const { accountFullMs = 1_000, fullModel } = refusal;
    const family = fullModel === undefined ? null : modelFamily(fullModel);
    parts.pausePool(pool.id, Math.min(PAUSE_MS_MAX, accountFullMs), family);
    return;
  }
  // A model that this account does not serve says nothing about the account.
  if (refusal.code !== 'model_not_found') parts.health.failed(pool.id, parts.clock.monotonicMs());
}

function dialFailed(
  parts: GatewayParts,
  failed: { readonly sessionId: SessionId; readonly pool: Pool; readonly code: string; readonly detail: string },
): void {
  const { sessionId, pool, code, detail } = failed;
  parts.metrics.dialFailed(pool.slug, code);
  const fields = { event: 'dial_failed', session_id: sessionId, pool_id: pool.id, code, detail };
  parts.log.warn(fields, 'the upstream could not be dialled');
}

const LINE_LOST: DialRefusal = {
  code: 'admission_unavailable',
  message: 'The line was lost while connecting. Try again.',
  tryNextPool: false,
};
const ACCOUNT_UNREADABLE: DialRefusal = {
  code: 'upstream_refused',
  message: "The gateway cannot read its upstream account's key. The gateway's operator must set the pool's key again.",
  tryNextPool: true,
};
const NOT_RECORDED: DialRefusal = {
  code: 'metering_unavailable',
  message: 'The session cannot be recorded right now, so it was not opened. Try again in a few minutes.',
  tryNextPool: false,
};

/** Makes the line this session's for as long as it lives, and the session a matter of record. Null when both worked. */
async function confirm(parts: GatewayParts, call: AdmittedCall): Promise<DialRefusal | null> {
  try {
    const onLost: OnLost = (_, { goneWithinMs }) => call.line.lose(goneWithinMs);
    if ((await parts.confirmLease(call.lease, onLost)) === 'lost') return LINE_LOST;
  } catch (error) {
    parts.log.warn(
      { event: 'confirm_failed', session_id: call.sessionId, err: error },
      'a line could not be confirmed',
    );
    return LINE_LOST;
  }
  const closed = parts.closedToNewSessions(); // It may have begun to drain during the dial.
  if (closed) return { ...closed, tryNextPool: false };
  try {
    await parts.journal.append({ kind: 'session_opened', session: openedRecord(parts, call) });
    return null;
  } catch (error) {
    parts.log.error({ event: 'journal_refused', session_id: call.sessionId, err: error }, 'no session was opened');
    return NOT_RECORDED;
  }
}

function familyOf(wanted: RouteRequest): string {
  return modelFamily(modelOf(wanted));
}

function modelOf(wanted: RouteRequest): string {
  return wanted.kind === 'conversation' && wanted.model !== null ? wanted.model : 'transcription';
}
