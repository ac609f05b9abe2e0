// What a running response has generated so far, counted from the sizes of its deltas as they go by; none is read. Audio is
// exact to a few bytes a delta. A text delta counts as one token, as this vendor sends them, corrected by what earlier
// responses of the session turned out to be.
import { assistantAudioTokens, bytesPerMs } from './token-rates.js';

// `{"type":"response.output_audio.delta", ... ,"delta":""}` with ids of the usual lengths.
const AUDIO_DELTA_BYTES = 207;
const BASE64_RATIO = 3 / 4;

/** The event types counted here: generated audio, and generated text (a transcript is text too). */
export const AUDIO_DELTA = 'response.output_audio.delta';
export const TEXT_DELTAS: ReadonlySet<string> = new Set([
  'response.output_audio_transcript.delta',
  'response.output_text.delta',
  'response.function_call_arguments.delta',
]);

/** The output of one response. */
export class SeenOutput {
  private audioBytes = 0;
  textDeltas = 0;

  constructor(private readonly format: { readonly type?: unknown }) {}

  /** A delta went by. @param bytes of the whole message. */
  audioDelta(bytes: number): void {
    this.audioBytes += Math.max(0, bytes - AUDIO_DELTA_BYTES) * BASE64_RATIO;
  }

  textDelta(): void {
    this.textDeltas += 1;
  }

  /** Milliseconds of audio so far. */
  get spokenMs(): number {
    return Math.round(this.audioBytes / bytesPerMs(this.format));
  }

  /** Tokens so far. */
  tokens(textTokensPerDelta: number): { readonly text: number; readonly audio: number } {
    return { text: Math.round(this.textDeltas * textTokensPerDelta), audio: assistantAudioTokens(this.spokenMs) };
  }
}

// A report with reasoning or a refusal may have many more tokens than deltas; one such must not spoil all estimates.
const RATIO_MIN = 0.5;
const RATIO_MAX = 4;

/** How many tokens a text delta stands for, learnt from what the session's responses reported. */
export class TextRatio {
  private deltas = 0;
  private tokens = 0;

  learn(deltas: number, tokens: number): void {
    this.deltas += deltas;
    this.tokens += tokens;
  }

  get value(): number {
    if (this.deltas === 0) return 1;
    return Math.min(RATIO_MAX, Math.max(RATIO_MIN, this.tokens / this.deltas));
  }
}
