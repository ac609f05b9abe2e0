import fc from 'fast-check';
import type { Clock } from '@trunkline/kernel';
import { FAIR_CAP_CASES } from '../../core/fair-cap.conformance.js';
import { leaseOperations } from '../../core/lease-operations.conformance.js';
import { replay } from '../../core/lease-model.conformance.js';
import { acquired, lineRequest } from '../../core/lease-builders.conformance.js';
import { LEASE_STORE_CASES, type LeaseStoreUnderTest } from '../../core/lease-store.conformance.js';
import { DEFAULT_LEASE_TERMS, LeaseStoreUnavailable } from '../../index.js';
import { MemoryLeaseStore } from './memory-lease-store.js';

const START_MS = 1_795_000_000_000;

function freshStore(linesMax?: number): LeaseStoreUnderTest {
  let nowMs = START_MS;
  const clock: Clock = { nowMs: () => nowMs, monotonicMs: () => nowMs };
  const store = new MemoryLeaseStore(clock, DEFAULT_LEASE_TERMS, linesMax);
  return { store, terms: DEFAULT_LEASE_TERMS, advance: async (ms) => void (nowMs += ms) };
}

describe('the in-process lease store', () => {
  it.each([...LEASE_STORE_CASES, ...FAIR_CAP_CASES])('$guarantee', async ({ check }) => check(freshStore()));

  it('agrees with the state machine on any operations', async () => {
    await fc.assert(
      fc.asyncProperty(leaseOperations(), (operations) => replay(freshStore(), operations, START_MS)),
      { numRuns: 300 },
    );
  });

  it('holds a bounded number of lines even without caps', async () => {
    const { store } = freshStore(2);
    await acquired(store, { session: 'a' });
    await acquired(store, { session: 'b' });
    await expect(store.acquire(lineRequest({ session: 'c' }))).rejects.toThrow(LeaseStoreUnavailable);
  });
});
