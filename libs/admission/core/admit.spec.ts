import { randomBytes } from 'node:crypto';
import { toOpenAiError, type Clock } from '@trunkline/kernel';
import { MemoryLeaseStore } from '../adapters/memory/index.js';
import type { AdmissionRefusal } from './admission-refusal.js';
import { admit, type AdmitRequest } from './admit.js';
import { acquired, lineRequest, storeThrough, type RequestParts } from './lease-builders.conformance.js';
import { DEFAULT_LEASE_TERMS, type PoolChoice } from './lease.js';
import { LeaseStoreUnavailable, type AcquireOutcome, type LeaseStore } from './lease-store.js';
import { WaitingRoom } from './waiting-room.js';

const clock: Clock = { nowMs: () => 1_795_000_000_000, monotonicMs: () => 0 };

function requestOf(parts: RequestParts, waitMs = 0): AdmitRequest {
  const { sessionId, replicaId, place, own, plan, otherPools } = lineRequest(parts);
  const { keyId, tenantId, family } = place;
  const gone = new AbortController().signal;
  const plans: PoolChoice = [plan, ...otherPools];
  return { sessionId, replicaId, who: { keyId, tenantId, ...own }, plans, family, waitMs, gone };
}

function partsOf(store: LeaseStore) {
  const room = new WaitingRoom({
    store,
    replicaId: lineRequest().replicaId,
    clock,
    wait: async () => undefined,
    observe: () => undefined,
  });
  return { store, room, randomBytes };
}

function fresh(): MemoryLeaseStore {
  return new MemoryLeaseStore(clock, DEFAULT_LEASE_TERMS);
}

function storeThat(acquire: () => Promise<AcquireOutcome>): LeaseStore {
  return { ...storeThrough(() => fresh()), acquire };
}

async function refusalOf(store: LeaseStore, parts: RequestParts): Promise<AdmissionRefusal> {
  const result = await admit(requestOf(parts), partsOf(store));
  if (result.ok) throw new Error('admitted');
  return result.error;
}

describe('admit', () => {
  it('takes one line under key, tenant, family and pool', async () => {
    const store = fresh();
    expect(await admit(requestOf({ session: 'b' }), partsOf(store))).toMatchObject({
      ok: true,
      value: { sessionId: 'ses_b', place: { keyId: 'key_a', tenantId: 'tnt_a', poolId: 'pool_a' } },
    });
    expect(await refusalOf(store, { session: 'c', caps: { tenant: 1 } })).toMatchObject({ reason: 'tenant_limit' });
  });

  it('gives each acquisition a token of its own', async () => {
    const store = fresh();
    const tokens = new Set<string>();
    for (let i = 0; i < 50; i++) {
      const lease = await admit(requestOf({ session: `s${i}` }), partsOf(store));
      if (lease.ok) tokens.add(lease.value.token);
    }
    expect(tokens.size).toBe(50);
  });

  it('names the limit of the tenant or key that refused, with its numbers and the place in line', async () => {
    const store = fresh();
    await acquired(store);
    expect((await refusalOf(store, { session: 'b', caps: { tenant: 1 } })).refusal.message).toBe(
      "Your tenant's limit of 1 concurrent session is reached (1 open). End a session, or ask your administrator to raise the limit. A call that may wait would be in place 1 of your tenant's line.",
    );
    await acquired(store, { session: 'c' });
    expect((await refusalOf(store, { session: 'b', caps: { key: 2 } })).refusal.message).toMatch(
      /^This API key's limit of 2 concurrent sessions is reached \(2 open\)\./,
    );
  });

  it('names the rate of new sessions and when to try again', async () => {
    const store = fresh();
    for (const session of ['a', 'b']) await acquired(store, { session, caps: { perMinute: 2 } });
    const { reason, refusal } = await refusalOf(store, { session: 'c', caps: { perMinute: 2 } });
    expect(reason).toBe('rate_limit');
    expect(refusal).toMatchObject({
      retryAfterMs: 30_000,
      message: expect.stringContaining('2 new sessions per minute'),
    });
  });

  it("never shows a tenant the shared pool's numbers", async () => {
    const store = fresh();
    for (let i = 0; i < 731; i++) await acquired(store, { session: `s${i}`, ids: { tenant: 'other', key: 'other' } });
    const full = await refusalOf(store, { session: 'a', caps: { pool: 731 } });
    expect(full.reason).toBe('pool_limit');
    expect(full.denial).toMatchObject({ scope: 'pool', current: 731, max: 731 });
    expect(JSON.stringify(full.refusal)).not.toMatch(/731/);
    const family = await refusalOf(store, { session: 'a', caps: { family: 731 } });
    expect(family.refusal).toEqual(full.refusal);
    await store.pause(lineRequest().plan.poolId, 3_000);
    expect((await refusalOf(store, { session: 'a' })).refusal).toEqual(full.refusal);
  });

  it('is a 429 with a bounded time to retry after', async () => {
    const store = fresh();
    await acquired(store);
    const { refusal } = await refusalOf(store, { session: 'b', caps: { pool: 1 } });
    expect(refusal).toMatchObject({ code: 'concurrency_limit_exceeded', retryAfterMs: 5_000 });
    expect(toOpenAiError(refusal).code).toBe('rate_limit_exceeded');
  });

  it('is closed while the store is away or recovering', async () => {
    const away = new LeaseStoreUnavailable('timeout');
    expect(
      await refusalOf(
        storeThat(() => Promise.reject(away)),
        {},
      ),
    ).toMatchObject({
      reason: 'unavailable',
      cause: away,
      refusal: { code: 'admission_unavailable' },
    });
    expect(
      await refusalOf(
        storeThat(async () => ({ kind: 'recovering', retryAfterMs: 12_000 })),
        {},
      ),
    ).toMatchObject({
      reason: 'recovering',
      refusal: { code: 'admission_unavailable', retryAfterMs: 12_000 },
    });
  });

  it('does not take a bug for an outage', async () => {
    const bug = new TypeError('a bug');
    await expect(admit(requestOf({}), partsOf(storeThat(() => Promise.reject(bug))))).rejects.toBe(bug);
  });
});
