// How much of a meter: a whole number of millionths in a bigint, so that seconds may have decimals and sums are exact.
// The readers turn a vendor's JSON number into that, or refuse it; they never clamp, round tokens or assume zero.
import { meterEntry, type Meter, type MeterUnit } from './meters.js';

/** An amount of one meter, in millionths of its unit. Never negative. */
export interface Quantity {
  readonly meter: Meter;
  readonly quantityMicro: bigint;
}

const MICRO_DIGITS = 6;
const MICRO = 1_000_000n;

// What one response or item could ever report, with room: the largest context is about 10^6 tokens and a session lasts
// hours. More is a vendor's fault (or an attack on a bill) and is parked for a person to look at.
const PLAUSIBLE_MAX: Record<MeterUnit, number> = {
  tokens: 100_000_000,
  seconds: 1_000_000,
  characters: 100_000_000,
  calls: 1_000_000,
};

/** A vendor's token count in micro units; null when it is no whole number from 0 to 10^8. */
export function tokensMicro(count: unknown): bigint | null {
  if (typeof count !== 'number' || !Number.isSafeInteger(count)) return null;
  return count >= 0 && count <= PLAUSIBLE_MAX.tokens ? BigInt(count) * MICRO : null;
}

/** A vendor's seconds in micro units, rounded to the microsecond; null when not a finite number from 0 to 10^6. */
export function secondsMicro(seconds: unknown): bigint | null {
  if (typeof seconds !== 'number' || !(seconds >= 0 && seconds <= PLAUSIBLE_MAX.seconds)) return null;
  return BigInt(seconds.toFixed(MICRO_DIGITS).replace('.', ''));
}

/** Whether a quantity could be real: not negative, whole where the unit is not seconds, within the plausible bound. */
export function isPlausible({ meter, quantityMicro }: Quantity): boolean {
  const { unit } = meterEntry(meter);
  if (quantityMicro < 0n || quantityMicro > BigInt(PLAUSIBLE_MAX[unit]) * MICRO) return false;
  return unit === 'seconds' || quantityMicro % MICRO === 0n;
}

/** Writes a quantity as a plain decimal of its unit: `132`, `9.2`. */
export function formatQuantity(quantityMicro: bigint): string {
  const magnitude = quantityMicro < 0n ? -quantityMicro : quantityMicro;
  const fraction = (magnitude % MICRO).toString().padStart(MICRO_DIGITS, '0').replace(/0+$/, '');
  return `${quantityMicro < 0n ? '-' : ''}${magnitude / MICRO}${fraction && '.'}${fraction}`;
}

/** All tokens among the quantities, whatever they were for, rounded up to a whole one. */
export function tokensOf(quantities: readonly Quantity[]): number {
  const micro = quantities
    .filter(({ meter }) => meterEntry(meter).unit === 'tokens')
    .reduce((sum, { quantityMicro }) => sum + quantityMicro, 0n);
  return Number((micro + MICRO - 1n) / MICRO);
}
