// A price that somebody's terms make of a list price: base x (1 + uplift) x (1 + markup), rounded once. It is a price
// version of its own, so that a charge line names one version and is quantity x price / per of that, exactly. Rounded to
// the decimals that its unit may have (6 for tokens and characters, 12 for time and calls), half to even: a price of 6
// decimals per million makes every single token a whole number of pico dollars.
import { withBasisPoints } from '@trunkline/kernel';
import { formatBps } from './price-plan.js';
import { hashedId, priceDecimals, type PriceBookName, type PriceVersion } from './price-version.js';

/** What is added to a base price, and from when on. */
export interface PriceTerms {
  /** Whose price comes out: the vendor's with its uplift, or a tenant's. */
  readonly book: PriceBookName;
  readonly uplifts: readonly { readonly name: string; readonly bps: number }[];
  readonly markupBps: number;
  /** Unix milliseconds: the last of the starts of base, uplifts and plan. */
  readonly effectiveFrom: number;
}

/**
 * The base at these terms; the base itself where nothing is added. Its id is derived from base and terms: whoever rates
 * by them, at any time, makes the same version. Its end is left open, for it depends on rows that may still come.
 */
export function derivedPrice(base: PriceVersion, terms: PriceTerms): PriceVersion {
  const upliftBps = terms.uplifts.reduce((sum, each) => sum + each.bps, 0);
  const { book, markupBps, effectiveFrom } = terms;
  if (upliftBps === 0 && markupBps === 0) return base;
  const price = withBasisPoints(base.price, [upliftBps, markupBps], priceDecimals(base.unit));
  const id = hashedId(['derived', base.id, book, String(upliftBps), String(markupBps), String(effectiveFrom)]);
  const source = `${describe(terms)} over ${base.id}`;
  return { ...base, id, book, price, effectiveFrom, effectiveTo: null, source, note: null, derivedFrom: base.id };
}

function describe({ uplifts, markupBps }: PriceTerms): string {
  const named = uplifts.map(({ name, bps }) => `uplift ${name} ${formatBps(bps)}`);
  return [...named, ...(markupBps === 0 ? [] : [`markup ${formatBps(markupBps)}`])].join(' and ');
}
