import { parseAmount, ZERO, type AmountPico } from '@trunkline/kernel';
import { organizationPage, type OrganizationRows } from './page.js';
import { readQuestion, type OrganizationQuestion, type OrganizationTopic } from './question.js';

const usd = (text: string): AmountPico => parseAmount(text) ?? ZERO;
const ask = (topic: OrganizationTopic, query: string): OrganizationQuestion => {
  const question = readQuestion(topic, new URLSearchParams(query), 10 * 86_400);
  if (!question.ok) throw new Error(question.error.message);
  return question.value;
};
const row = (meter: string, tokens: number, charge: string, model = 'gpt-realtime') => ({
  bucketS: 86_400,
  tenantId: 'tnt_1',
  keyId: 'key_1',
  model,
  meter,
  quantityMicro: BigInt(tokens) * 1_000_000n,
  charge: usd(charge),
  events: 1,
});
const ROWS: OrganizationRows = {
  used: [
    row('input_text', 100, '0.0004'),
    row('input_audio', 30, '0.00096'),
    row('input_audio_cached', 64, '0.0000256'),
    row('output_audio', 50, '0.0032'),
    row('transcription_seconds', 9, '0.0009', 'whisper-1'),
  ],
  requests: [
    { ...row('input_audio', 0, '0'), events: 2 },
    { ...row('transcription_seconds', 0, '0', 'whisper-1'), events: 3 },
  ],
};
const DAY = 'start_time=86400&end_time=172800';
const only = (topic: OrganizationTopic, query: string) =>
  organizationPage(ask(topic, query), ROWS).data[0]?.results ?? [];

describe('an answer in OpenAI’s shape', () => {
  it('counts cached tokens apart from uncached ones, and both as input', () => {
    expect(only('completions', DAY)).toEqual([
      expect.objectContaining({
        object: 'organization.usage.completions.result',
        num_model_requests: 2,
        input_tokens: 194,
        input_uncached_tokens: 130,
        input_cached_tokens: 64,
        input_text_tokens: 100,
        input_audio_tokens: 30,
        input_cached_audio_tokens: 64,
        output_tokens: 50,
        output_audio_tokens: 50,
        model: null,
        project_id: null,
        api_key_id: null,
      }),
    ]);
  });

  it('has tokens that were written to the cache among the uncached ones and apart, and nothing that no meter tells', () => {
    const used = [row('input_text', 100, '0.0004'), row('input_text_cache_written', 40, '0.0002')];
    const [bucket] = organizationPage(ask('completions', DAY), { used, requests: [] }).data;
    expect(bucket?.results).toEqual([
      expect.objectContaining({ input_tokens: 140, input_uncached_tokens: 140, input_cache_write_tokens: 40 }),
    ]);
    expect(Object.keys(bucket?.results[0] ?? {})).not.toContain('input_cache_write_30m_tokens');
  });

  it('has seconds under transcriptions and nowhere else', () => {
    expect(only('audio_transcriptions', `${DAY}&group_by[]=model`)).toEqual([
      expect.objectContaining({ seconds: 9, num_model_requests: 3, model: 'whisper-1' }),
    ]);
    expect(only('audio_speeches', DAY)).toEqual([]);
  });

  it('names costs by line item, with a number for OpenAI’s shape and the exact amount beside it', () => {
    const items = only('costs', `${DAY}&group_by=line_item&group_by=project_id`);
    expect(items).toHaveLength(5);
    expect(items).toContainEqual({
      object: 'organization.costs.result',
      amount: { value: 0.0000256, currency: 'usd', value_decimal: '0.0000256' },
      line_item: 'gpt-realtime, cached_audio_input_tokens',
      project_id: 'tnt_1',
      user_id: null,
      api_key_id: null,
      api_source: null,
      quantity: 64,
      quantity_unit: 'tokens',
    });
    expect(only('costs', DAY)).toEqual([
      expect.objectContaining({
        amount: { value: 0.0054856, currency: 'usd', value_decimal: '0.0054856' },
        quantity: null,
      }),
    ]);
  });

  it('finds nothing under an id of somebody else, a user or a batch', () => {
    for (const filter of ['project_ids[]=tnt_2', 'api_key_ids[]=key_2', 'user_ids[]=u', 'batch=true'])
      expect(only('completions', `${DAY}&${filter}`)).toEqual([]);
    expect(only('completions', `${DAY}&project_ids[]=tnt_1&api_key_ids=key_1&models=gpt-realtime`)).toHaveLength(1);
  });

  it('covers the range with buckets cut at midnight, page after page, without gap or overlap', () => {
    const query = 'start_time=86461&end_time=400000&limit=2';
    const spans: number[][] = [];
    let page: string | null = '';
    while (page !== null) {
      const answer = organizationPage(ask('costs', page === '' ? query : `${query}&page=${page}`), ROWS);
      spans.push(...answer.data.map((bucket) => [bucket.start_time, bucket.end_time]));
      page = answer.next_page;
    }
    expect(spans).toEqual([
      [86_460, 172_800],
      [172_800, 259_200],
      [259_200, 345_600],
      [345_600, 400_000],
    ]);
  });
});

