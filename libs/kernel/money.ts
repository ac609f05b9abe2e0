// Amounts of money. The only file that does arithmetic on them: an amount is a whole number of pico units of a currency
// (10^-12, what NUMERIC(38,12) holds), kept in a bigint, so sums and per-token prices are exact. Floats never appear.
// Per-token prices (USD per 1M tokens, up to six decimals) are exact; per-minute prices divide by 60 and round
// half to even at 10^-12, last. Rounding to cents happens once, on a statement line, half away from zero.

declare const pico: unique symbol;
/** A whole number of 10^-12 currency units; negative for credits and reversals. */
export type AmountPico = bigint & { readonly [pico]: true };

const PICO_DIGITS = 12;
const DECIMAL = /^-?\d{1,26}(?:\.\d{1,12})?$/;
const NO_FRACTION = '0'.repeat(PICO_DIGITS);
const DIGIT_ZERO = '0'.charCodeAt(0);

export const ZERO: AmountPico = 0n as AmountPico;

/** Parses a decimal such as `5`, `0.40` or `-12.000000000001` (at most 12 decimals); null when it is none. */
export function parseAmount(text: string): AmountPico | null {
  if (!DECIMAL.test(text)) return null;
  // By moving the point in the text: exports read and write millions of amounts, and dividing them costs more than the rest.
  const point = text.indexOf('.');
  const pico =
    point === -1 ? text + NO_FRACTION : text.slice(0, point) + text.slice(point + 1).padEnd(PICO_DIGITS, '0');
  return BigInt(pico) as AmountPico;
}

/** Writes an amount as a plain decimal without trailing zeros: `0.00128`, `-5`, `0`. */
export function formatAmount(amount: AmountPico): string {
  const digits = (amount < 0n ? -amount : amount).toString().padStart(PICO_DIGITS + 1, '0');
  const point = digits.length - PICO_DIGITS;
  let end = digits.length;
  while (end > point && digits.charCodeAt(end - 1) === DIGIT_ZERO) end -= 1;
  const fraction = digits.slice(point, end);
  return `${amount < 0n ? '-' : ''}${digits.slice(0, point)}${fraction && '.'}${fraction}`;
}

/** Exact sum. */
export function addAmounts(...amounts: readonly AmountPico[]): AmountPico {
  let sum = 0n;
  for (const each of amounts) sum += each;
  return sum as AmountPico;
}

/** The same amount with the other sign. */
export function negateAmount(amount: AmountPico): AmountPico {
  return -amount as AmountPico;
}

/**
 * quantity x price / per, e.g. 1234567 tokens at 64 USD per 1,000,000 tokens. Exact when it can be; else rounded half to
 * even at 10^-12. `quantityMicro` is the quantity in millionths (so that seconds may have decimals).
 */
export function priceOf(quantityMicro: bigint, price: AmountPico, per: bigint): AmountPico {
  return divideHalfEven(quantityMicro * price, per * 1_000_000n) as AmountPico;
}

const PICO_PER_BILLIONTH = 1_000n;

/**
 * Whole billionths of the currency unit, rounded up: for counters in stores that count in 64 bits and compare in doubles.
 * For limits only, which may err to the strict side; never for the books.
 */
export function billionthsUp(amount: AmountPico): bigint {
  return amount > 0n ? (amount + PICO_PER_BILLIONTH - 1n) / PICO_PER_BILLIONTH : amount / PICO_PER_BILLIONTH;
}

/** The smallest number of billionths that is at least so many percent of an amount in billionths. */
export function percentOf(billionths: bigint, percent: number): bigint {
  return (billionths * BigInt(percent) + 99n) / 100n;
}

/** The amount without its sign. */
export function absoluteAmount(amount: AmountPico): AmountPico {
  return (amount < 0n ? -amount : amount) as AmountPico;
}

/** So many millionths of an amount, half to even at 10^-12: for thresholds. */
export function millionthsOf(amount: AmountPico, parts: bigint): AmountPico {
  return divideHalfEven(amount * parts, 1_000_000n) as AmountPico;
}

/** Whether an amount has no more than so many decimals (0 to 12): `0.25` fits 2 and 3, not 1. */
export function fitsDecimals(amount: AmountPico, decimals: number): boolean {
  return amount % 10n ** BigInt(PICO_DIGITS - decimals) === 0n;
}

/** How much of a whole an amount is, from 0 to 1 in thousandths: for what is drawn, never for what is charged. */
export function shareOf(amount: AmountPico, whole: AmountPico): number {
  if (whole <= 0n || amount <= 0n) return 0;
  return amount >= whole ? 1 : Number((amount * 1_000n) / whole) / 1_000;
}

/** The larger of two amounts. */
export function largerAmount(a: AmountPico, b: AmountPico): AmountPico {
  return a > b ? a : b;
}

const BASIS_POINTS = 10_000n;

/**
 * A price with percentages added one after the other, each in basis points (1,500 is 15 %, -500 a discount of 5 %), rounded
 * once, at the end, half to even, to so many decimals (0 to 12).
 */
export function withBasisPoints(price: AmountPico, added: readonly number[], decimals: number): AmountPico {
  const step = 10n ** BigInt(PICO_DIGITS - decimals);
  const raised = added.reduce((product, each) => product * (BASIS_POINTS + BigInt(each)), price as bigint);
  return (divideHalfEven(raised, BASIS_POINTS ** BigInt(added.length) * step) * step) as AmountPico;
}

/** Rounds to a number of decimals (2 for cents), half away from zero: what a statement line shows. */
export function roundAmount(amount: AmountPico, decimals: number): AmountPico {
  const step = 10n ** BigInt(PICO_DIGITS - decimals);
  const magnitude = amount < 0n ? -amount : amount;
  const rounded = ((magnitude + step / 2n) / step) * step;
  return (amount < 0n ? -rounded : rounded) as AmountPico;
}

function divideHalfEven(numerator: bigint, denominator: bigint): bigint {
  if (denominator <= 0n) throw new RangeError('divisor must be positive');
  const negative = numerator < 0n;
  const magnitude = negative ? -numerator : numerator;
  let quotient = magnitude / denominator;
  const twiceRest = (magnitude % denominator) * 2n;
  if (twiceRest > denominator || (twiceRest === denominator && quotient % 2n === 1n)) quotient += 1n;
  return negative ? -quotient : quotient;
}
