// Requests and leases for the conformance cases and the specs of the adapters. Everything has a default.
import assert from 'node:assert/strict';
import { trustedId } from '@trunkline/kernel';
import type { Lease } from './lease.js';
import type { AcquireRequest, LeaseStore, LineQuery } from './lease-store.js';
import type { LimitScope } from './limits.js';
import type { PoolPlan, TenantShare } from './pool-plan.js';

/** What a request is built from; everything has a default, so that what a case sets is what matters. */
export interface RequestParts {
  readonly session?: string;
  readonly token?: string;
  readonly replica?: string;
  readonly ids?: Partial<Record<LimitScope, string>>;
  readonly caps?: Partial<Record<LimitScope | 'perMinute', number | null>>;
  /** By tenant, named as in `ids`; what a share does not say is floor 0, no ceiling, weight 1 and no keys. */
  readonly shares?: Readonly<Record<string, Partial<TenantShare>>>;
  readonly plan?: Partial<PoolPlan>;
  /** Pools that may carry the call as well, named as in `ids` and otherwise like its own. */
  readonly alsoIn?: readonly string[];
  readonly mayWait?: boolean;
}

/** A request for a line; without caps nothing refuses it. */
export function lineRequest(parts: RequestParts = {}): AcquireRequest {
  const { session = 'a', token = 'one', replica = 'r', ids, caps, alsoIn = [], mayWait = false } = parts;
  return {
    sessionId: trustedId('ses', `ses_${session}`),
    replicaId: trustedId('rep', `rep_${replica}`),
    token: `${session}-${token}`,
    place: {
      keyId: trustedId('key', `key_${ids?.key ?? 'a'}`),
      tenantId: trustedId('tnt', `tnt_${ids?.tenant ?? 'a'}`),
      poolId: trustedId('pool', `pool_${ids?.pool ?? 'a'}`),
      family: ids?.family ?? 'gpt-realtime',
    },
    own: {
      keySessionsMax: caps?.key ?? null,
      tenantSessionsMax: caps?.tenant ?? null,
      sessionsPerMinuteMax: caps?.perMinute ?? null,
    },
    plan: planOf(parts),
    otherPools: alsoIn.map((pool) => planOf({ ...parts, ids: { ...ids, pool } })),
    mayWait,
  };
}

function planOf({ ids, caps, shares = {}, plan }: RequestParts): PoolPlan {
  const family = caps?.family ?? null;
  const share = { floor: 0, ceiling: null, weight: 1, keys: {} };
  return {
    poolId: trustedId('pool', `pool_${ids?.pool ?? 'a'}`),
    version: 1,
    sessionsMax: caps?.pool ?? null,
    familyMax: family === null ? {} : { [ids?.family ?? 'gpt-realtime']: family },
    shares: Object.fromEntries(
      Object.entries(shares).map(([tenant, given]) => [`tnt_${tenant}`, { ...share, ...given }]),
    ),
    waitingMax: 100,
    waitingPerTenantMax: 100,
    ...plan,
  };
}

/** A store whose every call goes through `reach`, which may throw instead. */
export function storeThrough(reach: (method: keyof LeaseStore) => LeaseStore): LeaseStore {
  return {
    acquire: async (request) => reach('acquire').acquire(request),
    attend: async (callers) => reach('attend').attend(callers),
    leave: async (caller) => reach('leave').leave(caller),
    confirm: async (lease) => reach('confirm').confirm(lease),
    renew: async (leases) => reach('renew').renew(leases),
    reregister: async (leases) => reach('reregister').reregister(leases),
    ending: async (lease) => reach('ending').ending(lease),
    release: async (lease, keepMs) => reach('release').release(lease, keepMs),
    pause: async (poolId, forMs, family) => reach('pause').pause(poolId, forMs, family),
    used: async (use) => reach('used').used(use),
    mayReclaim: async (lease) => reach('mayReclaim').mayReclaim(lease),
    list: async (query) => reach('list').list(query),
    view: async (poolId) => reach('view').view(poolId),
    page: async (query) => reach('page').page(query),
    onGranted: (replicaId, listener) => reach('onGranted').onGranted(replicaId, listener),
  };
}

/** Acquires, and expects to be let in. */
export async function acquired(store: LeaseStore, parts: RequestParts = {}): Promise<Lease> {
  const outcome = await store.acquire(lineRequest(parts));
  assert.equal(outcome.kind, 'admitted', `expected a line, got ${JSON.stringify(outcome)}`);
  assert(outcome.kind === 'admitted');
  return outcome.lease;
}

/** Acquires and confirms. */
export async function confirmed(store: LeaseStore, parts: RequestParts = {}): Promise<Lease> {
  const lease = await acquired(store, parts);
  assert.equal(await store.confirm(lease), 'confirmed');
  return lease;
}

/** How many lines the store counts for the default pool, or another scope. */
export async function held(store: LeaseStore, scope: LineQuery['scope'] = 'pool', id = 'a'): Promise<number> {
  const prefix = { key: 'key', tenant: 'tnt', pool: 'pool' }[scope];
  return (await store.list({ scope, id: `${prefix}_${id}`, linesMax: 10_000 })).length;
}

/** What is answered to an acquisition, in words. */
export async function asked(store: LeaseStore, parts: RequestParts): Promise<string> {
  const outcome = await store.acquire(lineRequest(parts));
  return outcome.kind === 'denied' ? `denied by ${outcome.denial.scope}` : outcome.kind;
}

/** Tenant and key of one name. */
export function of(tenant: string, rest: Omit<RequestParts, 'ids'> = {}): RequestParts {
  return { ids: { tenant, key: tenant }, ...rest };
}

/** The sessions in line for the usual pool, or another. */
export async function inLine(store: LeaseStore, pool = 'a'): Promise<readonly string[]> {
  return (await store.view(lineRequest({ ids: { pool } }).plan.poolId)).waiting.map((call) => call.sessionId);
}
