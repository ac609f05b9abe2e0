import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { at, type WireClient, type WireEvent } from './support/client.js';
import { appends, speech } from './support/speech.js';
import { CALM, harness, MANUAL, update, userText, type Harness } from './support/harness.js';

/** The machine may be busy; nothing here takes long by itself. */
jest.setTimeout(20_000);

let run: Harness;
afterEach(() => run.stop());

const WEATHER = {
  type: 'function',
  name: 'get_weather',
  parameters: {
    type: 'object',
    properties: { city: { type: 'string' }, days: { type: 'integer' }, unit: { enum: ['celsius', 'fahrenheit'] } },
  },
};

async function textSession(config = {}): Promise<WireClient> {
  run = await harness(config);
  const client = await run.open();
  client.send(CALM);
  await client.event('session.updated');
  return client;
}

async function answer(client: WireClient, response: object = {}): Promise<WireEvent> {
  const before = client.all('response.done').length;
  client.send({ type: 'response.create', response });
  return client.event('response.done', before + 1);
}

function audioOf(client: WireClient): Buffer {
  const deltas = client.all('response.output_audio.delta').map((event) => Buffer.from(String(event.delta), 'base64'));
  return Buffer.concat(deltas);
}

describe('answers', () => {
  test('are the same for the same conversation and seed, in any session', async () => {
    const client = await textSession();
    client.send(userText('Tell me about trains.'));
    const first = at(await answer(client), 'response.output.0.content.0.text');
    const other = await run.open();
    other.send(CALM);
    other.send(userText('Tell me about trains.'));
    expect(at(await answer(other), 'response.output.0.content.0.text')).toBe(first);
  });

  test('echo their metadata in response.created and response.done', async () => {
    const client = await textSession();
    const metadata = { client_event_id: 'x1' };
    const done = await answer(client, { metadata });
    expect(at(done, 'response.metadata')).toEqual(metadata);
    expect(at(client.all('response.created')[0], 'response.metadata')).toEqual(metadata);
  });

  test('speak in whole words: the transcript is the sum of its deltas', async () => {
    run = await harness();
    const client = await run.open();
    client.send(MANUAL);
    client.send(userText('Hello.'));
    await answer(client);
    const words = client.all('response.output_audio_transcript.delta').map((event) => event.delta);
    const [done] = client.all('response.output_audio_transcript.done');
    expect(words.join('')).toBe(done?.transcript);
  });

  test.each([
    ['audio/pcm', 48],
    ['audio/pcmu', 8],
    ['audio/pcma', 8],
  ])('speak %s and bill one token per started 50 ms of it', async (format, bytesPerMs) => {
    run = await harness();
    const client = await run.open();
    client.send(update({ audio: { input: { turn_detection: null }, output: { format: { type: format } } } }));
    client.send(userText('Hello.'));
    const done = await answer(client);
    const ms = audioOf(client).length / bytesPerMs;
    expect(ms).toBeGreaterThan(1000);
    expect(at(done, 'response.usage.output_token_details.audio_tokens')).toBe(Math.ceil(ms / 50));
  });

  test('have exactly the number and size of deltas asked for', async () => {
    run = await harness({ reply: { deltas: 25, deltaBytes: 16_384 } });
    const client = await run.open();
    client.send(MANUAL);
    await answer(client);
    const sizes = client.all('response.output_audio.delta').map((event) => String(event.delta).length);
    expect(sizes).toEqual(Array.from({ length: 25 }, () => 16_384));
  });

  test('last exactly as long as asked for', async () => {
    run = await harness({ reply: { audioMs: 7000 } });
    const client = await run.open();
    client.send(MANUAL);
    await answer(client);
    expect(audioOf(client)).toHaveLength(7000 * 48);
  });

  test('stop at max_output_tokens as incomplete, with exactly that many tokens in audio', async () => {
    run = await harness({ reply: { audioMs: 7000 } });
    const client = await run.open();
    client.send(MANUAL);
    const done = await answer(client, { max_output_tokens: 24 });
    expect(at(done, 'response.status_details')).toEqual({ type: 'incomplete', reason: 'max_output_tokens' });
    expect(at(done, 'response.usage.output_tokens')).toBe(24);
    expect(at(done, 'response.output.0.status')).toBe('incomplete');
  });
});

