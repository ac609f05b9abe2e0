// What the quarter must cost, worked out apart from the product: whole numbers, a table of its own, no code of ours.
import type { Report, Terms } from './traffic.js';
import { CHANGES, MARKUP } from './price-list.js';

// A price of 1 USD per million tokens is 10^6 times 10^-12 USD per token; 0.006 USD a minute is 10^8 a second.
const MICRO_USD = 1_000_000n;
const LIST: Readonly<Record<string, Readonly<Record<string, bigint>>>> = {
  'voice-a': {
    input_text: 4_000_000n,
    input_text_cached: 400_000n,
    input_audio: 32_000_000n,
    input_audio_cached: 400_000n,
    output_text: 16_000_000n,
    output_audio: 64_000_000n,
  },
  'voice-b': {
    input_text: 600_000n,
    input_text_cached: 60_000n,
    input_audio: 10_000_000n,
    input_audio_cached: 300_000n,
    output_text: 2_400_000n,
    output_audio: 20_000_000n,
  },
  'hear-minutes': { transcription_seconds: 100n * MICRO_USD },
  'hear-tokens': { transcription_input_audio: 6_000_000n, transcription_output_text: 10_000_000n },
};
const OWN_TEXT = 12_000_000n;

/** A use of a meter, for its price. */
export interface Use {
  readonly model: string;
  readonly meter: string;
  readonly atMs: number;
  /** Whether the late correction of the list is known. */
  readonly corrected: boolean;
}

/** What the vendor asks for one token or second, in 10^-12 US dollars. */
export function listPrice({ model, meter, atMs, corrected }: Use): bigint {
  const since = (day: string): boolean => model === 'voice-a' && atMs >= Date.parse(`${day}T00:00:00Z`);
  if (meter === 'output_audio' && since(CHANGES.cheaperVoice)) return 60_000_000n;
  if (meter === 'input_audio' && since(CHANGES.cheaperHearing)) return 30_000_000n;
  if (corrected && meter === 'output_text' && since(CHANGES.correctedText)) return 15_000_000n;
  const price = LIST[model]?.[meter];
  if (price === undefined) throw new Error(`the oracle has no price of ${model} ${meter}`);
  return price;
}

/** What a customer pays for it: its own price, or the list's and an eighth more where that was agreed. */
export function customerPrice(use: Use, { hasMarkup, hasOwnPrice }: Omit<Terms, 'paysEstimates'>): bigint {
  if (hasOwnPrice && use.model === 'voice-a' && use.meter === 'output_text') return OWN_TEXT;
  const list = listPrice(use);
  return hasMarkup && use.atMs >= Date.parse(`${MARKUP.from}T00:00:00Z`) ? (list * 9n) / 8n : list;
}

/** Berlin is two hours ahead of UTC all through the quarter. */
export function monthOf({ occurredAtMs }: Pick<Report, 'occurredAtMs'>): string {
  return new Date(occurredAtMs + 7_200_000).toISOString().slice(0, 7);
}

const PICO_PER_DOLLAR = 10n ** 12n;
const PICO_DIGITS = 12;

/** US dollars as the product writes them, of 10^-12: `-0.0125`. */
export function dollarsOf(pico: bigint): string {
  const digits = (pico < 0n ? -pico : pico).toString().padStart(PICO_DIGITS + 1, '0');
  const text = `${digits.slice(0, -PICO_DIGITS)}.${digits.slice(-PICO_DIGITS)}`.replace(/\.?0+$/, '');
  return pico < 0n ? `-${text}` : text;
}

/** And back, from any decimal text. */
export function picoOf(dollars: string): bigint {
  const [whole = '0', fraction = ''] = dollars.replace('-', '').split('.');
  const pico = BigInt(whole) * PICO_PER_DOLLAR + BigInt(fraction.padEnd(PICO_DIGITS, '0').slice(0, PICO_DIGITS));
  return dollars.startsWith('-') ? -pico : pico;
}

/** Of whole numbers. */
export function sumOf(...parts: readonly bigint[]): bigint {
  return parts.reduce((sum, each) => sum + each, 0n);
}
