// Usage and cost answers in OpenAI's shape: a page of buckets, each with one result per group. Buckets are cut at UTC
// boundaries of their width, the first and last at the range asked for; an empty one has no results.
import { createHash } from 'node:crypto';
import type { OrganizationConfig } from './config.js';
import { costOf, dollarsOf, picoOf } from './prices.js';
import { pageAt, type OrganizationQuery, type Question } from './query.js';
import { COUNTED, type Counted, type UsedBy } from './tally.js';

/** A part of a result: whose it is, and how much. */
interface Piece {
  readonly atS: number;
  /** By `group_by` name. */
  readonly group: Readonly<Record<string, string | boolean | null>>;
  readonly requests: number;
  readonly counts: UsedBy['counts'];
  readonly pico: bigint;
  readonly unit: string | null;
}

const FILTER_OF: Readonly<Record<string, string>> = {
  project_ids: 'project_id',
  user_ids: 'user_id',
  api_key_ids: 'api_key_id',
  models: 'model',
  line_items: 'line_item',
};
const LINE_ITEMS: Readonly<Record<Counted, string>> = {
  input_text: 'input_tokens',
  input_audio: 'audio_input_tokens',
  input_image: 'image_input_tokens',
  cached_text: 'cached_input_tokens',
  cached_audio: 'cached_audio_input_tokens',
  cached_image: 'cached_image_input_tokens',
  output_text: 'output_tokens',
  output_audio: 'audio_output_tokens',
  seconds: 'duration_seconds',
  characters: 'characters',
};
const UNITS: Partial<Readonly<Record<Counted, string>>> = { seconds: 'duration_seconds', characters: 'characters' };

/** The id by which answers name a key: the key itself never leaves. */
export function apiKeyIdOf(key: string): string {
  return `key_${createHash('sha256').update(key).digest('hex').slice(0, 16)}`;
}

/** The page that answers a question from what was used. */
export function answer(
  question: Question,
  query: OrganizationQuery,
  { used, config }: { readonly used: readonly UsedBy[]; readonly config: OrganizationConfig },
): Record<string, unknown> {
  const foreign = config.foreign.map((each): UsedBy => ({ ...each, at: each.at * 1000, counts: defined(each.counts) }));
  const all = [...used, ...foreign];
  const pieces = question === 'costs' ? costPieces(all, config) : usagePieces(question, all, config);
  const wanted = pieces.filter((piece) => isWanted(piece, query));
  const data: Record<string, unknown>[] = [];
  let startS = query.startS;
  while (startS < query.endS && data.length < query.limit) {
    const endS = Math.min((Math.floor(startS / query.widthS) + 1) * query.widthS, query.endS);
    const inside = wanted.filter(({ atS }) => atS >= startS && atS < endS);
    const results = grouped(inside, query.groupBy).map((group) => RESULTS[question](group, query.groupBy));
    data.push({ object: 'bucket', start_time: startS, end_time: endS, results });
    startS = endS;
  }
  const more = startS < query.endS;
  return { object: 'page', data, has_more: more, next_page: more ? pageAt(startS) : null };
}

function defined(counts: Partial<Record<Counted, number | undefined>>): UsedBy['counts'] {
  return Object.fromEntries(COUNTED.map((name) => [name, counts[name] ?? 0]));
}

function usagePieces(question: Question, all: readonly UsedBy[], config: OrganizationConfig): Piece[] {
  return all
    .filter(({ counts }) => questionOf(counts) === question)
    .map((used) => ({
      atS: used.at / 1000,
      group: { ...whose(used, config), model: used.model, batch: false, service_tier: 'default' },
      requests: used.requests,
      counts: used.counts,
      pico: 0n,
      unit: null,
    }));
}

function questionOf(counts: UsedBy['counts']): Question {
  if ((counts.seconds ?? 0) > 0) return 'audio_transcriptions';
  return (counts.characters ?? 0) > 0 ? 'audio_speeches' : 'completions';
}

function costPieces(all: readonly UsedBy[], config: OrganizationConfig): Piece[] {
  const metered = all.flatMap((used) =>
    COUNTED.flatMap((counted): Piece[] => {
      const quantity = used.counts[counted] ?? 0;
      if (quantity === 0) return [];
      const group = { ...whose(used, config), line_item: `${used.model}, ${LINE_ITEMS[counted]}` };
      const pico = costOf({ model: used.model, counted, quantity }, config);
      return [{ ...NOTHING, atS: used.at / 1000, group, counts: { [counted]: quantity }, pico, unit: unitOf(counted) }];
    }),
  );
  const other = config.lineItems.map(({ at, name, usd }): Piece => {
    const group = { project_id: config.projectId, user_id: null, api_key_id: null, line_item: name };
    return { ...NOTHING, atS: at, group: { ...group, api_source: 'unlabeled' }, pico: picoOf(usd) };
  });
  return [...metered, ...other];
}

