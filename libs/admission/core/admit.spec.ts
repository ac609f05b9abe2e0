import { randomBytes } from 'node:crypto';
import { toOpenAiError, trustedId } from '@trunkline/kernel';
import { admit, type AdmitRequest } from './admit.js';
import { LeaseStoreUnavailable, type AcquireOutcome, type AcquireRequest, type LeaseStore } from './lease-store.js';
import type { LimitScope } from './limits.js';

const request: AdmitRequest = {
  sessionId: trustedId('ses', 'ses_a'),
  replicaId: trustedId('rep', 'rep_a'),
  who: {
    keyId: trustedId('key', 'key_a'),
    tenantId: trustedId('tnt', 'tnt_a'),
    keySessionsMax: 2,
    tenantSessionsMax: 5,
  },
  pool: { id: trustedId('pool', 'pool_a'), sessionsMax: 731 },
};

/** A store whose only answer is given. */
function storeThat(acquire: (request: AcquireRequest) => Promise<AcquireOutcome>): LeaseStore {
  const unused = (): never => {
    throw new Error('not part of admission');
  };
  return { acquire, confirm: unused, renew: unused, reregister: unused, release: unused, list: unused };
}

function storeThatDenies(scope: LimitScope, max: number, retryAfterMs = 2_500): LeaseStore {
  return storeThat(async () => ({ kind: 'denied', denial: { scope, current: max, max, retryAfterMs } }));
}

async function refusalOf(store: LeaseStore): Promise<string> {
  const result = await admit(request, store, randomBytes);
  return result.ok ? 'admitted' : `${result.error.reason}: ${result.error.refusal.message}`;
}

describe('admit', () => {
  it('asks for one line under key, tenant and pool, in this order', async () => {
    const asked: AcquireRequest[] = [];
    const store = storeThat(async (acquire) => {
      asked.push(acquire);
      return { kind: 'admitted', lease: { ...acquire, fence: 1 } };
    });
    expect(await admit(request, store, randomBytes)).toMatchObject({
      ok: true,
      value: { sessionId: 'ses_a', fence: 1 },
    });
    expect(asked.map((each) => each.limits.map((limit) => [limit.scope, limit.id, limit.sessionsMax]))).toEqual([
      [
        ['key', 'key_a', 2],
        ['tenant', 'tnt_a', 5],
        ['pool', 'pool_a', 731],
      ],
    ]);
  });

  it('gives each acquisition a token of its own', async () => {
    const tokens = new Set<string>();
    const store = storeThat(async (acquire) => {
      tokens.add(acquire.token);
      return { kind: 'admitted', lease: { ...acquire, fence: 1 } };
    });
    for (let i = 0; i < 50; i++) await admit(request, store, randomBytes);
    expect(tokens.size).toBe(50);
  });

  it('names the limit of the tenant or key that refused, with its numbers', async () => {
    expect(await refusalOf(storeThatDenies('tenant', 5))).toBe(
      "tenant_limit: Your tenant's limit of 5 concurrent sessions is reached (5 open). End a session, or ask your administrator to raise the limit.",
    );
    expect(await refusalOf(storeThatDenies('key', 1))).toBe(
      "key_limit: This API key's limit of 1 concurrent session is reached (1 open). End a session, or ask your administrator to raise the limit.",
    );
  });

  it("never shows a tenant the shared pool's numbers", async () => {
    const full = await admit(request, storeThatDenies('pool', 731, 731), randomBytes);
    const calmer = await admit(request, storeThatDenies('pool', 731, 14_000), randomBytes);
    if (full.ok || calmer.ok) throw new Error('the pool is full');
    expect(full.error.reason).toBe('pool_limit');
    expect(JSON.stringify(full.error.refusal)).not.toMatch(/731/);
    expect(full.error.refusal).toEqual(calmer.error.refusal);
  });

  it('is a 429 with a bounded time to retry after', async () => {
    for (const [lapsesInMs, retryAfterMs] of [
      [0, 1_000],
      [2_500, 2_500],
      [29_000, 5_000],
    ]) {
      const result = await admit(request, storeThatDenies('tenant', 5, lapsesInMs), randomBytes);
      if (result.ok) throw new Error('the tenant is at its limit');
      expect(result.error.refusal).toMatchObject({ code: 'concurrency_limit_exceeded', retryAfterMs });
      expect(toOpenAiError(result.error.refusal).code).toBe('rate_limit_exceeded');
    }
  });

  it('is closed while the store is away or recovering', async () => {
    const away = new LeaseStoreUnavailable('timeout');
    expect(
      await admit(
        request,
        storeThat(() => Promise.reject(away)),
        randomBytes,
      ),
    ).toMatchObject({
      ok: false,
      error: { reason: 'unavailable', cause: away, refusal: { code: 'admission_unavailable' } },
    });
    const recovering = storeThat(async () => ({ kind: 'recovering', retryAfterMs: 12_000 }));
    expect(await admit(request, recovering, randomBytes)).toMatchObject({
      ok: false,
      error: { reason: 'recovering', refusal: { code: 'admission_unavailable', retryAfterMs: 12_000 } },
    });
  });

  it('does not take a bug for an outage', async () => {
    const bug = new TypeError('a bug');
    await expect(
      admit(
        request,
        storeThat(() => Promise.reject(bug)),
        randomBytes,
      ),
    ).rejects.toBe(bug);
  });
});
