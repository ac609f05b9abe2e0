// One effective-dated price of one meter of one model, and where it comes from. A version never changes once stored: a
// new price is a new version with a later start. What is in force when is for `price-book.ts`; reading rows written by
// people is for `price-row.ts`.
import { createHash } from 'node:crypto';
import { base32, trustedId, type AmountPico, type PriceVersionId } from '@trunkline/kernel';
import { METERS, type Meter } from '@trunkline/metering';

/** How the vendor quotes a price: USD per 1,000,000 tokens, per second, or per minute of a meter counted in seconds. */
export type PriceUnit = 'tokens' | 'seconds' | 'minutes';

/** How sure we are of a price: `high` = vendor's own page, `medium` = vendor's words with a doubt named in the note. */
export type PriceConfidence = 'high' | 'medium' | 'low';

/** A price in force from one instant to another. `price` buys `per` of the meter's own unit (tokens or seconds). */
export interface PriceVersion {
  readonly id: PriceVersionId;
  readonly provider: 'openai';
  readonly model: string;
  readonly meter: Meter;
  readonly unit: PriceUnit;
  readonly price: AmountPico;
  /** How many tokens or seconds the price buys: 1,000,000 tokens, 1 second or 60 seconds. */
  readonly per: bigint;
  /** Unix milliseconds, inclusive. */
  readonly effectiveFrom: number;
  /** Unix milliseconds, exclusive; null while no end is known. */
  readonly effectiveTo: number | null;
  readonly currency: 'USD';
  readonly serviceTier: 'default';
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
  'provider' | 'model' | 'meter' | 'serviceTier' | 'currency' | 'effectiveFrom'
>;

const PER: Readonly<Record<PriceUnit, bigint>> = { tokens: 1_000_000n, seconds: 1n, minutes: 60n };
const ID_CHARS = 26;

/** How many tokens or seconds a price quoted in this unit buys. */
export function quantityPriced(unit: PriceUnit): bigint {
  return PER[unit];
}

/** Whether a meter can have a price in this unit: tokens by tokens, seconds by seconds or minutes. */
export function unitFitsMeter(unit: PriceUnit, meter: Meter): boolean {
  return (unit === 'tokens') === (METERS[meter].unit === 'tokens');
}

/**
 * The id of the version with this key. Derived, so that importing the same price twice, on any machine, meets itself.
 * The parts are length-prefixed: no two keys share a text.
 */
export function priceVersionId(key: PriceKey): PriceVersionId {
  const parts = [key.provider, key.model, key.meter, key.serviceTier, key.currency, String(key.effectiveFrom)];
  const hash = createHash('sha256');
  for (const part of parts) hash.update(`${Buffer.byteLength(part)}:${part}`);
  return trustedId('pv', `pv_${base32(hash.digest()).slice(0, ID_CHARS)}`);
}

/** A version as an operator would name it: `gpt-realtime input_audio from 2025-08-28T00:00:00.000Z`. */
export function describeVersion(version: Pick<PriceVersion, 'model' | 'meter' | 'effectiveFrom'>): string {
  return `${version.model} ${version.meter} from ${new Date(version.effectiveFrom).toISOString()}`;
}
