// The closed list of what is counted. Meters are disjoint: no token or second is in two of them, so a bill is their plain
// sum. OpenAI's `input_tokens` contains its cached tokens; the dialects take them apart before anything gets here.
// Adding a meter is one row; the compiler then finds the prices, exports and metrics that must know it.

/** What one quantity of a meter is: a token, a second of audio or session time, a character, a call of a tool. */
export type MeterUnit = 'tokens' | 'seconds' | 'characters' | 'calls';

/** Which way the content went, as the vendor bills it; `none` where it bills the time or the call and not the content. */
export type MeterDirection = 'input' | 'output' | 'none';

/** What the content was; of a tool, the call itself. */
export type MeterModality = 'text' | 'audio' | 'image' | 'tool';

/**
 * Whether the vendor read it from its prompt cache or wrote it there at a price of its own; `none` where caching does not
 * exist (outputs, transcription).
 */
export type MeterCache = 'uncached' | 'cached' | 'written' | 'none';

/**
 * Which vendor fact carries the meter: a response of a model, the transcription of a user's item, a session that is billed
 * by its time (Live; `standby` while its inference is paused), a translation, a text that was spoken, a call of a hosted
 * tool.
 */
export const USAGE_KINDS = [
  'response',
  'transcription',
  'session',
  'standby',
  'translation',
  'speech',
  'call',
] as const;
export type UsageKind = (typeof USAGE_KINDS)[number];

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
  input_text_cache_written: {
    kind: 'response',
    unit: 'tokens',
    direction: 'input',
    modality: 'text',
    cache: 'written',
  },
  session_seconds: { kind: 'session', unit: 'seconds', direction: 'none', modality: 'audio', cache: 'none' },
  session_standby_seconds: { kind: 'standby', unit: 'seconds', direction: 'none', modality: 'audio', cache: 'none' },
  translation_seconds: { kind: 'translation', unit: 'seconds', direction: 'input', modality: 'audio', cache: 'none' },
  speech_characters: { kind: 'speech', unit: 'characters', direction: 'input', modality: 'text', cache: 'none' },
  tool_calls: { kind: 'call', unit: 'calls', direction: 'none', modality: 'tool', cache: 'none' },
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
