// Runs the same operations against the pure state machine and against a real store, and throws at the first difference in
// an answer or in who holds and who waits. Recovery windows are outside it, since the replayed system is never silent.
import { poolLines } from './pool-lines.js';
import assert from 'node:assert/strict';
import { lineRequest } from './lease-builders.conformance.js';
import type { LeaseStoreUnderTest } from './lease-store.conformance.js';
import { seekIn, type Lease, type PoolChoice } from './lease.js';
import type { AcquireOutcome, AcquireRequest, AttendOutcome } from './lease-store.js';
import type { OwnLimits } from './limits.js';
import { LineHeldElsewhere, Switchboard } from './switchboard.js';

/** One step of a replay. Numbers pick sessions, keys, tenants and pools; few of each, so that they collide. */
export type LeaseOperation =
  | {
      readonly kind: 'acquire';
      readonly session: number;
      readonly key: number;
      readonly tenant: number;
      readonly pool: number;
      /** The other pool may carry it as well. */
      readonly anyPool: boolean;
      readonly family: number;
      readonly mayWait: boolean;
    }
  /** A change of policy, carried by the next acquisitions. */
  | {
      readonly kind: 'plan';
      readonly cap: number;
      readonly floor: number;
      readonly weight: number;
      readonly own: number;
    }
  /** On the most recent request of the session, or an older one: a late holder. */
  | {
      readonly kind: 'confirm' | 'ending' | 'release' | 'keep' | 'renew' | 'reregister' | 'leave' | 'reclaim';
      readonly session: number;
      readonly stale: boolean;
    }
  | { readonly kind: 'renew_all' | 'attend_all' }
  /** Attends to the session's call in these pools from now on. */
  | { readonly kind: 'move'; readonly session: number; readonly pool: number; readonly anyPool: boolean }
  | { readonly kind: 'pause'; readonly ms: number; readonly family: string | null }
  | { readonly kind: 'used'; readonly tokens: number; readonly family: string | null }
  | { readonly kind: 'advance'; readonly ms: number };

const KEEP_MS = 12_000;

interface Replay {
  readonly board: Switchboard;
  readonly under: LeaseStoreUnderTest;
  readonly asked: Map<number, AcquireRequest[]>;
  nowMs: number;
  step: number;
  plan: Extract<LeaseOperation, { kind: 'plan' }>;
}

/** Replays from an empty store; its clock must stand at `startMs`. */
export async function replay(
  under: LeaseStoreUnderTest,
  operations: readonly LeaseOperation[],
  startMs: number,
): Promise<void> {
  const board = new Switchboard({ ...under.terms, silenceMaxMs: Infinity });
  board.open(true, startMs);
  const plan = { kind: 'plan', cap: 3, floor: 1, weight: 2, own: 2 } as const;
  const state: Replay = { board, under, asked: new Map(), nowMs: startMs, step: 0, plan };
  for (const operation of operations) {
    state.step += 1;
    const [expected, actual] = await apply(operation, state);
    const at = `at step ${state.step}: ${JSON.stringify(operation)}`;
    assert.deepEqual(actual, expected, `the answer ${at}`);
    for (const pool of ['pool_0', 'pool_1'] as const) await assertSameView(pool, state, at);
    assertCountedOn(board, at);
  }
}

// A call that counts on a line which is gone would be heard before others for nothing.
function assertCountedOn({ queue, lines }: Switchboard, at: string): void {
  for (const waiters of queue.calls())
    for (const { caller } of waiters) {
      const counting = queue.at(caller.place).filter(({ comesBack }) => comesBack);
      assert(counting.length <= lines.endingAt(caller.place), `calls count on lines that are gone ${at}`);
    }
}

async function assertSameView(pool: 'pool_0' | 'pool_1', { board, under, nowMs }: Replay, at: string): Promise<void> {
  const poolId = lineRequest({ ids: { pool: pool.slice(-1) } }).place.poolId;
  const view = await under.store.view(poolId);
  const listed = await under.store.list({ scope: 'pool', id: poolId, linesMax: 10_000 });
  const lines = [...board.lines.all()].filter((line) => line.lease.place.poolId === poolId && line.expiresAtMs > nowMs);
  assert.deepEqual(
    listed.map((line) => `${line.sessionId} ${line.tenantId} ${line.state} ${line.expiresInMs}`).sort(),
    lines
      .map(({ lease, state, expiresAtMs }) =>
        [lease.sessionId, lease.place.tenantId, state, expiresAtMs - nowMs].join(' '),
      )
      .sort(),
    `the lines of ${pool} ${at}`,
  );
  // What lapsed and nobody has taken out yet may be counted until somebody does.
  const all = [...board.lines.all()].filter((line) => line.lease.place.poolId === poolId);
  if (all.length === lines.length)
    assert.deepEqual(
      view.held,
      poolLines(all.map(({ lease, state }) => ({ ...lease.place, state }))),
      `the numbers ${at}`,
    );
  assert.deepEqual(
    view.waiting.map((call) => call.sessionId),
    board.queue.ofPool(poolId).map(({ caller }) => caller.sessionId),
    `the queue of ${pool} ${at}`,
  );
  assert.equal(view.pausedForMs, board.pausedForMs(poolId, nowMs), `the pause of ${pool} ${at}`);
  assert.deepEqual(view.pausedFamilies, board.pausedFamilies(poolId, nowMs), `the paused families of ${pool} ${at}`);
  assert.equal(view.recoveringMs, board.recoveringMs(nowMs), `the recovery window ${at}`);
}

type Answers = readonly [expected: unknown, actual: unknown];

