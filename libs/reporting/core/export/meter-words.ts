// A meter of a priced model as finance sees it. A meter that this release does not know is shown by its own name: what is
// in the books is exported, whatever wrote it.
import { isMeter, meterEntry } from '@trunkline/metering';
import { skuOf } from '@trunkline/rating';
import type { MeteredRow } from '../charge-row.js';

/** What a row is of. */
export interface MeterWords {
  /** `openai/gpt-realtime/audio/input/cached`; the same at every price. */
  readonly skuId: string;
  /** `Cached Audio Input Tokens`. */
  readonly skuMeter: string;
  readonly modality: string;
  readonly direction: string;
  readonly cache: string;
  /** What was counted: `Tokens`. */
  readonly unit: string;
}

const NO_VENDOR = 'unknown';

/** Of a row's meter, by the model whose price it has. */
export function meterWordsOf(row: Pick<MeteredRow, 'chargePrice' | 'listPrice' | 'model' | 'meter'>): MeterWords {
  const price = row.chargePrice ?? row.listPrice;
  const [provider, model] = [price?.provider ?? NO_VENDOR, price?.model ?? row.model];
  if (!isMeter(row.meter)) {
    const words = { modality: row.meter, direction: 'none', cache: 'none', unit: 'Units' };
    return { skuId: `${provider}/${model}/${row.meter}`, skuMeter: row.meter, ...words };
  }
  const { direction, modality, cache } = meterEntry(row.meter);
  const { skuId, skuMeter, consumedUnit } = skuOf(model, row.meter, provider);
  return { skuId, skuMeter, modality, direction, cache, unit: consumedUnit };
}
