// OpenAI's usage objects -> disjoint meters. `input_tokens` includes cached tokens and each `cached_tokens_details.x` is a
// subset of `x`, so the uncached part is a difference; sums are checked against the vendor's totals and anything that
// does not add up is parked with a problem, never guessed (protocol facts 4.1 to 4.3).
import type { Meter, Quantity, UsageProblem } from '@trunkline/metering';
import { z } from 'zod';

const count = z.int().nonnegative().max(1_000_000_000);
const modalities = z.looseObject({
  text_tokens: count.default(0),
  audio_tokens: count.default(0),
  image_tokens: count.default(0),
});

const responseUsage = z.looseObject({
  total_tokens: count,
  input_tokens: count,
  output_tokens: count,
  input_token_details: modalities.extend({
    cached_tokens: count.default(0),
    cached_tokens_details: modalities.nullish(),
    // Not in Realtime's documented usage; where the vendor says it (as its other APIs do), it is part of the uncached text.
    cache_write_tokens: count.nullish(),
  }),
  output_token_details: z.looseObject({ text_tokens: count.default(0), audio_tokens: count.default(0) }),
});

const transcriptionUsage = z.discriminatedUnion('type', [
  z.looseObject({
    type: z.literal('tokens'),
    total_tokens: count,
    input_tokens: count,
    output_tokens: count,
    input_token_details: z.looseObject({ text_tokens: count.default(0), audio_tokens: count.default(0) }).nullish(),
  }),
  z.looseObject({ type: z.literal('duration'), seconds: z.number().nonnegative().max(1_000_000) }),
]);

/** What a usage object amounts to. With a `problem` the quantities are empty and nobody may rate them. */
export interface ReadUsage {
  readonly quantities: readonly Quantity[];
  readonly evidence: 'reported' | 'estimated';
  readonly problem: UsageProblem | null;
}

/** Reads `response.done.response.usage`. */
export function readResponseUsage(usage: unknown): ReadUsage {
  if (usage === undefined || usage === null) return parked('usage_missing');
  const parsed = responseUsage.safeParse(usage);
  if (!parsed.success) return parked(problemOf(parsed.error));
  const { input_token_details: input, output_token_details: output, ...totals } = parsed.data;
  const cached = input.cached_tokens_details ?? attributeCached(input);
  const addsUp =
    totals.total_tokens === totals.input_tokens + totals.output_tokens &&
    totals.input_tokens === input.text_tokens + input.audio_tokens + input.image_tokens &&
    totals.output_tokens === output.text_tokens + output.audio_tokens &&
    input.cached_tokens === cached.text_tokens + cached.audio_tokens + cached.image_tokens &&
    cached.text_tokens <= input.text_tokens &&
    cached.audio_tokens <= input.audio_tokens &&
    cached.image_tokens <= input.image_tokens;
  if (!addsUp) return parked('sum_mismatch');
  const uncachedText = input.text_tokens - cached.text_tokens;
  const written = writtenOf(input.cache_write_tokens ?? 0, uncachedText);
  return {
    quantities: tokens({
      input_text: uncachedText - written,
      input_text_cache_written: written,
      input_text_cached: cached.text_tokens,
      input_audio: input.audio_tokens - cached.audio_tokens,
      input_audio_cached: cached.audio_tokens,
      input_image: input.image_tokens - cached.image_tokens,
      input_image_cached: cached.image_tokens,
      output_text: output.text_tokens,
      output_audio: output.audio_tokens,
    }),
    evidence: input.cached_tokens_details || input.cached_tokens === 0 ? 'reported' : 'estimated',
    problem: null,
  };
}

/** Reads `conversation.item.input_audio_transcription.completed.usage`: tokens or seconds, by the model that heard it. */
export function readTranscriptionUsage(usage: unknown): ReadUsage {
  if (usage === undefined || usage === null) return parked('usage_missing');
  const parsed = transcriptionUsage.safeParse(usage);
  if (!parsed.success) return parked(problemOf(parsed.error));
  const report = parsed.data;
  if (report.type === 'duration') {
    // Seconds arrive as a JSON number; a millionth of a second is finer than any price needs.
    const quantityMicro = BigInt(Math.round(report.seconds * 1_000_000));
    return reported(quantityMicro > 0n ? [{ meter: 'transcription_seconds', quantityMicro }] : []);
  }
  // Without details all input is the audio that was heard; a prompt's text would have been itemised.
  const input = report.input_token_details ?? { text_tokens: 0, audio_tokens: report.input_tokens };
  const addsUp =
    report.total_tokens === report.input_tokens + report.output_tokens &&
    report.input_tokens === input.text_tokens + input.audio_tokens;
  if (!addsUp) return parked('sum_mismatch');
  return reported(
    tokens({
      transcription_input_text: input.text_tokens,
      transcription_input_audio: input.audio_tokens,
      transcription_output_text: report.output_tokens,
    }),
  );
}

// What does not fit into the uncached text was written of something else, which has no meter: then nothing is told apart, and
// all of it stays what it is.
function writtenOf(said: number, uncachedText: number): number {
  return said <= uncachedText ? said : 0;
}

// When OpenAI does not itemise cached tokens: text first, then audio, then image, and the report counts as estimated
// (protocol facts 4.1).
function attributeCached(input: { cached_tokens: number; text_tokens: number; audio_tokens: number }) {
  const text = Math.min(input.cached_tokens, input.text_tokens);
  const audio = Math.min(input.cached_tokens - text, input.audio_tokens);
  return { text_tokens: text, audio_tokens: audio, image_tokens: input.cached_tokens - text - audio };
}

/** Whole tokens by meter as quantities; zero is not listed. */
export function tokens(counts: Partial<Record<Meter, number>>): readonly Quantity[] {
  const quantities: Quantity[] = [];
  for (const [meter, tokenCount] of Object.entries(counts) as [Meter, number][]) {
    if (tokenCount > 0) quantities.push({ meter, quantityMicro: BigInt(tokenCount) * 1_000_000n });
  }
  return quantities;
}

function reported(quantities: readonly Quantity[]): ReadUsage {
  return { quantities, evidence: 'reported', problem: null };
}

function parked(problem: UsageProblem): ReadUsage {
  return { quantities: [], evidence: 'reported', problem };
}

function problemOf(error: z.ZodError): UsageProblem {
  const outOfRange = error.issues.every((issue) => issue.code === 'too_big' || issue.code === 'too_small');
  return outOfRange ? 'out_of_range' : 'unknown_shape';
}
