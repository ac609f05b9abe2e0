// The organization's usage and cost answers, as the official client reads them, against the simulator's other books.
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import OpenAI from 'openai';
import {
  apiKeyIdOf,
  startSimulator,
  type Simulator,
  type SimulatorConfigInput,
} from '../../../apps/simulator/index.js';
import { UsageTally } from '../../../apps/simulator/organization/tally.js';
import { clockFrom } from '../../support/other-date.js';
import { connect } from './support/client.js';
import { CALM, userText } from './support/harness.js';

jest.setTimeout(30_000);

const KEY = 'sk-simulator';
const HOUR_S = 3_600;
const DAY_S = 86_400;
// 2026-11-20T00:00:00Z.
const MIDNIGHT_S = 1_795_132_800;

let simulator: Simulator | null = null;
afterEach(async () => {
  await simulator?.close();
  simulator = null;
});

/** A simulator whose clock runs as ours does, but tells another date. */
async function startAt(epochS: number, config: SimulatorConfigInput = {}): Promise<Simulator> {
  const latency = { firstEventMs: 0, firstDeltaMs: 1, textDeltaMs: 0, rateLimitsMs: 1, ...config.latency };
  simulator = await startSimulator({ clock: clockFrom(epochS * 1000), config: { ...config, latency } });
  return simulator;
}

async function textTurns(turns: number, model = 'gpt-realtime'): Promise<void> {
  const client = await connect(`${simulator?.wsUrl ?? ''}?model=${model}`);
  await client.event('session.created');
  client.send(CALM);
  for (let turn = 0; turn < turns; turn++) {
    const before = client.events.length;
    client.send(userText(`Turn ${turn}: tell me about the weather.`));
    client.send({ type: 'response.create' });
    await client.until(() => client.events.slice(before).find(({ type }) => type === 'response.done'), 'response.done');
  }
  client.socket.close();
}

function usage() {
  const client = new OpenAI({ adminAPIKey: 'sk-admin-simulator', apiKey: null, baseURL: `${simulator?.httpUrl}/v1` });
  return client.admin.organization.usage;
}

/** OpenAI's own result types are one union; what a completions answer holds is this. */
interface Completions {
  readonly model: string | null;
  readonly api_key_id: string | null;
  readonly input_tokens: number;
  readonly input_cached_tokens: number;
  readonly input_uncached_tokens: number;
  readonly input_text_tokens: number;
  readonly input_cached_text_tokens: number;
  readonly output_tokens: number;
  readonly num_model_requests: number;
}
const completions = (results: readonly object[]) => results as readonly Completions[];

describe('usage of completions', () => {
  test('is what the responses reported, with cached tokens taken out of each modality', async () => {
    const { books } = await startAt(MIDNIGHT_S + HOUR_S, { reply: { audioSpeed: 1000 } });
    await textTurns(4);
    const reported = books.list().flatMap(({ responses }) => responses.map((each) => each.usage));
    const sum = (of: (each: NonNullable<(typeof reported)[number]>) => number) =>
      reported.reduce((total, each) => total + (each === null ? 0 : of(each)), 0);
    const query = {
      start_time: MIDNIGHT_S,
      end_time: MIDNIGHT_S + DAY_S,
      group_by: ['model' as const, 'api_key_id' as const],
    };
    const page = await usage().completions(query);
    expect(page).toMatchObject({ object: 'page', has_more: false, next_page: null });
    expect(page.data).toHaveLength(1);
    const [result] = completions(page.data[0]?.results ?? []);
    const cached = sum((each) => each.input_token_details.cached_tokens);
    expect(cached).toBeGreaterThan(0);
    expect(result).toMatchObject({
      object: 'organization.usage.completions.result',
      model: 'gpt-realtime',
      api_key_id: apiKeyIdOf(KEY),
      project_id: null,
      num_model_requests: 4,
      input_tokens: sum((each) => each.input_tokens),
      input_cached_tokens: cached,
      input_uncached_tokens: sum((each) => each.input_tokens) - cached,
      input_text_tokens: sum((each) => each.input_token_details.text_tokens) - cached,
      input_cached_text_tokens: cached,
      input_audio_tokens: 0,
      output_tokens: sum((each) => each.output_tokens),
    });
  });

  test('comes in pages of buckets cut at UTC boundaries, empty ones included', async () => {
    await startAt(MIDNIGHT_S + 90);
    await textTurns(1);
    const query = { start_time: MIDNIGHT_S - 1800, end_time: MIDNIGHT_S + 1.5 * HOUR_S, bucket_width: '1h' as const };
    const first = await usage().completions({ ...query, limit: 2 });
    expect(first.data.map(({ start_time, end_time, results }) => [start_time, end_time, results.length])).toEqual([
      [MIDNIGHT_S - 1800, MIDNIGHT_S, 0],
      [MIDNIGHT_S, MIDNIGHT_S + HOUR_S, 1],
    ]);
    expect(first.has_more).toBe(true);
    const second = await usage().completions({ ...query, limit: 2, page: first.next_page ?? '' });
    expect(second).toMatchObject({
      data: [{ start_time: MIDNIGHT_S + HOUR_S, end_time: MIDNIGHT_S + 1.5 * HOUR_S, results: [] }],
      has_more: false,
      next_page: null,
    });
  });

  test('filters: what is not asked for is not in it', async () => {
    await startAt(MIDNIGHT_S + 90);
    await textTurns(1);
    const query = { start_time: MIDNIGHT_S, end_time: MIDNIGHT_S + DAY_S };
    const results = async (filter: object) => (await usage().completions({ ...query, ...filter })).data[0]?.results;
    expect(await results({ models: ['gpt-realtime'] })).toHaveLength(1);
    expect(await results({ models: ['gpt-realtime-2'] })).toEqual([]);
    expect(await results({ api_key_ids: ['key_of_somebody_else'] })).toEqual([]);
    expect(await results({ user_ids: ['user_1'] })).toEqual([]);
    expect(await results({ batch: true })).toEqual([]);
  });

  test.each([
    [{}, 'start_time'],
    [{ start_time: 'now' }, 'start_time'],
    [{ start_time: 10, end_time: 5 }, 'end_time'],
    [{ start_time: 0, bucket_width: '1w' }, 'bucket_width'],
    [{ start_time: 0, limit: 32 }, 'limit'],
    [{ start_time: 0, bucket_width: '1h', limit: 169 }, 'limit'],
    [{ start_time: 0, group_by: ['line_item'] }, 'group_by'],
    [{ start_time: 0, page: 'page_x' }, 'page'],
  ])('refuses %j and names %s', async (query, param) => {
    await startAt(MIDNIGHT_S);
    const asked = usage().completions(query as never);
    await expect(asked).rejects.toMatchObject({ status: 400, param, type: 'invalid_request_error' });
  });

  test('is for admin keys only', async () => {
    const { httpUrl } = await startAt(MIDNIGHT_S);
    const status = async (key: string) => {
      const headers = { authorization: `Bearer ${key}` };
      return (await fetch(`${httpUrl}/v1/organization/costs?start_time=0`, { headers })).status;
    };
    expect([await status('sk-admin-simulator'), await status(KEY), await status('sk-x')]).toEqual([200, 403, 401]);
  });
});

