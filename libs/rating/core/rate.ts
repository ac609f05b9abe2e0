// Rating: a usage event and a price book give charge lines. Pure and exact; rounds nothing but a per-minute price that
// does not divide by 60 (half to even at 10^-12, per line). A quantity without a price makes the whole event unrated:
// never zero, never partly billed. When it is rated, and who is told, is for the ledger.
import { addAmounts, priceOf, type AmountPico, type PriceVersionId } from '@trunkline/kernel';
import { type Meter, type UsageEvent } from '@trunkline/metering';
import type { PriceBook } from './price-book.js';
import type { PriceVersion } from './price-version.js';

/** One meter of one event at one price: `amount = quantity x price / per`, and nothing else. */
export interface ChargeLine {
  readonly meter: Meter;
  /** Millionths of the meter's unit. */
  readonly quantityMicro: bigint;
  readonly priceVersionId: PriceVersionId;
  readonly amount: AmountPico;
}

/** Every quantity has its price. `total` is the exact sum of the lines. */
export interface Rated {
  readonly outcome: 'rated';
  readonly lines: readonly ChargeLine[];
  readonly total: AmountPico;
  /** Prices of these lines that a markup or an uplift made: whoever stores the lines stores them first. */
  readonly derived: readonly PriceVersion[];
}

/** Not billable yet: prices are missing for these meters at that instant. Importing them makes it ratable. */
export interface Unrated {
  readonly outcome: 'unrated';
  readonly reason: 'price_missing';
  readonly model: string;
  readonly missing: readonly Meter[];
}

/** The result of rating one event for one purpose. */
export type Rating = Rated | Unrated;

/** What rating reads of a usage event. */
export type RatableUsage = Pick<UsageEvent, 'model' | 'occurredAtMs' | 'quantities'>;

/**
 * A meter that the cache has to do with is charged at the meter on the right where its model has no such price at that
 * instant: then the vendor gave no discount and asks nothing more for writing. So it was at launch, before caching arrived on 2024-10-30, and still is for the audio chat
 * models.
 */
const UNCACHED: Partial<Readonly<Record<Meter, Meter>>> = {
  input_text_cached: 'input_text',
  input_audio_cached: 'input_audio',
  input_image_cached: 'input_image',
  input_text_cache_written: 'input_text',
};

/**
 * Prices an event by the versions in force when it occurred. Quantities of zero need no price and give no line. The
 * caller has set parked events aside: this takes the quantities at their word.
 */
export function rate(event: RatableUsage, book: PriceBook): Rating {
  const lines: ChargeLine[] = [];
  const missing: Meter[] = [];
  const derived: PriceVersion[] = [];
  for (const { meter, quantityMicro } of event.quantities) {
    if (quantityMicro === 0n) continue;
    const version = priceFor(event, meter, book);
    if (version === null) missing.push(meter);
    else {
      lines.push(chargeLine(meter, quantityMicro, version));
      if (version.derivedFrom !== null) derived.push(version);
    }
  }
  if (missing.length > 0) return { outcome: 'unrated', reason: 'price_missing', model: event.model, missing };
  return { outcome: 'rated', lines, total: addAmounts(...lines.map((line) => line.amount)), derived };
}

function priceFor(event: RatableUsage, meter: Meter, book: PriceBook): PriceVersion | null {
  const own = book.lookup(event.model, meter, event.occurredAtMs);
  const uncached = UNCACHED[meter];
  return own ?? (uncached === undefined ? null : book.lookup(event.model, uncached, event.occurredAtMs));
}

function chargeLine(meter: Meter, quantityMicro: bigint, version: PriceVersion): ChargeLine {
  const amount = priceOf(quantityMicro, version.price, version.per);
  return { meter, quantityMicro, priceVersionId: version.id, amount };
}