describe('one response at a time', () => {
  test('a second one is refused and names the first', async () => {
    const client = await textSession({ latency: { firstDeltaMs: 60_000 } });
    client.send({ type: 'response.create' });
    client.send({ type: 'response.create', event_id: 'second' });
    const active = String(at(await client.event('response.created'), 'response.id'));
    const error = at(await client.event('error'), 'error');
    expect(at(error, 'code')).toBe('conversation_already_has_active_response');
    expect(at(error, 'message')).toContain(active);
    expect(at(error, 'event_id')).toBe('second');
  });

  test('out-of-band ones run beside it and leave the conversation alone', async () => {
    const client = await textSession({ latency: { firstDeltaMs: 60_000 } });
    client.send({ type: 'response.create' });
    await client.event('response.created');
    run.simulator.configure({ latency: { firstDeltaMs: 1 } });
    const done = await answer(client, { conversation: 'none', input: [] });
    expect(at(done, 'response.conversation_id')).toBeNull();
    expect(client.all('conversation.item.added')).toHaveLength(0);
  });

  test('cancelled before its first output bills the input and no output', async () => {
    const client = await textSession({ latency: { firstDeltaMs: 60_000 } });
    client.send({ type: 'response.create' });
    client.send({ type: 'response.cancel' });
    const done = await client.event('response.done');
    expect(at(done, 'response.status_details')).toEqual({ type: 'cancelled', reason: 'client_cancelled' });
    expect(at(done, 'response.output')).toEqual([]);
    expect(at(done, 'response.usage.output_tokens')).toBe(0);
    expect(Number(at(done, 'response.usage.input_tokens'))).toBeGreaterThan(0);
  });

  test('cancelled while speaking bills what was generated until the stop', async () => {
    run = await harness({ reply: { audioSpeed: 1, audioMs: 60_000 } });
    const client = await run.open();
    client.send(MANUAL);
    client.send({ type: 'response.create' });
    await client.event('response.output_audio.delta', 2);
    client.send({ type: 'response.cancel' });
    const done = await client.event('response.done');
    const ms = audioOf(client).length / 48;
    expect(at(done, 'response.usage.output_token_details.audio_tokens')).toBe(Math.ceil(ms / 50));
    expect(ms).toBeLessThan(10_000);
  });

  test('an out-of-band one is cancelled by its id', async () => {
    const client = await textSession({ latency: { firstDeltaMs: 60_000 } });
    client.send({ type: 'response.create', response: { conversation: 'none' } });
    const id = at(await client.event('response.created'), 'response.id');
    client.send({ type: 'response.cancel' });
    expect(at(await client.event('error'), 'error.code')).toBe('response_cancel_not_active');
    client.send({ type: 'response.cancel', response_id: id });
    expect(at(await client.event('response.done'), 'response.status')).toBe('cancelled');
  });
});

describe('function calls', () => {
  test('come when the user mentions a part of the tool name, with arguments from the text', async () => {
    const client = await textSession();
    client.send(update({ tools: [WEATHER] }));
    client.send(userText('What will the weather be in Oslo for 3 days in celsius?'));
    const call = at(await answer(client), 'response.output.0');
    expect(at(call, 'type')).toBe('function_call');
    expect(JSON.parse(String(at(call, 'arguments')))).toEqual({ city: 'Oslo', days: 3, unit: 'celsius' });
  });

  test('do not come when nothing mentions the tool, nor with tool_choice none', async () => {
    const client = await textSession();
    client.send(update({ tools: [WEATHER] }));
    client.send(userText('Hello there.'));
    expect(at(await answer(client), 'response.output.0.type')).toBe('message');
    client.send(userText('And the weather?'));
    expect(at(await answer(client, { tool_choice: 'none' }), 'response.output.0.type')).toBe('message');
  });

  test('come when they are required or forced', async () => {
    const client = await textSession();
    client.send(update({ tools: [WEATHER] }));
    client.send(userText('Hello there.'));
    expect(at(await answer(client, { tool_choice: 'required' }), 'response.output.0.type')).toBe('function_call');
    const forced = { type: 'function', name: 'get_weather' };
    expect(at(await answer(client, { tool_choice: forced }), 'response.output.0.name')).toBe('get_weather');
  });

  test('come from a spoken question too', async () => {
    run = await harness();
    const client = await run.open();
    const tools = [{ type: 'function', name: 'look_up_invoice', parameters: { type: 'object', properties: {} } }];
    client.send(update({ tools, audio: { input: { turn_detection: null } } }));
    for (const append of appends(speech('invoice'))) client.send(append);
    client.send({ type: 'input_audio_buffer.commit' });
    expect(at(await answer(client), 'response.output.0.name')).toBe('look_up_invoice');
  });
});

