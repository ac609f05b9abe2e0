// What finance calls a meter of a priced model: the SKU of a line and its units in words, in the forms that FOCUS wants
// (plural, capitalised, `1000000 Tokens`). Stable across price changes: a SKU says what is sold, never for how much. No two
// meters of a model share one.
import { meterEntry, type Meter, type MeterUnit } from '@trunkline/metering';
import type { PriceUnit, PriceVersion } from './price-version.js';

/** `openai/gpt-realtime/audio/output`. */
export type SkuId = string;

/** A meter of a priced model as finance sees it. */
export interface Sku {
  readonly skuId: SkuId;
  /** What is metered, without the model: `Audio Output Tokens`, `Cached Audio Input Tokens`. */
  readonly skuMeter: string;
  /** `gpt-realtime audio output tokens`. */
  readonly description: string;
  /** The unit that was consumed: `Tokens`, `Seconds`, `Characters`, `Calls`. */
  readonly consumedUnit: string;
}

/** A SKU at a way of pricing it. */
export interface SkuPrice extends Sku {
  /** `openai/gpt-realtime/audio/output@usd-per-1m-tokens`, with the tier where it is not the default. */
  readonly skuPriceId: string;
  /** What the unit price buys: `1000000 Tokens`, `Minutes`. */
  readonly pricingUnit: string;
}

const CONSUMED: Readonly<Record<MeterUnit, string>> = {
  tokens: 'Tokens',
  seconds: 'Seconds',
  characters: 'Characters',
  calls: 'Calls',
};
const PRICING: Readonly<Record<PriceUnit, { readonly text: string; readonly slug: string }>> = {
  tokens: { text: '1000000 Tokens', slug: 'usd-per-1m-tokens' },
  characters: { text: '1000000 Characters', slug: 'usd-per-1m-characters' },
  seconds: { text: 'Seconds', slug: 'usd-per-second' },
  minutes: { text: 'Minutes', slug: 'usd-per-minute' },
  calls: { text: 'Calls', slug: 'usd-per-call' },
};

/** The SKU of a meter of a priced model (`PriceVersion.model`; of usage without a price, the model as reported). */
export function skuOf(model: string, meter: Meter, provider = 'openai'): Sku {
  const words = meterWords(meter);
  return {
    skuId: [provider, model, ...skuPath(meter)].join('/'),
    skuMeter: words.map(capitalised).join(' '),
    description: `${model} ${words.join(' ')}`,
    consumedUnit: CONSUMED[meterEntry(meter).unit],
  };
}

/** The SKU of a charge line: of its meter, by the model and the unit of the price version that it names. */
export function skuPriceOf(
  version: Pick<PriceVersion, 'provider' | 'model' | 'unit' | 'serviceTier'>,
  meter: Meter,
): SkuPrice {
  const sku = skuOf(version.model, meter, version.provider);
  const tier = version.serviceTier === 'default' ? '' : `-${version.serviceTier}`;
  return {
    ...sku,
    skuPriceId: `${sku.skuId}@${PRICING[version.unit].slug}${tier}`,
    pricingUnit: pricingUnitOf(version.unit),
  };
}

/** What a price in this unit buys, as FOCUS writes it. */
export function pricingUnitOf(unit: PriceUnit): string {
  return PRICING[unit].text;
}

function skuPath(meter: Meter): string[] {
  const { kind, unit, direction, modality, cache } = meterEntry(meter);
  return [
    modality,
    ...(direction === 'none' ? [] : [direction]),
    ...(cache === 'cached' || cache === 'written' ? [cache] : []),
    ...(kind === 'response' ? [] : [kind]),
    ...(unit === 'tokens' ? [] : [unit]),
  ];
}

function meterWords(meter: Meter): string[] {
  const { kind, unit, direction, modality, cache } = meterEntry(meter);
  return [
    ...(kind === 'response' || kind === 'call' ? [] : [kind]),
    ...(cache === 'cached' ? ['cached'] : cache === 'written' ? ['cache-written'] : []),
    modality,
    ...(direction === 'none' ? [] : [direction]),
    unit,
  ];
}

function capitalised(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