const NOTHING = { requests: 0, counts: {}, pico: 0n, unit: null };

function unitOf(counted: Counted): string {
  return UNITS[counted] ?? 'tokens';
}

function whose({ key }: UsedBy, { projectId }: OrganizationConfig): Piece['group'] {
  const api_key_id = key === null ? null : apiKeyIdOf(key);
  return { project_id: projectId, user_id: null, api_key_id, api_source: 'unlabeled' };
}

function isWanted({ group }: Piece, { wanted, batch }: OrganizationQuery): boolean {
  if (batch === true) return false;
  return [...wanted].every(([filter, values]) => {
    const value = group[FILTER_OF[filter] ?? ''];
    return typeof value === 'string' && values.has(value);
  });
}

/** The pieces by group, in the order of the groups' names. */
function grouped(pieces: readonly Piece[], groupBy: ReadonlySet<string>): Piece[][] {
  const groups = new Map<string, Piece[]>();
  for (const piece of pieces) {
    const name = JSON.stringify([...groupBy].map((by) => piece.group[by] ?? null));
    groups.set(name, [...(groups.get(name) ?? []), piece]);
  }
  return [...groups].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => group);
}

type Result = (pieces: readonly Piece[], groupBy: ReadonlySet<string>) => Record<string, unknown>;

const RESULTS: Readonly<Record<Question, Result>> = {
  completions: (pieces, groupBy) => {
    const sum = (counted: Counted): number => total(pieces, (piece) => piece.counts[counted] ?? 0);
    const uncached = sum('input_text') + sum('input_audio') + sum('input_image');
    const cached = sum('cached_text') + sum('cached_audio') + sum('cached_image');
    return {
      object: 'organization.usage.completions.result',
      input_tokens: uncached + cached,
      output_tokens: sum('output_text') + sum('output_audio'),
      num_model_requests: total(pieces, (piece) => piece.requests),
      ...named(pieces, groupBy, [
        'project_id',
        'user_id',
        'api_key_id',
        'model',
        'batch',
        'service_tier',
        'api_source',
      ]),
      input_cached_tokens: cached,
      input_uncached_tokens: uncached,
      input_text_tokens: sum('input_text'),
      input_audio_tokens: sum('input_audio'),
      input_image_tokens: sum('input_image'),
      input_cached_text_tokens: sum('cached_text'),
      input_cached_audio_tokens: sum('cached_audio'),
      input_cached_image_tokens: sum('cached_image'),
      input_cache_write_tokens: 0,
      input_cache_write_30m_tokens: 0,
      input_cache_write_12h_tokens: 0,
      output_text_tokens: sum('output_text'),
      output_audio_tokens: sum('output_audio'),
      output_image_tokens: 0,
    };
  },
  audio_transcriptions: audioResult('audio_transcriptions', 'seconds'),
  audio_speeches: audioResult('audio_speeches', 'characters'),
  costs: (pieces, groupBy) => {
    const pico = pieces.reduce((sum, piece) => sum + piece.pico, 0n);
    const [first] = pieces;
    const unit = groupBy.has('line_item') ? (first?.unit ?? null) : null;
    const quantity = total(pieces, ({ counts }) => total(COUNTED, (name) => counts[name] ?? 0));
    return {
      object: 'organization.costs.result',
      amount: { value: dollarsOf(pico), currency: 'usd' },
      ...named(pieces, groupBy, ['line_item', 'project_id', 'user_id', 'api_key_id', 'api_source']),
      quantity: unit === null ? null : quantity,
      quantity_unit: unit,
    };
  },
};

function audioResult(question: Question, counted: Counted): Result {
  return (pieces, groupBy) => ({
    object: `organization.usage.${question}.result`,
    [counted]: total(pieces, (piece) => piece.counts[counted] ?? 0),
    num_model_requests: total(pieces, (piece) => piece.requests),
    ...named(pieces, groupBy, ['project_id', 'user_id', 'api_key_id', 'model']),
  });
}

/** The group's names; null for what was not grouped by. */
function named(
  [first]: readonly Piece[],
  groupBy: ReadonlySet<string>,
  names: readonly string[],
): Record<string, unknown> {
  return Object.fromEntries(names.map((name) => [name, groupBy.has(name) ? (first?.group[name] ?? null) : null]));
}

function total<T>(list: readonly T[], of: (each: T) => number): number {
  return list.reduce((sum, each) => sum + of(each), 0);
}
