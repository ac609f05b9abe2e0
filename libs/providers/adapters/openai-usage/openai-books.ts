// OpenAI's own books of an organization, by its admin API: usage by the hour, costs by the day. Reads all pages, each with a
// deadline; the official package retries what may be retried. Nothing of an answer but counts, names and amounts is kept.
import type { Meter } from '@trunkline/metering';
import OpenAI, { APIError } from 'openai';
import { z } from 'zod';
import {
  UpstreamBooksUnreadable,
  type UpstreamBooks,
  type UpstreamCost,
  type UpstreamScope,
  type UpstreamUsage,
} from '../../core/upstream-books.js';
import { CompletionsResult, CostsResult, pageOf, TranscriptionsResult } from './answers.js';
import { readLineItem, tokenMeter } from './line-item.js';

/** Which organization. */
export interface OpenAiOrganization {
  /** As for calls: `https://api.openai.com/v1`. */
  readonly baseUrl: string;
  readonly adminKey: string;
}

const ANSWER_MS_MAX = 30_000;
const RETRIES = 3;
const HOURS_PER_PAGE = 168;
const DAYS_PER_PAGE = 31;
// Three days by the hour are one page; more is a cursor that does not end.
const PAGES_MAX = 50;
const MICRO = 1_000_000n;

interface PageQuery {
  readonly start_time: number;
  readonly end_time: number;
  readonly project_ids?: string[];
  readonly page?: string;
}

/** The books of an organization. */
export function openAiBooks({ baseUrl, adminKey }: OpenAiOrganization): UpstreamBooks {
  const client = new OpenAI({
    adminAPIKey: adminKey,
    apiKey: null,
    baseURL: baseUrl,
    timeout: ANSWER_MS_MAX,
    maxRetries: RETRIES,
    logLevel: 'off',
  });
  const { usage } = client.admin.organization;
  const hourly = { bucket_width: '1h' as const, limit: HOURS_PER_PAGE };
  return {
    usage: (scope) =>
      reading(async () => {
        const completions = await allPages(scope, CompletionsResult, (query) =>
          usage.completions({ ...query, ...hourly, group_by: ['model', 'api_key_id'] }),
        );
        const heard = await allPages(scope, TranscriptionsResult, (query) =>
          usage.audioTranscriptions({ ...query, ...hourly, group_by: ['model', 'api_key_id'] }),
        );
        return [...completions.flatMap(tokensOf), ...heard.flatMap(secondsOf)];
      }),
    costs: (scope) =>
      reading(async () => {
        const charges = await allPages(scope, CostsResult, (query) =>
          usage.costs({ ...query, limit: DAYS_PER_PAGE, group_by: ['line_item', 'api_key_id', 'project_id'] }),
        );
        return charges.map(costOf);
      }),
  };
}

interface Bucketed<Result> {
  readonly startMs: number;
  readonly result: Result;
}

async function allPages<Schema extends z.ZodType>(
  { fromMs, toMs, projectIds }: UpstreamScope,
  schema: Schema,
  ask: (query: PageQuery) => Promise<unknown>,
): Promise<Bucketed<z.output<Schema>>[]> {
  const range = { start_time: fromMs / 1000, end_time: toMs / 1000 };
  const query = projectIds.length === 0 ? range : { ...range, project_ids: [...projectIds] };
  const found: Bucketed<z.output<Schema>>[] = [];
  let next: string | null = null;
  for (let pages = 0; pages < PAGES_MAX; pages++) {
    const page: {
      data: { start_time: number; results: z.output<Schema>[] }[];
      has_more: boolean;
      next_page?: string | null | undefined;
    } = pageOf(schema).parse(await ask(next === null ? query : { ...query, page: next }));
    for (const { start_time, results } of page.data)
      found.push(...results.map((result) => ({ startMs: start_time * 1000, result })));
    next = page.next_page ?? null;
    if (!page.has_more || next === null) return found;
  }
  throw new UpstreamBooksUnreadable(`OpenAI's answer has more than ${PAGES_MAX} pages; ask for fewer days.`);
}

function tokensOf({ startMs, result }: Bucketed<CompletionsResult>): UpstreamUsage[] {
  const { model } = result;
  if (model === null) throw new UpstreamBooksUnreadable('OpenAI listed usage without a model.');
  const counts = [
    ['input', 'text', false, result.input_text_tokens],
    ['input', 'audio', false, result.input_audio_tokens],
    ['input', 'image', false, result.input_image_tokens],
    ['input', 'text', true, result.input_cached_text_tokens],
    ['input', 'audio', true, result.input_cached_audio_tokens],
    ['input', 'image', true, result.input_cached_image_tokens],
    ['output', 'text', false, result.output_text_tokens],
    ['output', 'audio', false, result.output_audio_tokens],
  ] as const;
  const total = counts.reduce((sum, [, , , tokens]) => sum + tokens, 0);
  if (total !== result.input_tokens + result.output_tokens)
    throw new UpstreamBooksUnreadable(`OpenAI's token counts of ${model} do not add up to their totals.`);
  return counts.flatMap(([direction, modality, cached, tokens]): UpstreamUsage[] => {
    if (tokens === 0) return [];
    const meter = tokenMeter(model, direction, modality, cached);
    if (meter === null) throw new UpstreamBooksUnreadable(`OpenAI listed ${direction} ${modality} tokens of ${model}.`);
    return [usageOf(startMs, result, { model, meter, quantityMicro: BigInt(tokens) * MICRO })];
  });
}

function secondsOf({ startMs, result }: Bucketed<z.output<typeof TranscriptionsResult>>): UpstreamUsage[] {
  const { model, seconds } = result;
  if (model === null) throw new UpstreamBooksUnreadable('OpenAI listed transcriptions without a model.');
  const quantityMicro = BigInt(Math.round(seconds * 1e6));
  return seconds === 0 ? [] : [usageOf(startMs, result, { model, meter: 'transcription_seconds', quantityMicro })];
}

function usageOf(
  hourMs: number,
  { api_key_id }: { readonly api_key_id: string | null },
  used: { readonly model: string; readonly meter: Meter; readonly quantityMicro: bigint },
): UpstreamUsage {
  return { hourMs, keyId: api_key_id, ...used };
}

function costOf({ startMs, result }: Bucketed<z.output<typeof CostsResult>>): UpstreamCost {
  const lineItem = result.line_item ?? 'without a name';
  const { amount, api_key_id: keyId } = result;
  return { dayMs: startMs, keyId, lineItem, of: readLineItem(lineItem), amount: amount.value };
}

async function reading<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof APIError)
      throw new UpstreamBooksUnreadable(wordsFor(z.number().safeParse(error.status).data), { cause: error });
    if (error instanceof z.ZodError)
      throw new UpstreamBooksUnreadable(`OpenAI's answer has a shape that is not known: ${z.prettifyError(error)}`);
    throw error;
  }
}

function wordsFor(status: number | undefined): string {
  if (status === 401 || status === 403)
    return 'OpenAI refused the admin key: make one under Organization, Admin keys, with the scope api.usage.read.';
  return `OpenAI's usage API did not answer (${status ?? 'no connection'}); the run can be made again.`;
}
