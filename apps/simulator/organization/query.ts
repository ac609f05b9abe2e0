// The query of a usage or cost question, as the openai package writes it (`group_by[]=model&group_by[]=...`). Guarantees
// that what is wrong is refused with OpenAI's error shape and the parameter's name; leaves answering to answers.ts.

export const PATHS = ['completions', 'audio_transcriptions', 'audio_speeches', 'costs'] as const;
export type Question = (typeof PATHS)[number];

/** A question about `[startS, endS)`, epoch seconds, in buckets of `widthS`. */
export interface OrganizationQuery {
  readonly startS: number;
  readonly endS: number;
  readonly widthS: number;
  readonly limit: number;
  readonly groupBy: ReadonlySet<string>;
  /** By filter, the values that are wanted; a filter that is not named wants all. */
  readonly wanted: ReadonlyMap<string, ReadonlySet<string>>;
  readonly batch: boolean | null;
}

/** Why a question is refused. */
export class QueryRefused extends Error {
  constructor(
    readonly param: string,
    message: string,
  ) {
    super(message);
  }
}

const WIDTHS_S: Readonly<Record<string, number>> = { '1m': 60, '1h': 3_600, '1d': 86_400 };
const LIMITS: Readonly<Record<string, readonly [number, number]>> = {
  '1m': [60, 1440],
  '1h': [24, 168],
  '1d': [7, 31],
};
const COST_LIMIT = [7, 180] as const;
const COMMON_GROUPS = ['project_id', 'user_id', 'api_key_id'];
const GROUPS: Readonly<Record<Question, readonly string[]>> = {
  completions: [...COMMON_GROUPS, 'model', 'batch', 'service_tier', 'api_source'],
  audio_transcriptions: [...COMMON_GROUPS, 'model'],
  audio_speeches: [...COMMON_GROUPS, 'model'],
  costs: [...COMMON_GROUPS, 'line_item', 'api_source'],
};
const FILTERS = ['project_ids', 'user_ids', 'api_key_ids', 'models', 'line_items'];
const PAGE = /^page_([A-Za-z0-9_-]{1,40})$/;

/** Reads the query. @param nowS the end where none is given. @throws QueryRefused */
export function readQuery(question: Question, query: URLSearchParams, nowS: number): OrganizationQuery {
  const one = (name: string): string | null => query.get(name);
  const many = (name: string): string[] => [...query.getAll(`${name}[]`), ...query.getAll(name)];
  const width = one('bucket_width') ?? '1d';
  const widthS = question === 'costs' && width !== '1d' ? undefined : WIDTHS_S[width];
  if (widthS === undefined) throw invalid('bucket_width', width, question === 'costs' ? '1d' : '1m, 1h, 1d');
  const [fallback, max] = question === 'costs' ? COST_LIMIT : (LIMITS[width] ?? COST_LIMIT);
  const startText = one('start_time');
  if (startText === null) throw new QueryRefused('start_time', "Missing required parameter: 'start_time'.");
  const fromS = wholeOf('start_time', startText);
  const startS = Math.floor(fromS / 60) * 60;
  const endS = wholeOf('end_time', one('end_time') ?? String(nowS));
  if (endS <= fromS) throw new QueryRefused('end_time', "Invalid 'end_time': must be after 'start_time'.");
  const limit = wholeOf('limit', one('limit') ?? String(fallback));
  if (limit < 1 || limit > max) throw invalid('limit', String(limit), `1 to ${max} for bucket_width ${width}`);
  for (const name of many('group_by'))
    if (!GROUPS[question].includes(name)) throw invalid('group_by', name, GROUPS[question].join(', '));
  const wanted = FILTERS.flatMap((name) => (many(name).length > 0 ? [[name, new Set(many(name))] as const] : []));
  const batch = one('batch');
  return {
    startS: pageStart(one('page'), startS, endS),
    endS,
    widthS,
    limit,
    groupBy: new Set(many('group_by')),
    wanted: new Map(wanted),
    batch: batch === null ? null : batch === 'true',
  };
}

/** The cursor of the page that begins at a bucket. */
export function pageAt(startS: number): string {
  return `page_${Buffer.from(String(startS)).toString('base64url')}`;
}

function pageStart(page: string | null, startS: number, endS: number): number {
  if (page === null) return startS;
  const at = Number(Buffer.from(PAGE.exec(page)?.[1] ?? '', 'base64url').toString('utf8') || Number.NaN);
  if (!Number.isInteger(at) || at < startS || at >= endS) throw new QueryRefused('page', "Invalid 'page'.");
  return at;
}

function wholeOf(name: string, text: string): number {
  if (/^\d{1,12}$/.test(text)) return Number(text);
  throw new QueryRefused(name, `Invalid type for '${name}': expected an integer, but got '${text.slice(0, 40)}'.`);
}

function invalid(name: string, value: string, allowed: string): QueryRefused {
  return new QueryRefused(name, `Invalid value for '${name}': '${value.slice(0, 40)}'. Supported: ${allowed}.`);
}