describe('a question', () => {
  it.each([
    ['completions', '', '1d', 7],
    ['completions', '&bucket_width=1h', '1h', 24],
    ['audio_speeches', '&bucket_width=1m', '1m', 60],
    ['audio_transcriptions', '&bucket_width=1m&limit=1440', '1m', 1_440],
    ['costs', '', '1d', 7],
    ['costs', '&limit=180&line_items[]=gpt-realtime, input_tokens', '1d', 180],
  ] as const)('about %s with "%s" has buckets of %s, %i on a page', (topic, query, width, limit) => {
    expect(ask(topic, `start_time=0${query}`)).toMatchObject({ width, limit });
  });

  it('is the same with lists as packages and as people write them', () => {
    const packaged = ask('completions', 'start_time=0&group_by[]=model&group_by[]=project_id&models[]=a&models[]=b');
    expect(ask('completions', 'start_time=0&group_by=model&group_by=project_id&models=a&models=b')).toEqual(packaged);
  });

  it.each([
    ['completions', '', 'start_time'],
    ['completions', 'start_time=1e3', 'start_time'],
    ['completions', 'start_time=100&end_time=100', 'end_time'],
    ['completions', 'start_time=0&limit=32', 'limit'],
    ['completions', 'start_time=0&bucket_width=1h&limit=169', 'limit'],
    ['completions', 'start_time=0&group_by=line_item', 'group_by'],
    ['completions', 'start_time=0&batch=maybe', 'batch'],
    ['audio_speeches', 'start_time=0&group_by=batch', 'group_by'],
    ['costs', 'start_time=0&bucket_width=1h', 'bucket_width'],
    ['costs', 'start_time=0&limit=181', 'limit'],
    ['costs', 'start_time=0&page=page_abc', 'page'],
    ['costs', 'start_time=0&project_id=tnt_1', 'project_id'],
    ['costs', 'start_time=0&models[]=gpt-realtime', 'models'],
    ['costs', 'start_time=0&user_ids=u', 'user_ids'],
    ['costs', 'start_time=0&batch=true', 'batch'],
    ['completions', 'start_time=0&line_items[]=x', 'line_items'],
    ['audio_transcriptions', 'start_time=0&batch=false', 'batch'],
    ['audio_speeches', 'start_time=0&group_by[]=service_tier', 'group_by'],
    ['completions', 'start_time=0&start_time=60', 'start_time'],
    ['completions', 'start_time=-60', 'start_time'],
    ['completions', 'start_time=0&limit=0', 'limit'],
    ['completions', 'start_time=0&bucket_width=1m&limit=1441', 'limit'],
    ['completions', 'start_time=0&bucket_width=1w', 'bucket_width'],
    ['completions', 'start_time=600&page=page_60', 'page'],
  ] as const)('about %s with "%s" is refused for its %s', (topic, query, param) => {
    expect(readQuestion(topic, new URLSearchParams(query), 1_000)).toMatchObject({
      ok: false,
      error: { code: 'invalid_request', param },
    });
  });
});
