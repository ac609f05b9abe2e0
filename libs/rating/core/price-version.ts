// One effective-dated price of one meter of one model, and where it comes from. A version never changes once stored: a
// new price is a new version with a later start. What is in force when is for `price-book.ts`; reading rows written by
// people is for `price-row.ts`.
import { createHash } from 'node:crypto';
import { base32, trustedId, type AmountPico, type PriceVersionId, type TenantId, type Vendor } from '@trunkline/kernel';
import { meterEntry, type Meter, type MeterUnit } from '@trunkline/metering';

/** How prices are quoted: USD per 1,000,000 tokens or characters, per second or minute of a meter of seconds, per call. */
export const PRICE_UNITS = ['tokens', 'seconds', 'minutes', 'characters', 'calls'] as const;
export type PriceUnit = (typeof PRICE_UNITS)[number];

/** Whose prices: what the provider charges us, or what one tenant pays instead of that. */
export type PriceBookName = 'vendor' | `tenant:${TenantId}`;

/** How sure we are of a price: `high` = vendor's own page, `medium` = vendor's words with a doubt named in the note. */
export type PriceConfidence = 'high' | 'medium' | 'low';

/** A price in force from one instant to another. `price` buys `per` of the meter's own unit. */
export interface PriceVersion {
  readonly id: PriceVersionId;
  /** The vendor whose list it is of, or for whose models a tenant has a price of its own. */
  readonly provider: Vendor;
  readonly book: PriceBookName;
  readonly model: string;
  readonly meter: Meter;
  readonly unit: PriceUnit;
  readonly price: AmountPico;
  /** How much of the meter's own unit the price buys: 1,000,000 tokens or characters, 1 or 60 seconds, 1 call. */
  readonly per: bigint;
  /** Unix milliseconds, inclusive. */
  readonly effectiveFrom: number;
  /** Unix milliseconds, exclusive; null while no end is known. */
  readonly effectiveTo: number | null;
  readonly currency: 'USD';
  /** As the vendor names it: `default`, `flex`, `priority`. */
  readonly serviceTier: string;
  /** 0, or the number of a correction of the version with the same start; the highest one counts. */
  readonly revision: number;
  /** Set on a price that rating made by adding an uplift or a markup to another one. */
  readonly derivedFrom: PriceVersionId | null;
  /** Where the price was read. */
  readonly source: string;
  readonly confidence: PriceConfidence;
  readonly note: string | null;
}

/** Another name of a model, from an instant on; the latest one in force wins. */
export interface ModelAlias {
  readonly alias: string;
  readonly model: string;
  /** Unix milliseconds, inclusive. */
  readonly effectiveFrom: number;
  readonly source: string;
}

/** What makes a price version one and not another; everything else about it is its content. */
export type PriceKey = Pick<
  PriceVersion,
  'provider' | 'book' | 'model' | 'meter' | 'serviceTier' | 'currency' | 'effectiveFrom' | 'revision'
>;

interface UnitTerms {
  /** How much of the meter's own unit the price buys. */
  readonly per: bigint;
  /** The same in words, as a price is read out: `4 per 1M tokens`. */
  readonly words: string;
  readonly meterUnit: MeterUnit;
  /** Decimals of a price. One token must cost a whole number of pico dollars: else parts would not sum to the whole. */
  readonly decimals: number;
  /** The highest price that is believed, in whole dollars: 50 times the dearest one known. */
  readonly dollarsMax: bigint;
}

const UNITS: Readonly<Record<PriceUnit, UnitTerms>> = {
  tokens: { per: 1_000_000n, words: '1M tokens', meterUnit: 'tokens', decimals: 6, dollarsMax: 10_000n },
  characters: { per: 1_000_000n, words: '1M characters', meterUnit: 'characters', decimals: 6, dollarsMax: 10_000n },
  seconds: { per: 1n, words: 'second', meterUnit: 'seconds', decimals: 12, dollarsMax: 10n },
  minutes: { per: 60n, words: 'minute', meterUnit: 'seconds', decimals: 12, dollarsMax: 100n },
  calls: { per: 1n, words: 'call', meterUnit: 'calls', decimals: 12, dollarsMax: 1_000n },
};
const ID_CHARS = 26;
const TIERS_OF_THE_LIST = new Set(['', 'auto', 'default', 'standard']);

/** How much of the meter's own unit a price quoted in this unit buys. */
export function quantityPriced(unit: PriceUnit): bigint {
  return UNITS[unit].per;
}

/** What a price in this unit buys, in words: `1M tokens`, `minute`. */
export function pricedPer(unit: PriceUnit): string {
  return UNITS[unit].words;
}

/** How many decimals a price in this unit may have: with more, a single token would not cost a whole number of pico. */
export function priceDecimals(unit: PriceUnit): number {
  return UNITS[unit].decimals;
}

/** The highest price in this unit that is taken for meant, in whole dollars. */
export function dollarsMax(unit: PriceUnit): bigint {
  return UNITS[unit].dollarsMax;
}

/** Whether a meter can have a price in this unit: tokens by tokens, seconds by seconds or minutes. */
export function unitFitsMeter(unit: PriceUnit, meter: Meter): boolean {
  return UNITS[unit].meterUnit === meterEntry(meter).unit;
}

/** The service tier whose prices apply, by what the vendor said; `default` where it said nothing or left it open. */
export function serviceTierOf(said: string | null | undefined): string {
  const tier = (said ?? '').trim().toLowerCase();
  return TIERS_OF_THE_LIST.has(tier) ? 'default' : tier;
}

/**
 * The id of the version with this key. Derived, so that importing the same price twice, on any machine, meets itself.
 * The parts are length-prefixed: no two keys share a text. Book and revision came later and are named only where they are
 * not the first, so that the ids of stored prices stay.
 */
export function priceVersionId(key: PriceKey): PriceVersionId {
  const parts = [key.provider, key.model, key.meter, key.serviceTier, key.currency, String(key.effectiveFrom)];
  const later = key.book === 'vendor' && key.revision === 0 ? [] : [key.book, String(key.revision)];
  return hashedId([...parts, ...later]);
}

/** An id by length-prefixed parts. */
export function hashedId(parts: readonly string[]): PriceVersionId {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(`${Buffer.byteLength(part)}:${part}`);
  return trustedId('pv', `pv_${base32(hash.digest()).slice(0, ID_CHARS)}`);
}

/**
 * A version as an operator would name it: `gpt-realtime input_audio from 2025-08-28T00:00:00.000Z`, with the provider before
 * the model where it is not the first that there was: `azure/gpt-realtime`.
 */
export function describeVersion(version: DescribedVersion): string {
  const { provider = 'openai', book = 'vendor', serviceTier = 'default', revision = 0 } = version;
  const whoseModel = provider === 'openai' ? '' : `${provider}/`;
  const whose = book === 'vendor' ? '' : ` for ${book}`;
  const tier = serviceTier === 'default' ? '' : ` at ${serviceTier}`;
  const correction = revision === 0 ? '' : ` (correction ${revision})`;
  const from = new Date(version.effectiveFrom).toISOString();
  return `${whoseModel}${version.model} ${version.meter}${tier}${whose} from ${from}${correction}`;
}

type DescribedVersion = Pick<PriceVersion, 'model' | 'meter' | 'effectiveFrom'> &
  Partial<Pick<PriceVersion, 'provider' | 'book' | 'serviceTier' | 'revision'>>;
