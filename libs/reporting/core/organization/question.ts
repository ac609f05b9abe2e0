// A question about usage or costs as OpenAI's admin API takes it, read from its query. Guarantees that an accepted question
// is within OpenAI's limits, and that a refusal names the parameter; who asks, and what they may see, is for others.
import { err, ok, type Refusal, type Result } from '@trunkline/kernel';

/** What can be asked: `/v1/organization/usage/<name>`, and `/v1/organization/costs`. */
export const ORGANIZATION_TOPICS = ['completions', 'audio_transcriptions', 'audio_speeches', 'costs'] as const;
export type OrganizationTopic = (typeof ORGANIZATION_TOPICS)[number];

/** How wide a bucket is. */
export type BucketWidth = '1m' | '1h' | '1d';

/** By what results are told apart, and what may narrow them; of `line_item`, costs only. */
export type GroupName =
  'project_id' | 'user_id' | 'api_key_id' | 'model' | 'batch' | 'service_tier' | 'api_source' | 'line_item';

/** An accepted question about `[startS, endS)`, Unix seconds. */
export interface OrganizationQuestion {
  readonly topic: OrganizationTopic;
  readonly startS: number;
  readonly endS: number;
  readonly width: BucketWidth;
  /** Buckets on a page. */
  readonly limit: number;
  readonly groupBy: ReadonlySet<GroupName>;
  /** Values that are wanted; what is not named is not narrowed. */
  readonly wanted: ReadonlyMap<GroupName, ReadonlySet<string>>;
  readonly batch: boolean | null;
}

/** Seconds in a bucket. */
export const WIDTH_S: Readonly<Record<BucketWidth, number>> = { '1m': 60, '1h': 3_600, '1d': 86_400 };

const MINUTE_S = 60;
const [LIMIT_COSTS_DEFAULT, LIMIT_COSTS_MAX] = [7, 180];
const LIMITS: Readonly<Record<BucketWidth, readonly [number, number]>> = {
  '1m': [60, 1_440],
  '1h': [24, 168],
  '1d': [7, 31],
};
const ALWAYS: readonly GroupName[] = ['project_id', 'user_id', 'api_key_id'];
const GROUPS: Readonly<Record<OrganizationTopic, readonly GroupName[]>> = {
  completions: [...ALWAYS, 'model', 'batch', 'service_tier', 'api_source'],
  audio_transcriptions: [...ALWAYS, 'model'],
  audio_speeches: [...ALWAYS, 'model'],
  costs: [...ALWAYS, 'line_item', 'api_source'],
};
const FILTERS: Readonly<Record<string, GroupName>> = {
  project_ids: 'project_id',
  user_ids: 'user_id',
  api_key_ids: 'api_key_id',
  models: 'model',
  line_items: 'line_item',
};
const OF_USAGE = ['project_ids', 'user_ids', 'api_key_ids', 'models'];
const FILTERS_OF: Readonly<Record<OrganizationTopic, readonly string[]>> = {
  completions: OF_USAGE,
  audio_transcriptions: OF_USAGE,
  audio_speeches: OF_USAGE,
  costs: ['project_ids', 'api_key_ids', 'line_items'],
};
const SINGLE = ['start_time', 'end_time', 'bucket_width', 'limit', 'page'];
const VALUES_MAX = 500;
const PAGE = /^page_(\d{1,12})$/;

/** Reads the query. @param nowS the end when none is given, Unix seconds. */
export function readQuestion(
  topic: OrganizationTopic,
  query: URLSearchParams,
  nowS: number,
): Result<OrganizationQuestion, Refusal> {
  const unfit = unfitName(topic, query);
  if (unfit !== null) return unfit;
  const width = readWidth(topic, query.get('bucket_width'));
  if (!width.ok) return width;
  const range = readRange(query, nowS);
  if (!range.ok) return range;
  const limit = readLimit(topic, width.value, query.get('limit'));
  if (!limit.ok) return limit;
  const narrowed = readLists(topic, query);
  if (!narrowed.ok) return narrowed;
  const batch = query.get('batch');
  if (batch !== null && batch !== 'true' && batch !== 'false') return invalid('batch', batch, 'true, false');
  return ok({
    topic,
    ...range.value,
    width: width.value,
    limit: limit.value,
    ...narrowed.value,
    batch: batch === null ? null : batch === 'true',
  });
}

