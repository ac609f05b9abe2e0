// What the account used, summed by minute: what the organization's usage and cost answers are made of. Guarantees a bound
// on memory and that no token is lost to it: when there are too many minutes, the oldest are summed up to their hours, and
// the oldest hours to their days. Leaves prices and the shape of answers to others. Times are epoch milliseconds.
import type { TranscriptionUsage } from '../books-records.js';
import type { ResponseUsage } from '../tokens/usage.js';

/** What can be counted. Disjoint: `input_audio` is the uncached part, as in OpenAI's usage answers. */
export const COUNTED = [
  'input_text',
  'input_audio',
  'input_image',
  'cached_text',
  'cached_audio',
  'cached_image',
  'output_text',
  'output_audio',
  'seconds',
  'characters',
] as const;
export type Counted = (typeof COUNTED)[number];
export type Counts = Partial<Readonly<Record<Counted, number>>>;

/** Use of one model by one key in the minute (or, when long ago, the hour or day) that begins at `at`. */
export interface UsedBy {
  readonly at: number;
  /** The API key itself; null for a connection without one. */
  readonly key: string | null;
  readonly model: string;
  readonly requests: number;
  readonly counts: Counts;
}

const MINUTE_MS = 60_000;
/** From fine to coarse; each level passes on to the next what it has no room for. */
const WIDTHS_MS = [MINUTE_MS, 60 * MINUTE_MS, 24 * 60 * MINUTE_MS] as const;

/** The sums. One instance per simulator. */
export class UsageTally {
  readonly #levels = WIDTHS_MS.map((widthMs) => ({ widthMs, entries: new Map<string, UsedBy>() }));
  readonly #entriesMax: () => number;

  /** @param entriesMax of each level; beyond it the coarsest forgets its oldest day. */
  constructor(entriesMax: () => number) {
    this.#entriesMax = entriesMax;
  }

  /** Counts one response or transcription. What used nothing is not a request. */
  add(used: Omit<UsedBy, 'requests'>): void {
    if (COUNTED.some((name) => (used.counts[name] ?? 0) > 0)) this.#enter(0, { ...used, requests: 1 });
  }

  /** Everything, oldest first within each level. */
  entries(): UsedBy[] {
    return this.#levels.flatMap(({ entries }) => [...entries.values()]);
  }

  reset(): void {
    for (const { entries } of this.#levels) entries.clear();
  }

  #enter(level: number, used: UsedBy): void {
    const { widthMs, entries } = this.#levels[level] ?? {};
    if (widthMs === undefined || entries === undefined) return;
    const at = Math.floor(used.at / widthMs) * widthMs;
    const name = JSON.stringify([at, used.key, used.model]);
    const before = entries.get(name);
    entries.set(name, before === undefined ? { ...used, at } : added(before, used));
    if (entries.size <= this.#entriesMax()) return;
    const oldest = [...entries].reduce((a, b) => (b[1].at < a[1].at ? b : a));
    entries.delete(oldest[0]);
    this.#enter(level + 1, oldest[1]);
  }
}

/** The counts of a response's usage. */
export function countsOfResponse({ input_token_details: input, output_token_details: output }: ResponseUsage): Counts {
  const cached = input.cached_tokens_details;
  return {
    input_text: input.text_tokens - cached.text_tokens,
    input_audio: input.audio_tokens - cached.audio_tokens,
    input_image: input.image_tokens - cached.image_tokens,
    cached_text: cached.text_tokens,
    cached_audio: cached.audio_tokens,
    cached_image: cached.image_tokens,
    output_text: output.text_tokens,
    output_audio: output.audio_tokens,
  };
}

/** The counts of a transcription's usage. */
export function countsOfTranscription(usage: TranscriptionUsage): Counts {
  if (usage.type === 'duration') return { seconds: usage.seconds };
  const { text_tokens: input_text, audio_tokens: input_audio } = usage.input_token_details;
  return { input_text, input_audio, output_text: usage.output_tokens };
}

/** Sum of two counts. */
export function addCounts(a: Counts, b: Counts): Counts {
  const sum: Partial<Record<Counted, number>> = {};
  for (const name of COUNTED) {
    const total = (a[name] ?? 0) + (b[name] ?? 0);
    if (total > 0) sum[name] = total;
  }
  return sum;
}

function added(before: UsedBy, more: UsedBy): UsedBy {
  return { ...before, requests: before.requests + more.requests, counts: addCounts(before.counts, more.counts) };
}
