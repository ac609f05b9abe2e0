// What usage would have cost at other prices: rated twice, by the books that are and by the books that might be, and added
// up by model. Pure; which usage, and reading it in pieces, is for the adapter.
import { addAmounts, ZERO, type AmountPico } from '@trunkline/kernel';
import type { PriceBooks, PricedUsage, Purpose } from './price-books.js';
import { rate, type RatableUsage } from './rate.js';

/** Usage that is priced: what chooses its books, and what was used. */
export type ImpactUsage = PricedUsage & RatableUsage;

/** Both sums of one purpose. */
export interface Impact {
  readonly before: AmountPico;
  readonly after: AmountPico;
  /** Events without a price, before and after: they are in no sum. */
  readonly unratedBefore: number;
  readonly unratedAfter: number;
}

/** What a model's usage costs and is charged, before and after. */
export interface ModelImpact {
  readonly model: string;
  readonly events: number;
  readonly cost: Impact;
  readonly charge: Impact;
}

/** Adds up usage by model. */
export interface ImpactSums {
  add(usage: ImpactUsage): void;
  /** By model, in the order of names. */
  rows(): readonly ModelImpact[];
}

const NOTHING: Impact = { before: ZERO, after: ZERO, unratedBefore: 0, unratedAfter: 0 };

/** Sums at zero, of usage by the books `before` and by those `after`. */
export function openImpact(before: PriceBooks, after: PriceBooks): ImpactSums {
  const sums = new Map<string, ModelImpact>();
  const add = (usage: ImpactUsage): void => {
    const [old, next] = [before.booksFor(usage), after.booksFor(usage)];
    const side = (purpose: Purpose, so: Impact): Impact => {
      const [was, would] = [rate(usage, old[purpose]), rate(usage, next[purpose])];
      return {
        before: was.outcome === 'rated' ? addAmounts(so.before, was.total) : so.before,
        after: would.outcome === 'rated' ? addAmounts(so.after, would.total) : so.after,
        unratedBefore: so.unratedBefore + (was.outcome === 'rated' ? 0 : 1),
        unratedAfter: so.unratedAfter + (would.outcome === 'rated' ? 0 : 1),
      };
    };
    const so = sums.get(usage.model) ?? { model: usage.model, events: 0, cost: NOTHING, charge: NOTHING };
    sums.set(usage.model, {
      model: usage.model,
      events: so.events + 1,
      cost: side('provider_cost', so.cost),
      charge: side('tenant_charge', so.charge),
    });
  };
  return { add, rows: () => [...sums.values()].sort((a, b) => (a.model < b.model ? -1 : 1)) };
}