// A filter that a topic does not have would be taken for one that found everything, or nothing. Lists come as
// `group_by[]=a&group_by[]=b` from OpenAI's packages and as `group_by=a&group_by=b` from curl.
function unfitName(topic: OrganizationTopic, query: URLSearchParams): Result<never, Refusal> | null {
  const single = topic === 'completions' ? [...SINGLE, 'batch'] : SINGLE;
  const many = ['group_by', ...FILTERS_OF[topic]];
  for (const name of new Set(query.keys())) {
    if (single.includes(name)) {
      if (query.getAll(name).length > 1) return refused(name, `Invalid '${name}': it was given more than once.`);
      continue;
    }
    const listed = name.replace(/\[\]$/, '');
    if (!many.includes(listed)) return refused(listed, `Unknown parameter: '${printable(listed)}'.`);
  }
  return null;
}

/** The cursor of the page that begins with a bucket. Nothing in it is secret: it is a time. */
export function pageFrom(startS: number): string {
  return `page_${startS}`;
}

function readWidth(topic: OrganizationTopic, text: string | null): Result<BucketWidth, Refusal> {
  const width = text ?? '1d';
  if (width === '1d' || (topic !== 'costs' && (width === '1m' || width === '1h'))) return ok(width);
  return invalid('bucket_width', width, topic === 'costs' ? '1d' : '1m, 1h, 1d');
}

function readRange(query: URLSearchParams, nowS: number): Result<{ startS: number; endS: number }, Refusal> {
  const startText = query.get('start_time');
  if (startText === null) return refused('start_time', "Missing required parameter: 'start_time'.");
  const start = whole('start_time', startText);
  if (!start.ok) return start;
  const end = whole('end_time', query.get('end_time') ?? String(nowS));
  if (!end.ok) return end;
  if (end.value <= start.value) return refused('end_time', "Invalid 'end_time': it must be after 'start_time'.");
  const startS = Math.floor(start.value / MINUTE_S) * MINUTE_S;
  const page = query.get('page');
  if (page === null) return ok({ startS, endS: end.value });
  const at = Number(PAGE.exec(page)?.[1] ?? Number.NaN);
  if (at >= startS && at < end.value) return ok({ startS: at, endS: end.value });
  return refused('page', "Invalid 'page': use the 'next_page' of an answer to the same question.");
}

function readLimit(topic: OrganizationTopic, width: BucketWidth, text: string | null): Result<number, Refusal> {
  const [fallback, max] = topic === 'costs' ? [LIMIT_COSTS_DEFAULT, LIMIT_COSTS_MAX] : LIMITS[width];
  const limit = whole('limit', text ?? String(fallback));
  if (!limit.ok || (limit.value >= 1 && limit.value <= max)) return limit;
  return invalid('limit', String(limit.value), `1 to ${max} with bucket_width ${width}`);
}

function readLists(
  topic: OrganizationTopic,
  query: URLSearchParams,
): Result<Pick<OrganizationQuestion, 'groupBy' | 'wanted'>, Refusal> {
  const listed = (name: string): string[] => [...query.getAll(`${name}[]`), ...query.getAll(name)];
  const groupBy = new Set<GroupName>();
  for (const text of listed('group_by')) {
    const name = GROUPS[topic].find((known) => known === text);
    if (name === undefined) return invalid('group_by', text, GROUPS[topic].join(', '));
    groupBy.add(name);
  }
  const wanted = new Map<GroupName, ReadonlySet<string>>();
  for (const [filter, name] of Object.entries(FILTERS)) {
    const values = listed(filter);
    if (values.length > VALUES_MAX) return refused(filter, `Too many values in '${filter}': at most ${VALUES_MAX}.`);
    if (values.length > 0) wanted.set(name, new Set(values));
  }
  return ok({ groupBy, wanted });
}

function whole(name: string, text: string): Result<number, Refusal> {
  if (/^\d{1,12}$/.test(text)) return ok(Number(text));
  return refused(name, `Invalid type for '${name}': expected an integer, but got '${printable(text)}'.`);
}

function invalid(param: string, value: string, allowed: string): Result<never, Refusal> {
  return refused(param, `Invalid value for '${param}': '${printable(value)}'. Supported: ${allowed}.`);
}

function refused(param: string, message: string): Result<never, Refusal> {
  return err({ code: 'invalid_request', message, param: printable(param) });
}

function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?').slice(0, 60);
}