describe('costs', () => {
  const costs = async (query: object = {}) => {
    const range = { start_time: MIDNIGHT_S, end_time: MIDNIGHT_S + DAY_S, group_by: ['line_item' as const] };
    const page = await usage().costs({ ...range, ...query });
    return page.data[0]?.results as { amount: { value: number }; line_item: string; quantity: number }[];
  };

  test('are quantity times list price, by line item', async () => {
    await startAt(MIDNIGHT_S + HOUR_S);
    await textTurns(1);
    const output = (await costs()).find(({ line_item }) => line_item === 'gpt-realtime, output_tokens');
    expect(output).toMatchObject({ object: 'organization.costs.result', quantity_unit: 'tokens' });
    expect(output?.quantity).toBeGreaterThan(0);
    expect(output?.amount).toEqual({ value: ((output?.quantity ?? 0) * 16) / 1e6, currency: 'usd' });
  });

  test('show each discrepancy that is asked for, and nothing else changes', async () => {
    await startAt(MIDNIGHT_S + HOUR_S);
    await textTurns(1);
    const honest = await costs();
    simulator?.configure({ organization: { lineItems: [{ at: MIDNIGHT_S, name: 'web search, calls', usd: '2.5' }] } });
    const withItem = await costs();
    expect(withItem.filter(({ line_item }) => line_item !== 'web search, calls')).toEqual(honest);
    expect(withItem.find(({ line_item }) => line_item === 'web search, calls')?.amount.value).toBe(2.5);
    simulator?.configure({ organization: { lineItems: [], prices: { 'gpt-realtime': { output_text: '32' } } } });
    for (const [at, item] of (await costs()).entries()) {
      const times = item.line_item === 'gpt-realtime, output_tokens' ? 2 : 1;
      expect(item.amount.value).toBeCloseTo((honest[at]?.amount.value ?? 0) * times, 12);
    }
    const foreign = { at: MIDNIGHT_S, key: KEY, model: 'gpt-realtime-2', counts: { output_text: 1_000_000 } };
    simulator?.configure({ organization: { prices: {}, foreign: [foreign] } });
    expect(await costs()).toEqual([
      ...honest,
      expect.objectContaining({ line_item: 'gpt-realtime-2, output_tokens', amount: { value: 24, currency: 'usd' } }),
    ]);
  });
});

test('a response that straddles midnight is counted where it began when that is asked for', async () => {
  await startAt(MIDNIGHT_S - 1, { organization: { countedAt: 'start' }, latency: { firstDeltaMs: 1200 } });
  await textTurns(1);
  const page = await usage().completions({ start_time: MIDNIGHT_S - DAY_S, end_time: MIDNIGHT_S + DAY_S });
  expect(page.data.map(({ results }) => results.length)).toEqual([1, 0]);
});

test('the sums lose no token to their bound: old minutes become hours, old hours days', () => {
  const tally = new UsageTally(() => 3);
  for (let minute = 0; minute < 600; minute++)
    tally.add({ at: MIDNIGHT_S * 1000 + minute * 60_000, key: 'k', model: 'm', counts: { input_text: minute + 1 } });
  const entries = tally.entries();
  expect(entries.length).toBeLessThanOrEqual(9);
  expect(entries.reduce((sum, { counts }) => sum + (counts.input_text ?? 0), 0)).toBe((600 * 601) / 2);
  expect(entries.reduce((sum, { requests }) => sum + requests, 0)).toBe(600);
});
