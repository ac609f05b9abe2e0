// The price list of the made-up quarter, and what the vendor changed in it. Prices as an operator would import them; the
// oracle (oracle.ts) prices by its own table of whole numbers.

/** When prices changed: two changes announced in time, and a correction that came late. */
export const CHANGES = {
  cheaperVoice: '2026-07-20',
  cheaperHearing: '2026-08-10',
  /** Told to us in September, in force since August: charges of a closed month were too high. */
  correctedText: '2026-08-20',
} as const;

const common = { effectiveFrom: '2026-01-01', source: 'made up', unit: 'tokens' } as const;

/** The sheets in force when the quarter begins. */
export const FIRST_SHEETS = [
  {
    ...common,
    model: 'voice-a',
    prices: {
      input_text: '4',
      input_text_cached: '0.4',
      input_audio: '32',
      input_audio_cached: '0.4',
      output_text: '16',
      output_audio: '64',
    },
  },
  {
    ...common,
    model: 'voice-b',
    prices: {
      input_text: '0.6',
      input_text_cached: '0.06',
      input_audio: '10',
      input_audio_cached: '0.3',
      output_text: '2.4',
      output_audio: '20',
    },
  },
  { ...common, model: 'hear-minutes', unit: 'minutes', prices: { transcription_seconds: '0.006' } },
  { ...common, model: 'hear-tokens', prices: { transcription_input_audio: '6', transcription_output_text: '10' } },
];

/** The two announced changes. */
export const CHANGE_SHEETS = [
  { ...common, model: 'voice-a', effectiveFrom: CHANGES.cheaperVoice, prices: { output_audio: '60' } },
  { ...common, model: 'voice-a', effectiveFrom: CHANGES.cheaperHearing, prices: { input_audio: '30' } },
];

/** From when on markups hold, and how much they are: an eighth. */
export const MARKUP = { from: '2026-08-01', bps: 1_250 } as const;

/** What is agreed with some for the text that voice-a writes, US dollars per million tokens. */
export const OWN_PRICE = { ...common, model: 'voice-a', meter: 'output_text', price: '12' } as const;

/** The correction. */
export const CORRECTION_SHEET = {
  ...common,
  model: 'voice-a',
  effectiveFrom: CHANGES.correctedText,
  prices: { output_text: '15' },
};
