// The prompt of a response as segments (instructions and tools, then each item) and what of it was already sent.
// Guarantees: cached tokens are a prefix, a multiple of 64, and a subset by modality; a changed or deleted segment
// ends the prefix. Leaves counting of one item to session/conversation.ts.
import { addTokens, NO_TOKENS, totalOf, type Tokens } from './usage.js';

/** A piece of the prompt; equal keys mean equal content. */
export interface Segment {
  readonly key: string;
  readonly tokens: Tokens;
}

/** OpenAI reports cached tokens in steps of 64 (samples in facts 4.1). */
const CACHE_STEP = 64;

/** Tokens of a whole prompt. */
export function promptTokens(segments: readonly Segment[]): Tokens {
  return segments.reduce((sum, segment) => addTokens(sum, segment.tokens), NO_TOKENS);
}

/** The tokens of `current` that the `previous` prompt already held, from the front, rounded down to the step. */
export function cachedTokens(previous: readonly Segment[], current: readonly Segment[]): Tokens {
  const shared: Tokens[] = [];
  for (const [index, segment] of current.entries()) {
    if (previous[index]?.key !== segment.key) break;
    shared.push(segment.tokens);
  }
  const whole = shared.reduce(addTokens, NO_TOKENS);
  let left = totalOf(whole) - (totalOf(whole) % CACHE_STEP);
  const take = (tokens: number): number => {
    const taken = Math.min(tokens, left);
    left -= taken;
    return taken;
  };
  return shared.reduce<Tokens>(
    (sum, { text, audio, image }) => addTokens(sum, { text: take(text), audio: take(audio), image: take(image) }),
    NO_TOKENS,
  );
}

/**
 * Leaves out the oldest items until the prompt fits (facts 4.4). The first segment (instructions and tools) stays.
 * `retention` below 1 removes more at once, so that the cache survives longer. Null: it cannot be made to fit.
 */
export function fitPrompt(segments: readonly Segment[], tokensMax: number, retention: number): Segment[] | null {
  let total = totalOf(promptTokens(segments));
  if (total <= tokensMax) return [...segments];
  const goal = Math.floor(tokensMax * retention);
  const [head, ...items] = segments;
  while (items.length > 1 && total > goal) {
    const oldest = items.shift();
    if (oldest !== undefined) total -= totalOf(oldest.tokens);
  }
  if (head === undefined || total > tokensMax) return null;
  return [head, ...items];
}
