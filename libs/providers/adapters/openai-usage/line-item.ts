// What a line item of OpenAI's costs is: model and meter, or nothing that we know. OpenAI publishes no list of names, only
// examples ("gpt-6-astra, input_tokens"), so the words are read and any word that is not understood makes it unknown.
import type { Meter } from '@trunkline/metering';

/** Models whose tokens are a transcription's. */
const TRANSCRIBES = /transcribe|whisper/;
const WORDS = new Set(['input', 'output', 'cached', 'text', 'audio', 'image', 'tokens', 'token']);
const SECONDS = new Set(['duration', 'seconds', 'minutes', 'transcription', 'audio', 'input']);

/** `gpt-realtime, cached_audio_input_tokens` -> model and meter; null when it is no such name. */
export function readLineItem(lineItem: string): { readonly model: string; readonly meter: Meter } | null {
  const [, model, rest] = /^([^,\s]{1,100}), ?(.{1,100})$/.exec(lineItem) ?? [];
  if (model === undefined || rest === undefined) return null;
  const words = new Set(
    rest
      .toLowerCase()
      .split(/[^a-z]+/)
      .filter((word) => word !== ''),
  );
  const meter = meterOf(model, words);
  return meter === null ? null : { model, meter };
}

/** The meter of tokens of a model. Cached and plain transcription input are one: OpenAI caches none. */
export function tokenMeter(
  model: string,
  direction: 'input' | 'output',
  modality: 'text' | 'audio' | 'image',
  cached: boolean,
): Meter | null {
  if (TRANSCRIBES.test(model)) {
    if (modality === 'image' || cached) return null;
    if (direction === 'output') return modality === 'text' ? 'transcription_output_text' : null;
    return modality === 'text' ? 'transcription_input_text' : 'transcription_input_audio';
  }
  if (direction === 'output') return modality === 'image' || cached ? null : `output_${modality}`;
  return cached ? `input_${modality}_cached` : `input_${modality}`;
}

function meterOf(model: string, words: ReadonlySet<string>): Meter | null {
  const all = [...words];
  if ((words.has('seconds') || words.has('minutes')) && all.every((word) => SECONDS.has(word)))
    return 'transcription_seconds';
  if (!all.every((word) => WORDS.has(word))) return null;
  if (words.has('input') === words.has('output')) return null;
  const modalities = (['text', 'audio', 'image'] as const).filter((modality) => words.has(modality));
  const [modality = 'text'] = modalities;
  if (modalities.length > 1) return null;
  return tokenMeter(model, words.has('input') ? 'input' : 'output', modality, words.has('cached'));
}
