// Random operations for `replay`: few sessions, few tenants and small caps, so that they collide often.
import fc from 'fast-check';
import type { LeaseOperation } from './lease-model.conformance.js';

// No sum of these is less than six seconds short of a lease's time: a store with a real clock is a little later than the
// model, and on a busy machine a good deal later.
const STEP_MS = [8_000, 16_000];

/** Up to 40 operations. */
export function leaseOperations(): fc.Arbitrary<LeaseOperation[]> {
  const session = fc.nat(6);
  return fc.array(
    fc.oneof(
      { weight: 5, arbitrary: acquisition(session) },
      {
        weight: 6,
        arbitrary: fc.record({
          kind: fc.constantFrom('confirm' as const, 'release' as const, 'renew' as const, 'reregister' as const),
          session,
          stale: fc.boolean(),
        }),
      },
      { weight: 1, arbitrary: fc.constant({ kind: 'renew_all' as const }) },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant('advance' as const), ms: fc.constantFrom(...STEP_MS) }) },
    ),
    { maxLength: 40 },
  );
}

function acquisition(session: fc.Arbitrary<number>): fc.Arbitrary<LeaseOperation> {
  return fc.record({
    kind: fc.constant('acquire' as const),
    session,
    key: fc.nat(1),
    tenant: fc.nat(1),
    cap: fc.integer({ min: 1, max: 3 }),
  });
}
