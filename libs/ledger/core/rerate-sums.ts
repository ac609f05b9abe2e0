// What rating again changes, summed by tenant, model and purpose: as many sums as there are tenants and models, however
// long the range.
import { addAmounts, negateAmount, ZERO, type AmountPico, type TenantId } from '@trunkline/kernel';
import type { ChargePurpose } from './account.js';

/** What one booking becomes. */
export interface Repriced {
  readonly tenantId: TenantId;
  readonly model: string;
  readonly purpose: ChargePurpose;
  readonly before: AmountPico;
  readonly after: AmountPico;
}

/** Bookings of one tenant, model and purpose. */
export interface RepricedSum extends Repriced {
  readonly transactions: number;
  readonly difference: AmountPico;
}

/** Adds up pages of it. */
export class RerateSums {
  readonly #sums = new Map<string, Omit<RepricedSum, 'difference'>>();
  #looked = 0;
  #unpriced = 0;

  add(page: {
    readonly looked: number;
    readonly changed: readonly Repriced[];
    readonly unpriced: readonly unknown[];
  }): void {
    this.#looked += page.looked;
    this.#unpriced += page.unpriced.length;
    for (const { tenantId, model, purpose, before, after } of page.changed) {
      const key = JSON.stringify([tenantId, model, purpose]);
      const former = this.#sums.get(key) ?? { transactions: 0, before: ZERO, after: ZERO };
      this.#sums.set(key, {
        ...{ tenantId, model, purpose, transactions: former.transactions + 1 },
        ...{ before: addAmounts(former.before, before), after: addAmounts(former.after, after) },
      });
    }
  }

  /** Bookings that were looked at. */
  get looked(): number {
    return this.#looked;
  }

  /** Bookings without a price now: they stay as they are. */
  get unpriced(): number {
    return this.#unpriced;
  }

  /** What changes, in the order in which it was found. */
  sums(): readonly RepricedSum[] {
    return [...this.#sums.values()].map((sum) => ({
      ...sum,
      difference: addAmounts(sum.after, negateAmount(sum.before)),
    }));
  }
}
