// The simulator's own price list, read from OpenAI's published prices and written down apart from Trunkline's seeds: an
// error copied from one to the other would prove nothing. Amounts are whole numbers of 10^-12 dollars.
import type { OrganizationConfig } from './config.js';
import type { Counted } from './tally.js';

type Prices = Partial<Readonly<Record<Counted, string>>>;

// US dollars per million tokens; `seconds` per minute.
const AUDIO = { input_audio: '32', cached_audio: '0.4', output_audio: '64' };
const REALTIME: Prices = {
  ...AUDIO,
  input_text: '4',
  cached_text: '0.4',
  input_image: '5',
  cached_image: '0.5',
  output_text: '16',
};
const MINI: Prices = {
  input_text: '0.6',
  cached_text: '0.06',
  input_audio: '10',
  cached_audio: '0.3',
  input_image: '0.8',
  cached_image: '0.08',
  output_text: '2.4',
  output_audio: '20',
};
const LIST: Readonly<Record<string, Prices>> = {
  'gpt-realtime': REALTIME,
  'gpt-realtime-1.5': REALTIME,
  'gpt-realtime-2': { ...REALTIME, output_text: '24' },
  'gpt-realtime-2.1': { ...REALTIME, output_text: '24' },
  'gpt-realtime-mini': MINI,
  'gpt-realtime-2.1-mini': MINI,
  'gpt-4o-transcribe': { input_text: '2.5', input_audio: '6', output_text: '10' },
  'gpt-4o-mini-transcribe': { input_text: '1.25', input_audio: '3', output_text: '5' },
  'whisper-1': { seconds: '0.006' },
  'gpt-realtime-whisper': { seconds: '0.017' },
};

const PICO_DIGITS = 12;
const MICRO = 1_000_000n;
const DATED = /-\d{4}-\d{2}-\d{2}$/;

/** What a quantity costs in 10^-12 dollars. Models and classes that are on no list are free. */
export function costOf(
  { model, counted, quantity }: { readonly model: string; readonly counted: Counted; readonly quantity: number },
  { prices }: OrganizationConfig,
): bigint {
  const listed = (name: string): string | undefined => prices[name]?.[counted] ?? LIST[name]?.[counted];
  const price = picoOf(listed(model) ?? listed(model.replace(DATED, '')) ?? '0');
  const per = counted === 'seconds' ? 60n : MICRO;
  return (BigInt(Math.round(quantity * 1e6)) * price) / (per * MICRO);
}

/** A decimal of dollars as 10^-12 dollars. */
export function picoOf(text: string): bigint {
  const [whole = '0', fraction = ''] = text.split('.');
  return BigInt(whole) * 10n ** 12n + BigInt(fraction.padEnd(PICO_DIGITS, '0'));
}

/** As a JSON number of dollars: the nearest double, as OpenAI sends it. */
export function dollarsOf(pico: bigint): number {
  const [whole, rest] = [pico / 10n ** 12n, (pico % 10n ** 12n).toString().padStart(PICO_DIGITS, '0')];
  return Number(`${whole}.${rest}`);
}
