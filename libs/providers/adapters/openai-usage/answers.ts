// OpenAI's usage and cost answers, read: loosely where they may grow, strictly where we count. Counts that do not add up
// to their totals are refused: better no comparison than a wrong one.
import { parseAmount, type AmountPico } from '@trunkline/kernel';
import { z } from 'zod';

const count = z
  .int()
  .min(0)
  .nullish()
  .transform((value) => value ?? 0);
const name = z
  .string()
  .max(200)
  .nullish()
  .transform((value) => value ?? null);

/** A result of `usage/completions`. */
export const CompletionsResult = z.looseObject({
  model: name,
  api_key_id: name,
  input_tokens: count,
  output_tokens: count,
  input_text_tokens: count,
  input_audio_tokens: count,
  input_image_tokens: count,
  input_cached_text_tokens: count,
  input_cached_audio_tokens: count,
  input_cached_image_tokens: count,
  output_text_tokens: count,
  output_audio_tokens: count,
});
export type CompletionsResult = z.output<typeof CompletionsResult>;

/** A result of `usage/audio_transcriptions`. */
export const TranscriptionsResult = z.looseObject({ model: name, api_key_id: name, seconds: z.number().min(0) });

/** A result of `costs`. */
export const CostsResult = z.looseObject({
  line_item: name,
  api_key_id: name,
  amount: z.looseObject({ value: z.union([z.number(), z.string()]).transform(dollars), currency: z.literal('usd') }),
});

/** A page of them. */
export function pageOf<Result extends z.ZodType>(result: Result) {
  return z.looseObject({
    data: z.array(z.looseObject({ start_time: z.int(), results: z.array(result) })),
    has_more: z.boolean(),
    next_page: z.string().nullish(),
  });
}

// A JSON number is the nearest double of what was written; its shortest text gives up to 15 digits back exactly. What is
// beyond the twelfth decimal is cut: no price is that fine.
function dollars(value: number | string, context: z.RefinementCtx): AmountPico {
  const text = typeof value === 'string' ? value : plain(value);
  const [whole = '', fraction = ''] = text.split('.');
  const amount = parseAmount(fraction === '' ? whole : `${whole}.${fraction.slice(0, 12)}`);
  if (amount !== null) return amount;
  context.addIssue('is not an amount of dollars');
  return z.NEVER;
}

function plain(value: number): string {
  const text = String(value);
  return text.includes('e') ? value.toFixed(12) : text;
}
