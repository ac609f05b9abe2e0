import { DEFAULT_LEASE_TERMS, LeaseKeeper, leaseTerms, type AcquireRequest } from '@trunkline/admission';
import { MemoryLeaseStore } from '@trunkline/admission/adapters/memory';
import { trustedId } from '@trunkline/kernel';
import { ConfigRefused } from '@trunkline/platform/config';
import { assertTimesFit, termsOfOneProcess } from './lease-times.js';

const use = { dialMsMax: 13_000, lends: false };

describe('the times of lines', () => {
  it('are by default enough for the longest dial, and for lending', () => {
    expect(() => assertTimesFit(DEFAULT_LEASE_TERMS, { ...use, lends: true })).not.toThrow();
  });

  it('are refused where a reservation may lapse before its line is confirmed, with the sum', () => {
    const assertPending = (pendingMs: number) => () => assertTimesFit(leaseTerms({ pendingMs }), use);
    expect(assertPending(15_501)).not.toThrow();
    expect(assertPending(15_500)).toThrow(ConfigRefused);
    expect(assertPending(15_500)).toThrow(
      '--lease-pending-ttl: 15500 ms must be more than 15500 ms: a dial may take 13000 ms, and looking at the budget before it and confirming the line after it 2500 ms',
    );
  });

  it('are refused where a line that is lent could not outlast a dial', () => {
    const terms = leaseTerms({ confirmedMs: 6_000 });
    expect(() => assertTimesFit(terms, use)).not.toThrow();
    expect(() => assertTimesFit(terms, { ...use, lends: true })).toThrow('--redis-away: static-share lends no line');
  });
});

function callOf(name: string): AcquireRequest {
  const poolId = trustedId('pool', 'pool_p');
  return {
    sessionId: trustedId('ses', `ses_${name}`),
    replicaId: trustedId('rep', 'rep_r'),
    token: name,
    place: { keyId: trustedId('key', 'key_k'), tenantId: trustedId('tnt', 'tnt_t'), poolId, family: 'gpt-realtime' },
    own: { keySessionsMax: null, tenantSessionsMax: null, sessionsPerMinuteMax: null },
    plan: { poolId, version: 1, sessionsMax: 1, familyMax: {}, shares: {}, waitingMax: 1, waitingPerTenantMax: 1 },
    otherPools: [],
    mayWait: false,
  };
}

describe('a process that counts for itself', () => {
  it.each(['keep', 'end'] as const)(
    'keeps its sessions and their lines however long it stood still: %s',
    async (policy) => {
      let nowMs = 0;
      const clock = { nowMs: () => nowMs, monotonicMs: () => nowMs };
      const terms = termsOfOneProcess(DEFAULT_LEASE_TERMS);
      const store = new MemoryLeaseStore(clock, terms);
      const lost: string[] = [];
      const keeper = new LeaseKeeper({
        store,
        terms,
        clock,
        random: () => 0.5,
        wait: async () => undefined,
        observe: () => undefined,
        whenUnreachable: policy,
        heldMax: 10,
      });
      const a = await store.acquire(callOf('a'));
      expect(a.kind === 'admitted' && (await keeper.confirm(a.lease, () => void lost.push('a')))).toBe('confirmed');
      nowMs += 3_600_000;
      expect(await store.acquire(callOf('b'))).toMatchObject({ kind: 'denied' });
      keeper.tick();
      await keeper.idle();
      expect(lost).toEqual([]);
    },
  );
});
