// Random operations for `replay`: few sessions, few tenants and small caps, so that they collide often.
import fc from 'fast-check';
import type { LeaseOperation } from './lease-model.conformance.js';

const STEP_MS = [40, 1_000, 5_000, 8_000, 16_000, 45_000];

/** Up to 60 operations. */
export function leaseOperations(): fc.Arbitrary<LeaseOperation[]> {
  const session = fc.nat(7);
  return fc.array(
    fc.oneof(
      { weight: 8, arbitrary: acquisition(session) },
      { weight: 8, arbitrary: fc.record({ kind: onOneLease(), session, stale: fc.nat(5).map((n) => n === 0) }) },
      { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('renew_all' as const, 'attend_all' as const) }) },
      { weight: 3, arbitrary: fc.record({ kind: fc.constant('advance' as const), ms: fc.constantFrom(...STEP_MS) }) },
      {
        weight: 1,
        arbitrary: fc.record({ kind: fc.constant('move' as const), session, pool: pool(), anyPool: fc.boolean() }),
      },
      { weight: 1, arbitrary: pause() },
      { weight: 1, arbitrary: use() },
      { weight: 1, arbitrary: policy() },
    ),
    { maxLength: 60 },
  );
}

function onOneLease() {
  const often = ['confirm', 'confirm', 'release', 'release', 'keep', 'renew'] as const;
  return fc.constantFrom(
    ...often,
    'ending' as const,
    'ending' as const,
    'reregister' as const,
    'leave' as const,
    'reclaim' as const,
  );
}

function pause(): fc.Arbitrary<LeaseOperation> {
  return fc.record({ kind: fc.constant('pause' as const), ms: fc.constantFrom(500, 6_000), family: family() });
}

function use(): fc.Arbitrary<LeaseOperation> {
  return fc.record({ kind: fc.constant('used' as const), tokens: fc.constantFrom(0, 30, 60, 90), family: family() });
}

function family(): fc.Arbitrary<string | null> {
  return fc.constantFrom(null, 'f0', 'f1');
}

function policy(): fc.Arbitrary<LeaseOperation> {
  return fc.record({
    kind: fc.constant('plan' as const),
    cap: fc.integer({ min: 1, max: 5 }),
    floor: fc.nat(3),
    weight: fc.integer({ min: 1, max: 3 }),
    own: fc.integer({ min: 1, max: 4 }),
  });
}

function pool(): fc.Arbitrary<number> {
  return fc.nat(5).map((n) => (n === 0 ? 1 : 0));
}

function acquisition(session: fc.Arbitrary<number>): fc.Arbitrary<LeaseOperation> {
  return fc.record({
    kind: fc.constant('acquire' as const),
    session,
    key: fc.nat(1),
    tenant: fc.nat(2),
    pool: pool(),
    anyPool: fc.nat(2).map((n) => n === 0),
    family: fc.nat(1),
    mayWait: fc.boolean(),
  });
}
