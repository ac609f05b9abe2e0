// Answers in OpenAI's shape: a page of buckets, each with a result per group. Guarantees that buckets cover the range asked
// for without gap or overlap (cut at UTC boundaries, the first and last at the range), that `input_<modality>_tokens` are
// the uncached ones as OpenAI has it there, and that `value_decimal` is exact. Leaves whose rows these are to the reader.
import { addAmounts, formatAmount, type AmountPico } from '@trunkline/kernel';
import { isMeter, meterEntry } from '@trunkline/metering';
import { pageFrom, WIDTH_S, type GroupName, type OrganizationQuestion, type OrganizationTopic } from './question.js';

/** What one key used of one meter of a model in a bucket; or bookings by hand, whose kind then stands for the meter. */
export interface UsedOfMeter {
  /** When the bucket of the question's width begins (UTC boundary), Unix seconds. */
  readonly bucketS: number;
  readonly tenantId: string;
  readonly keyId: string | null;
  /** Null: booked by hand, about no model. */
  readonly model: string | null;
  readonly meter: string;
  readonly quantityMicro: bigint;
  readonly charge: AmountPico;
  /** Responses or transcriptions that used this meter. */
  readonly events: number;
}

/** How many responses or transcriptions there were, whatever meters each had. */
export type RequestsOf = Pick<UsedOfMeter, 'bucketS' | 'tenantId' | 'keyId' | 'model' | 'meter' | 'events'>;

/** What a page is made of. `requests` names one meter of each, to tell by which topic it is counted. */
export interface OrganizationRows {
  readonly used: readonly UsedOfMeter[];
  readonly requests: readonly RequestsOf[];
}

/** OpenAI's `page`. */
export interface OrganizationPage {
  readonly object: 'page';
  readonly data: readonly OrganizationBucket[];
  readonly has_more: boolean;
  readonly next_page: string | null;
}

/** OpenAI's `bucket`. */
export interface OrganizationBucket {
  readonly object: 'bucket';
  readonly start_time: number;
  readonly end_time: number;
  readonly results: readonly Readonly<Record<string, unknown>>[];
}

interface Span {
  readonly startS: number;
  readonly endS: number;
}

/** The buckets of the page, and where the next one begins; null when this is the last. */
export function spansOf(question: OrganizationQuestion): {
  readonly spans: readonly Span[];
  readonly nextS: number | null;
} {
  const widthS = WIDTH_S[question.width];
  const spans: Span[] = [];
  let startS = question.startS;
  while (startS < question.endS && spans.length < question.limit) {
    const endS = Math.min(boundaryBefore(startS, widthS) + widthS, question.endS);
    spans.push({ startS, endS });
    startS = endS;
  }
  return { spans, nextS: startS < question.endS ? startS : null };
}

/** The page. @param rows of the page's range only, by buckets of the question's width. */
export function organizationPage(question: OrganizationQuestion, rows: OrganizationRows): OrganizationPage {
  const { spans, nextS } = spansOf(question);
  const pieces = piecesOf(question.topic, rows).filter((piece) => isWanted(piece, question));
  const data = spans.map(({ startS, endS }): OrganizationBucket => {
    const bucketS = boundaryBefore(startS, WIDTH_S[question.width]);
    const groups = grouped(
      pieces.filter((piece) => piece.bucketS === bucketS),
      question.groupBy,
    );
    const results = groups.map((group) => resultOf(question, group));
    return { object: 'bucket', start_time: startS, end_time: endS, results };
  });
  return { object: 'page', data, has_more: nextS !== null, next_page: nextS === null ? null : pageFrom(nextS) };
}

/** How costs name what was used: `gpt-realtime, cached_audio_input_tokens`; `credit` and the like have no model. */
export function lineItemOf(model: string | null, meter: string): string {
  if (model === null) return meter;
  if (!isMeter(meter)) return `${model}, ${meter}`;
  const { direction, modality, cache, unit } = meterEntry(meter);
  if (unit !== 'tokens') return `${model}, ${unit === 'seconds' ? 'duration_seconds' : unit}`;
  const words = [cache === 'cached' ? 'cached' : '', modality === 'text' ? '' : modality, direction, 'tokens'];
  return `${model}, ${words.filter((word) => word !== '').join('_')}`;
}

type Groups = Readonly<Record<GroupName, string | boolean | null>>;

/** A part of a result. */
interface Piece {
  readonly bucketS: number;
  readonly groups: Groups;
  readonly requests: number;
  readonly meter: string;
  readonly quantityMicro: bigint;
  readonly charge: AmountPico | null;
}

function piecesOf(topic: OrganizationTopic, { used, requests }: OrganizationRows): Piece[] {
  if (topic === 'costs') return used.map((row) => ({ ...row, groups: groupsOf(row), requests: 0 }));
  const counted = requests.map((row): Piece => ({
    ...row,
    groups: groupsOf(row),
    requests: row.events,
    quantityMicro: 0n,
    charge: null,
  }));
  const metered = used.map((row): Piece => ({ ...row, groups: groupsOf(row), requests: 0 }));
  return [...counted, ...metered].filter((piece) => topicOf(piece.meter) === topic);
}

/** Where a meter is shown. Characters are spoken text; a meter that this release does not know is in costs only. */
function topicOf(meter: string): OrganizationTopic | null {
  const unit: string | null = isMeter(meter) ? meterEntry(meter).unit : null;
  switch (unit) {
    case 'tokens':
      return 'completions';
    case 'seconds':
      return 'audio_transcriptions';
    case 'characters':
      return 'audio_speeches';
    default:
      return null;
  }
}