async function apply(operation: LeaseOperation, state: Replay): Promise<Answers> {
  const { board, under, nowMs } = state;
  switch (operation.kind) {
    case 'acquire':
      return acquire(operation, state);
    case 'plan':
      state.plan = operation;
      return [null, null];
    case 'renew_all': {
      const all = latest(state).map(leaseOf);
      return [board.renew(all, nowMs).map(idOf), (await under.store.renew(all)).map(idOf)];
    }
    case 'attend_all': {
      // Under what the policy says by now.
      const all = latest(state).map((request) => ({ ...request, own: ownOf(request.place.tenantId, state) }));
      return [board.attend(all, nowMs).map(shown), (await under.store.attend(all)).map(shown)];
    }
    case 'move': {
      const [request] = state.asked.get(operation.session)?.slice(-1) ?? [];
      if (!request) return [null, null];
      const moved = seekIn(request, request.own, plansOf(operation, state));
      return [board.attend([moved], nowMs).map(shown), (await under.store.attend([moved])).map(shown)];
    }
    case 'pause': {
      const { poolId } = lineRequest({ ids: { pool: '0' } }).place;
      board.pause(poolId, operation.ms, nowMs, operation.family);
      await under.store.pause(poolId, operation.ms, operation.family);
      return [null, null];
    }
    case 'used': {
      const { poolId } = lineRequest({ ids: { pool: '0' } }).place;
      const use = { poolId, family: operation.family, tokens: operation.tokens, tokensPerMinuteMax: 100 };
      board.used(use, nowMs);
      await under.store.used(use);
      return [null, null];
    }
    case 'advance':
      state.nowMs += operation.ms;
      await under.advance(operation.ms);
      return [null, null];
    default: {
      const request = state.asked.get(operation.session)?.at(operation.stale ? 0 : -1);
      return request ? onLease(operation.kind, leaseOf(request), state) : [null, null];
    }
  }
}

async function acquire(operation: Extract<LeaseOperation, { kind: 'acquire' }>, state: Replay): Promise<Answers> {
  const { board, under, nowMs } = state;
  const request = requestOf(operation, state);
  let expected: AcquireOutcome;
  try {
    expected = board.acquire(request, nowMs);
  } catch (error) {
    if (!(error instanceof LineHeldElsewhere)) throw error;
    await assert.rejects(under.store.acquire(request), LineHeldElsewhere);
    return [null, null];
  }
  const { session } = operation;
  state.asked.set(session, [...(state.asked.get(session) ?? []), request]);
  return [shown(expected), shown(await under.store.acquire(request))];
}

function ownOf(tenantId: string, { plan: { own } }: Replay): OwnLimits {
  const sessionsPerMinuteMax = tenantId === 'tnt_2' ? 3 : null;
  return { keySessionsMax: own, tenantSessionsMax: own + 1, sessionsPerMinuteMax };
}

function requestOf(
  { session, key, tenant, pool, anyPool, family, mayWait }: Extract<LeaseOperation, { kind: 'acquire' }>,
  { step, plan: { cap, floor, weight, own } }: Replay,
): AcquireRequest {
  const guaranteed = Math.min(floor, cap);
  return lineRequest({
    alsoIn: anyPool ? [`${1 - pool}`] : [],
    session: `${session}`,
    token: `${step}`,
    ids: { key: `${tenant}${key}`, tenant: `${tenant}`, pool: `${pool}`, family: `f${family}` },
    caps: { key: own, tenant: own + 1, perMinute: tenant === 2 ? 3 : null },
    shares: {
      0: { floor: guaranteed, weight, keys: { key_00: { floor: Math.min(1, guaranteed), ceiling: 2 } } },
      1: { ceiling: cap, weight: 1 },
    },
    plan: { version: step, sessionsMax: cap, familyMax: { f1: 2 }, waitingMax: 4, waitingPerTenantMax: 3 },
    mayWait,
  });
}

function plansOf({ pool, anyPool }: { readonly pool: number; readonly anyPool: boolean }, state: Replay): PoolChoice {
  const asked = { session: 0, key: 0, tenant: 0, pool, anyPool, family: 0, mayWait: true };
  const { plan, otherPools } = requestOf({ kind: 'acquire', ...asked }, state);
  return [plan, ...otherPools];
}

async function onLease(
  kind: Extract<LeaseOperation, { stale: boolean }>['kind'],
  lease: Lease,
  { board, under: { store }, nowMs }: Replay,
): Promise<Answers> {
  switch (kind) {
    case 'confirm':
      return [board.confirm(lease, nowMs), await store.confirm(lease)];
    case 'release':
      return [board.release(lease, 0, nowMs), await store.release(lease)];
    case 'keep':
      return [board.release(lease, KEEP_MS, nowMs), await store.release(lease, KEEP_MS)];
    case 'ending':
      return [board.ending(lease, nowMs), await store.ending(lease)];
    case 'renew':
      return [board.renew([lease], nowMs).map(idOf), (await store.renew([lease])).map(idOf)];
    case 'reregister':
      return [board.reregister([lease], nowMs).map(idOf), (await store.reregister([lease])).map(idOf)];
    case 'leave':
      return [shown(board.leave(lease, nowMs)), shown(await store.leave(lease))];
    case 'reclaim':
      return [board.mayReclaim(lease, nowMs), await store.mayReclaim(lease)];
  }
}

// Fences are each store's own; that they rise is a case of its own.
function shown(outcome: AcquireOutcome | AttendOutcome): unknown {
  return 'lease' in outcome ? { ...outcome, lease: outcome.lease.place } : outcome;
}

function latest({ asked }: Replay): readonly AcquireRequest[] {
  return [...asked.values()].flatMap((requests) => requests.slice(-1));
}

function leaseOf(request: AcquireRequest): Lease {
  return { ...request, fence: 1 };
}

function idOf({ sessionId }: Lease): string {
  return sessionId;
}
