// The closed list of what is counted. Meters are disjoint: no token or second is in two of them, so a bill is their plain
// sum. OpenAI's `input_tokens` contains its cached tokens; the dialects take them apart before anything gets here.
// Adding a meter is one row; the compiler then finds the prices, exports and metrics that must know it.

/** What one quantity of a meter is: a token, or a second of audio or session time. */
export type MeterUnit = 'tokens' | 'seconds';

/** Which way the content went, as the vendor bills it. */
export type MeterDirection = 'input' | 'output';

/** What the content was. */
export type MeterModality = 'text' | 'audio' | 'image';

/** Whether the vendor read it from its prompt cache; `none` where caching does not exist (outputs, transcription). */
export type MeterCache = 'uncached' | 'cached' | 'none';

/** Which vendor fact carries the meter: a response of the voice model, or the transcription of a user's item. */
export type UsageKind = 'response' | 'transcription';

interface MeterEntry {
  readonly kind: UsageKind;
  readonly unit: MeterUnit;
  readonly direction: MeterDirection;
  readonly modality: MeterModality;
  readonly cache: MeterCache;
}

/** Every meter with what it counts. `input_text` is the uncached rest, never the vendor's total. */
export const METERS = {
  input_text: { kind: 'response', unit: 'tokens', direction: 'input', modality: 'text', cache: 'uncached' },
  input_text_cached: { kind: 'response', unit: 'tokens', direction: 'input', modality: 'text', cache: 'cached' },
  input_audio: { kind: 'response', unit: 'tokens', direction: 'input', modality: 'audio', cache: 'uncached' },
  input_audio_cached: { kind: 'response', unit: 'tokens', direction: 'input', modality: 'audio', cache: 'cached' },
  input_image: { kind: 'response', unit: 'tokens', direction: 'input', modality: 'image', cache: 'uncached' },
  input_image_cached: { kind: 'response', unit: 'tokens', direction: 'input', modality: 'image', cache: 'cached' },
  output_text: { kind: 'response', unit: 'tokens', direction: 'output', modality: 'text', cache: 'none' },
  output_audio: { kind: 'response', unit: 'tokens', direction: 'output', modality: 'audio', cache: 'none' },
  transcription_input_text: {
    kind: 'transcription',
    unit: 'tokens',
    direction: 'input',
    modality: 'text',
    cache: 'none',
  },
  transcription_input_audio: {
    kind: 'transcription',
    unit: 'tokens',
    direction: 'input',
    modality: 'audio',
    cache: 'none',
  },
  transcription_output_text: {
    kind: 'transcription',
    unit: 'tokens',
    direction: 'output',
    modality: 'text',
    cache: 'none',
  },
  transcription_seconds: {
    kind: 'transcription',
    unit: 'seconds',
    direction: 'input',
    modality: 'audio',
    cache: 'none',
  },
} as const satisfies Record<string, MeterEntry>;

/** A meter of the closed list. */
export type Meter = keyof typeof METERS;

/** What a meter counts. */
export function meterEntry(meter: Meter): MeterEntry {
  return METERS[meter];
}

/** Whether a text names a meter of this version's list. */
export function isMeter(text: string): text is Meter {
  return Object.hasOwn(METERS, text);
}
