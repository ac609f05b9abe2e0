// What people book in the quarter: money paid before, credits, what was agreed otherwise, and what is taken back. Before the
// first close, between the two, and after the second, when it is about months that are closed.
import type { TenantId } from '@trunkline/kernel';
import type { Period } from '@trunkline/ledger';
import type { Chance } from '../admission/chance.js';
import type { Customer } from './traffic.js';

/** A booking by hand. */
export interface ByHand {
  /** `charge` and `cost`: an adjustment of what the customer owes, or of what the vendor charges us. */
  readonly kind: 'credit' | 'charge' | 'cost' | 'prepayment' | 'drawdown';
  readonly tenantId: TenantId;
  /** 10^-12 US dollars; of adjustments with a sign. */
  readonly pico: bigint;
  readonly about: Period;
  readonly reference: string;
  /** The reference of the booking that this takes back; what else is said here is that one's. */
  readonly takesBack: string | null;
}

/** When: before the first close, before the second, after it. */
export type Stage = 0 | 1 | 2;

const MICRO_DOLLAR = 1_000_000;

/** The bookings of a stage. The same chance and customers give the same ones. */
export function makeByHand(stage: Stage, chance: Chance, customers: readonly Customer[]): readonly ByHand[] {
  return customers.flatMap(({ tenantId }, n) => {
    // Not whole cents: to the last digit.
    const pico = (): bigint => BigInt(chance.between(10_000, 1_500_000)) * BigInt(MICRO_DOLLAR) + BigInt(n);
    const signed = (): bigint => (chance.happens(0.5) ? pico() : -pico());
    const say = (kind: ByHand['kind'], amount: bigint, about: Period): ByHand => ({
      ...{ kind, tenantId, pico: amount, about, takesBack: null },
      reference: `${kind}-${stage}-${about}`,
    });
    const takeBack = (former: ByHand): ByHand => ({
      ...former,
      reference: `no-${former.reference}`,
      takesBack: former.reference,
    });
    const when = (every: number, rest: number, make: () => ByHand): readonly ByHand[] =>
      n % every === rest ? [make()] : [];
    switch (stage) {
      case 0:
        return [
          ...when(2, 0, () => say('prepayment', pico(), '2026-07')),
          ...when(3, 0, () => say('cost', signed(), '2026-07')),
          ...when(5, 1, () => say('charge', signed(), '2026-08')),
        ];
      case 1:
        return [
          ...when(3, 1, () => say('credit', pico(), '2026-07')),
          ...when(4, 0, () => say('prepayment', pico(), '2026-08')),
          ...when(4, 2, () => say('charge', signed(), '2026-08')),
        ];
      case 2:
        return [
          ...when(3, 2, () => say('credit', pico(), '2026-07')),
          ...when(5, 0, () => say('cost', signed(), '2026-08')),
          ...when(4, 1, () => say('prepayment', pico(), '2026-09')),
          ...when(6, 1, () => takeBack({ ...say('credit', 0n, '2026-07'), reference: 'credit-1-2026-07' })),
        ];
    }
  });
}
