import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { startSimulator, type Simulator, type SimulatorConfigInput } from '../../../apps/simulator/index.js';
import { at, connect, type WireEvent } from './support/client.js';
import { shapeOf } from './support/shape.js';
import { conversation, readTrace, replay } from './support/trace.js';

/** Speech takes its time, and the machine may be busy. */
jest.setTimeout(30_000);

let simulator: Simulator;
afterEach(() => simulator.close());

/** Slow enough that an interruption finds the answer still being spoken. */
const SPEAKING: SimulatorConfigInput = {
  latency: { rateLimitsMs: 300, firstDeltaMs: 20 },
  reply: { audioSpeed: 4, audioMs: 3000 },
  transcription: { delayMs: 20, lateEvery: 0 },
};

const CONVERSATIONS = [
  'ga_text_turn',
  'ga_audio_server_vad',
  'ga_manual_commit',
  'ga_interrupt_truncate',
  'ga_response_cancel',
  'ga_function_call',
  'ga_image_input',
  'ga_out_of_band',
] as const;

function modelOf(events: readonly { event: WireEvent }[]): string {
  return String(at(events[0]?.event, 'session.model'));
}

function expectSameShapes(pairs: readonly { traced: WireEvent; seen: WireEvent }[]): void {
  expect(pairs.map(({ seen }) => seen.type)).toEqual(pairs.map(({ traced }) => traced.type));
  for (const { traced, seen } of pairs) expect(shapeOf(seen)).toEqual(shapeOf(traced));
}

function expectSoundUsage(events: readonly WireEvent[]): void {
  for (const event of events.filter(({ type }) => type === 'response.done')) {
    const count = (path: string): number => Number(at(event, `response.usage.${path}`));
    const input = ['text_tokens', 'audio_tokens', 'image_tokens'] as const;
    const sum = input.reduce((total, name) => total + count(`input_token_details.${name}`), 0);
    const cached = input.reduce((total, name) => total + count(`input_token_details.cached_tokens_details.${name}`), 0);
    expect(count('input_tokens')).toBe(sum);
    expect(count('input_token_details.cached_tokens')).toBe(cached);
    expect(count('output_tokens')).toBe(
      count('output_token_details.text_tokens') + count('output_token_details.audio_tokens'),
    );
    expect(count('total_tokens')).toBe(count('input_tokens') + count('output_tokens'));
    for (const name of input) {
      const part = count(`input_token_details.cached_tokens_details.${name}`);
      expect(part).toBeLessThanOrEqual(count(`input_token_details.${name}`));
    }
  }
}

describe('golden traces replay against the simulator with the same events, order and shapes', () => {
  test.each(CONVERSATIONS)('%s', async (name) => {
    simulator = await startSimulator({ config: SPEAKING });
    const trace = readTrace(name);
    const client = await connect(`${simulator.wsUrl}?model=${modelOf(trace)}`);
    const pairs = await replay(trace, client);
    expectSameShapes(pairs);
    const traced = conversation(trace.filter(({ dir }) => dir === 's2c').map(({ event }) => event));
    expect(conversation(client.events).map(({ type }) => type)).toEqual(traced.map(({ type }) => type));
    expectSoundUsage(client.events);
    await client.close();
  });

  test('ga_transcription_session', async () => {
    simulator = await startSimulator({ config: SPEAKING });
    const client = await connect(`${simulator.wsUrl}?intent=transcription`);
    expectSameShapes(await replay(readTrace('ga_transcription_session'), client));
    const deltas = client.all('conversation.item.input_audio_transcription.delta');
    const traced = readTrace('ga_transcription_session')
      .map(({ event }) => event)
      .filter(({ type }) => type === 'conversation.item.input_audio_transcription.delta');
    expect(shapeOf(deltas[0])).toEqual(shapeOf(traced[0]));
    expect(shapeOf(deltas.at(-1))).toEqual(shapeOf(traced.at(-1)));
    await client.close();
  });

  test('ga_errors, with its rate-limited response, expiry and close 1001', async () => {
    const config = { ...SPEAKING, tokensPerMinute: { 'gpt-realtime': 10 }, session: { maxMs: 4000 } };
    simulator = await startSimulator({ config });
    const trace = readTrace('ga_errors');
    const client = await connect(`${simulator.wsUrl}?model=gpt-realtime`);
    expectSameShapes(await replay(trace, client));
    const end = trace.at(-1)?.event;
    expect(await client.closed()).toEqual({ code: at(end, 'code'), reason: at(end, 'reason') });
  });
});

describe('connect failures come after the 101, as one error event and a close', () => {
  const failures = readTrace('connect_failures').map(({ event }) => event);
  const attempts = [
    { what: 'a bad key', query: '?model=gpt-realtime', headers: { Authorization: 'Bearer sk-bad' } },
    { what: 'no model', query: '', headers: {} },
    { what: 'a model that is not realtime', query: '?model=gpt-4o', headers: {} },
    { what: 'the beta header', query: '?model=gpt-realtime', headers: { 'OpenAI-Beta': 'realtime=v1' } },
  ];

  test.each(attempts.map((attempt, index) => ({ ...attempt, index })))('$what', async ({ query, headers, index }) => {
    simulator = await startSimulator();
    const client = await connect(`${simulator.wsUrl}${query}`, { headers });
    const [error, close] = failures.slice(index * 2, index * 2 + 2);
    expect(await client.closed()).toEqual({ code: at(close, 'code'), reason: at(close, 'reason') });
    expect(client.events).toHaveLength(1);
    expect({ ...client.events[0], event_id: '' }).toEqual({ ...error, event_id: '' });
  });

  test('the beta subprotocol is refused like the beta header', async () => {
    simulator = await startSimulator();
    const protocols = ['realtime', 'openai-insecure-api-key.sk-simulator', 'openai-beta.realtime-v1'];
    const client = await connect(`${simulator.wsUrl}?model=gpt-realtime`, { protocols });
    expect((await client.closed()).reason).toBe('invalid_request_error.beta_api_shape_disabled');
  });

  test('an unknown model closes with 4004', async () => {
    simulator = await startSimulator();
    const client = await connect(`${simulator.wsUrl}?model=gpt-nope`);
    expect(await client.closed()).toEqual({ code: 4004, reason: 'invalid_request_error.model_not_found' });
  });

  test('a transcription model in ?model= is refused with its own message', async () => {
    simulator = await startSimulator();
    const client = await connect(`${simulator.wsUrl}?model=gpt-4o-mini-transcribe`);
    await client.closed();
    expect(at(client.events[0], 'error.message')).toBe(
      'Model "gpt-4o-mini-transcribe" is not supported in Realtime API',
    );
  });
});
