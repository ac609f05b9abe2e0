// Requests and leases for the conformance cases and the specs of the adapters. Everything has a default.
import assert from 'node:assert/strict';
import { trustedId } from '@trunkline/kernel';
import type { Lease } from './lease.js';
import type { AcquireRequest, LeaseStore } from './lease-store.js';
import type { LimitScope } from './limits.js';

/** What a request is built from; everything has a default, so that what a case sets is what matters. */
export interface RequestParts {
  readonly session?: string;
  readonly token?: string;
  readonly replica?: string;
  readonly ids?: Partial<Record<LimitScope, string>>;
  readonly caps?: Partial<Record<LimitScope, number | null>>;
}

/** A request for a line; without caps nothing refuses it. */
export function lineRequest({
  session = 'a',
  token = 'one',
  replica = 'r',
  ids,
  caps,
}: RequestParts = {}): AcquireRequest {
  return {
    sessionId: trustedId('ses', `ses_${session}`),
    replicaId: trustedId('rep', `rep_${replica}`),
    token: `${session}-${token}`,
    limits: [
      { scope: 'key', id: trustedId('key', `key_${ids?.key ?? 'a'}`), sessionsMax: caps?.key ?? null },
      { scope: 'tenant', id: trustedId('tnt', `tnt_${ids?.tenant ?? 'a'}`), sessionsMax: caps?.tenant ?? null },
      { scope: 'pool', id: trustedId('pool', `pool_${ids?.pool ?? 'a'}`), sessionsMax: caps?.pool ?? null },
    ],
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
export async function held(store: LeaseStore, scope: LimitScope = 'pool', id = 'a'): Promise<number> {
  const prefix = { key: 'key', tenant: 'tnt', pool: 'pool' }[scope];
  return (await store.list({ scope, id: `${prefix}_${id}`, linesMax: 10_000 })).length;
}