describe('responses that fail', () => {
  test('because the model is not granted: the session opens, the response says so', async () => {
    run = await harness({ models: [{ id: 'gpt-listed', granted: false }] });
    const client = await run.open('?model=gpt-listed');
    const done = await answer(client);
    expect(at(done, 'response.status_details.error.code')).toBe('model_not_found');
    expect(at(done, 'response.usage.total_tokens')).toBe(0);
  });

  test('because of tokens per minute: the exact message, zeros, and no error event', async () => {
    const client = await textSession({ tokensPerMinute: { '*': 100 } });
    client.send(userText('x'.repeat(400)));
    const done = await answer(client);
    expect(at(done, 'response.status_details.error.message')).toMatch(
      /^Rate limit reached for gpt-realtime \(for limit gpt-4o-realtime\) in organization org-EXAMPLE on tokens per min \(TPM\): Limit 100, Used 0, Requested \d+\. Please try again in [\dm.]+s\. Visit https:\/\/platform\.openai\.com\/account\/rate-limits to learn more\.$/,
    );
    expect(at(done, 'response.usage.input_tokens')).toBe(0);
    expect(client.all('error')).toHaveLength(0);
  });

  test('because the conversation is too long and truncation is disabled', async () => {
    const client = await textSession({ models: [{ id: 'gpt-realtime', contextTokens: 200 }] });
    client.send(update({ truncation: 'disabled' }));
    client.send(userText('x'.repeat(2000)));
    expect(at(await answer(client), 'response.status')).toBe('failed');
  });
});

describe('the prompt', () => {
  test('is billed again each turn, its unchanged front as cached tokens', async () => {
    const client = await textSession();
    client.send(userText('One.'));
    const first = at(await answer(client), 'response.usage');
    client.send(userText('Two.'));
    const second = at(await answer(client), 'response.usage');
    const carried = Number(at(first, 'total_tokens'));
    expect(at(first, 'input_token_details.cached_tokens')).toBe(0);
    expect(at(second, 'input_tokens')).toBe(carried + 1);
    expect(at(second, 'input_token_details.cached_tokens')).toBe(carried - (carried % 64));
  });

  test('loses its cache when the instructions change', async () => {
    const client = await textSession();
    await answer(client);
    client.send(update({ instructions: 'Something else entirely, from the first word on. '.repeat(10) }));
    expect(at(await answer(client), 'response.usage.input_token_details.cached_tokens')).toBe(0);
  });

  test('leaves out the oldest items when it outgrows the context', async () => {
    const client = await textSession({ models: [{ id: 'gpt-realtime', contextTokens: 300 }] });
    for (let turn = 0; turn < 5; turn++) client.send(userText('x'.repeat(400)));
    const done = await answer(client);
    expect(at(done, 'response.status')).toBe('completed');
    expect(Number(at(done, 'response.usage.input_tokens'))).toBeLessThanOrEqual(300);
  });

  test('counts images by their detail', async () => {
    const client = await textSession();
    const part = (detail: string): object => ({
      type: 'input_image',
      image_url: 'data:image/png;base64,iVBORw==',
      detail,
    });
    const content = [part('low'), part('high')];
    client.send({ type: 'conversation.item.create', item: { type: 'message', role: 'user', content } });
    expect(at(await answer(client), 'response.usage.input_token_details.image_tokens')).toBe(85 + 255);
  });

  test('of an out-of-band response may refer to items, and refuses unknown ones', async () => {
    const client = await textSession();
    client.send(userText('x'.repeat(40), 'item_a'));
    const input = [{ type: 'item_reference', id: 'item_a' }];
    const done = await answer(client, { conversation: 'none', input, instructions: '' });
    expect(at(done, 'response.usage.input_tokens')).toBe(10);
    client.send({ type: 'response.create', response: { input: [{ type: 'item_reference', id: 'item_b' }] } });
    expect(at(await client.event('error'), 'error.param')).toBe('response.input');
  });
});
