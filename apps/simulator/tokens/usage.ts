// Token counts by modality and the usage object of `response.done` (facts 4.1). Guarantees that total = input +
// output, input = text + audio + image and cached is a subset by modality, for any input; leaves what is counted to
// context.ts and the response run.

/** Tokens of one thing, by modality. */
export interface Tokens {
  readonly text: number;
  readonly audio: number;
  readonly image: number;
}

export const NO_TOKENS: Tokens = { text: 0, audio: 0, image: 0 };

/** The wire object; spelled "token" in the singular (facts 4.1). */
export interface ResponseUsage {
  readonly total_tokens: number;
  readonly input_tokens: number;
  readonly output_tokens: number;
  readonly input_token_details: {
    readonly text_tokens: number;
    readonly audio_tokens: number;
    readonly image_tokens: number;
    readonly cached_tokens: number;
    readonly cached_tokens_details: {
      readonly text_tokens: number;
      readonly audio_tokens: number;
      readonly image_tokens: number;
    };
  };
  readonly output_token_details: { readonly text_tokens: number; readonly audio_tokens: number };
}

/** User audio: 1 token per started 100 ms (facts 4.4). */
export function inputAudioTokens(ms: number): number {
  return Math.ceil(round(ms) / 100);
}

/** Assistant audio: 1 token per started 50 ms (facts 4.4). */
export function outputAudioTokens(ms: number): number {
  return Math.ceil(round(ms) / 50);
}

/** Text: 1 token per started 4 characters. Invented, so that a reader can check it by hand. */
export function textTokens(text: string): number {
  return Math.ceil(text.length / 4);
}

/** Images: fixed by detail, invented after the vision guide's one-tile prices. */
export function imageTokens(detail: 'auto' | 'low' | 'high'): number {
  return detail === 'low' ? 85 : 255;
}

/** Sum of tokens by modality. */
export function addTokens(a: Tokens, b: Tokens): Tokens {
  return { text: a.text + b.text, audio: a.audio + b.audio, image: a.image + b.image };
}

/** All modalities together. */
export function totalOf(tokens: Tokens): number {
  return tokens.text + tokens.audio + tokens.image;
}

/** The usage object of a response. `cached` must be a subset of `input` by modality. */
export function usageOf(input: Tokens, cached: Tokens, output: { text: number; audio: number }): ResponseUsage {
  return {
    total_tokens: totalOf(input) + output.text + output.audio,
    input_tokens: totalOf(input),
    output_tokens: output.text + output.audio,
    input_token_details: {
      text_tokens: input.text,
      audio_tokens: input.audio,
      image_tokens: input.image,
      cached_tokens: totalOf(cached),
      cached_tokens_details: { text_tokens: cached.text, audio_tokens: cached.audio, image_tokens: cached.image },
    },
    output_token_details: { text_tokens: output.text, audio_tokens: output.audio },
  };
}

/** What a failed response reports: all zeros, with both details objects (facts 4.3). */
export function zeroUsage(): ResponseUsage {
  return usageOf(NO_TOKENS, NO_TOKENS, { text: 0, audio: 0 });
}

/** Sample counts divide to fractions of a millisecond; a millionth must not start a token. */
function round(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