function groupsOf({ tenantId, keyId, model, meter }: RequestsOf): Groups {
  return {
    project_id: tenantId,
    api_key_id: keyId,
    model,
    line_item: lineItemOf(model, meter),
    // There are no users below a key, and no batches.
    user_id: null,
    batch: false,
    service_tier: 'default',
    api_source: 'unlabeled',
  };
}

function isWanted({ groups }: Piece, { wanted, batch }: OrganizationQuestion): boolean {
  if (batch === true) return false;
  return [...wanted].every(([name, values]) => {
    const value = groups[name];
    return typeof value === 'string' && values.has(value);
  });
}

/** By group, in a stable order. */
function grouped(pieces: readonly Piece[], groupBy: ReadonlySet<GroupName>): Piece[][] {
  const groups = new Map<string, Piece[]>();
  for (const piece of pieces) {
    const name = JSON.stringify([...groupBy].map((by) => piece.groups[by]));
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [piece]);
    else group.push(piece);
  }
  return [...groups].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => group);
}

function resultOf({ topic, groupBy }: OrganizationQuestion, pieces: readonly Piece[]): Record<string, unknown> {
  const named = (...names: GroupName[]) =>
    Object.fromEntries(names.map((name) => [name, groupBy.has(name) ? (pieces[0]?.groups[name] ?? null) : null]));
  const requests = { num_model_requests: pieces.reduce((sum, piece) => sum + piece.requests, 0) };
  switch (topic) {
    case 'completions':
      return {
        object: 'organization.usage.completions.result',
        ...tokensOf(pieces),
        ...requests,
        ...named('project_id', 'user_id', 'api_key_id', 'model', 'batch', 'service_tier', 'api_source'),
      };
    case 'audio_transcriptions':
      return {
        object: 'organization.usage.audio_transcriptions.result',
        seconds: unitsOf(pieces),
        ...requests,
        ...named('project_id', 'user_id', 'api_key_id', 'model'),
      };
    case 'audio_speeches':
      return {
        object: 'organization.usage.audio_speeches.result',
        characters: unitsOf(pieces),
        ...requests,
        ...named('project_id', 'user_id', 'api_key_id', 'model'),
      };
    case 'costs':
      return {
        object: 'organization.costs.result',
        amount: amountOf(pieces),
        ...named('line_item', 'project_id', 'user_id', 'api_key_id', 'api_source'),
        ...quantityOf(pieces, groupBy.has('line_item')),
      };
  }
}

function tokensOf(pieces: readonly Piece[]): Record<string, number> {
  const sum = (direction: 'input' | 'output', modality: 'text' | 'audio' | 'image', cached: boolean): number =>
    unitsOf(
      pieces.filter(({ meter }) => {
        const entry = isMeter(meter) ? meterEntry(meter) : null;
        return entry?.direction === direction && entry.modality === modality && (entry.cache === 'cached') === cached;
      }),
    );
  const input = (cached: boolean) =>
    [sum('input', 'text', cached), sum('input', 'audio', cached), sum('input', 'image', cached)] as const;
  const [text, audio, image] = input(false);
  const [cachedText, cachedAudio, cachedImage] = input(true);
  const [outputText, outputAudio] = [sum('output', 'text', false), sum('output', 'audio', false)];
  return {
    input_tokens: text + audio + image + cachedText + cachedAudio + cachedImage,
    output_tokens: outputText + outputAudio,
    input_uncached_tokens: text + audio + image,
    input_cached_tokens: cachedText + cachedAudio + cachedImage,
    input_text_tokens: text,
    input_audio_tokens: audio,
    input_image_tokens: image,
    input_cached_text_tokens: cachedText,
    input_cached_audio_tokens: cachedAudio,
    input_cached_image_tokens: cachedImage,
    // Part of the uncached ones. For how long they stay in the cache no meter tells, so OpenAI's two optional fields for that
    // are left out rather than shown as nothing.
    input_cache_write_tokens: unitsOf(
      pieces.filter(({ meter }) => isMeter(meter) && meterEntry(meter).cache === 'written'),
    ),
    output_text_tokens: outputText,
    output_audio_tokens: outputAudio,
    output_image_tokens: 0,
  };
}

function amountOf(pieces: readonly Piece[]): Record<string, unknown> {
  const exact = formatAmount(addAmounts(...pieces.flatMap(({ charge }) => (charge === null ? [] : [charge]))));
  // OpenAI's shape wants a JSON number, which is the nearest double; the exact amount stands beside it.
  return { value: Number(exact), currency: 'usd', value_decimal: exact };
}

function quantityOf(pieces: readonly Piece[], byItem: boolean): Record<string, unknown> {
  const [first] = pieces;
  const unit = byItem && first !== undefined && isMeter(first.meter) ? meterEntry(first.meter).unit : null;
  if (unit === null) return { quantity: null, quantity_unit: null };
  return { quantity: unitsOf(pieces), quantity_unit: unit === 'seconds' ? 'duration_seconds' : unit };
}

const MICRO = 1_000_000;

function unitsOf(pieces: readonly Piece[]): number {
  return Number(pieces.reduce((sum, piece) => sum + piece.quantityMicro, 0n)) / MICRO;
}

function boundaryBefore(atS: number, widthS: number): number {
  return Math.floor(atS / widthS) * widthS;
}
