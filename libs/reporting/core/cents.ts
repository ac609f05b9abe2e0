// Cents, which people add up: every figure is rounded for itself, half away from zero, and a total in cents is the sum of
// rounded figures, never a rounded sum, so that what is printed adds up. What that adds to the exact total is said beside it.
import { addAmounts, formatAmount, negateAmount, roundAmount, ZERO, type AmountPico } from '@trunkline/kernel';

/** Decimals of an amount in cents. */
export const CENTS = 2;

/** `exact + rounding = cents`. */
export interface TotalInCents {
  readonly exact: AmountPico;
  readonly cents: AmountPico;
  readonly rounding: AmountPico;
}

/** The total of figures that are each shown in cents. */
export function totalInCents(figures: Iterable<AmountPico>): TotalInCents {
  let [exact, cents] = [ZERO, ZERO];
  for (const figure of figures) {
    exact = addAmounts(exact, figure);
    cents = addAmounts(cents, roundAmount(figure, CENTS));
  }
  return { exact, cents, rounding: addAmounts(cents, negateAmount(exact)) };
}

/** An amount in cents, always with two decimals. */
export function centsText(exact: AmountPico): string {
  const text = formatAmount(roundAmount(exact, CENTS));
  const [whole = '0', fraction = ''] = text.split('.');
  return `${whole}.${fraction.padEnd(CENTS, '0')}`;
}
