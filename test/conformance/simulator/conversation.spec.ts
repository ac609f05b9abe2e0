import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { at, type WireClient } from './support/client.js';
import { CALM, harness, MANUAL, userText, type Harness } from './support/harness.js';
import { appends, speech } from './support/speech.js';

/** The machine may be busy; nothing here takes long by itself. */
jest.setTimeout(20_000);

let run: Harness;
let client: WireClient;
beforeEach(async () => {
  run = await harness();
  client = await run.open();
});
afterEach(() => run.stop());

async function errorFor(event: object): Promise<unknown> {
  client.send(event);
  return at(await client.event('error', client.all('error').length + 1), 'error');
}

async function spokenAnswer(): Promise<string> {
  client.send(MANUAL);
  client.send(userText('Hello.'));
  client.send({ type: 'response.create' });
  return String(at((await client.event('response.output_item.done')).item, 'id'));
}

describe('conversation items', () => {
  test('are appended, put first or put after another, and say what is before them', async () => {
    client.send(userText('b', 'item_b'));
    client.send({ ...userText('a', 'item_a'), previous_item_id: 'root' });
    client.send({ ...userText('c', 'item_c'), previous_item_id: 'item_b' });
    client.send({ ...userText('d', 'item_d'), previous_item_id: '' });
    await client.event('conversation.item.done', 4);
    const places = client.all('conversation.item.added').map((event) => [at(event, 'item.id'), event.previous_item_id]);
    expect(places).toEqual([
      ['item_b', null],
      ['item_a', null],
      ['item_c', 'item_b'],
      ['item_d', 'item_c'],
    ]);
  });

  test('after an unknown item are refused', async () => {
    const error = await errorFor({ ...userText('x'), previous_item_id: 'item_nowhere' });
    expect(at(error, 'code')).toBe('invalid_value');
    expect(at(error, 'param')).toBe('previous_item_id');
  });

  test('with an id already used become a second item behind the first', async () => {
    client.send(userText('one', 'item_same'));
    client.send(userText('two', 'item_same'));
    expect((await client.event('conversation.item.added', 2)).previous_item_id).toBe('item_same');
  });

  test('spoken by the assistant cannot be created', async () => {
    const item = { type: 'message', role: 'assistant', content: [{ type: 'output_audio', transcript: 'Hi' }] };
    expect(at(await errorFor({ type: 'conversation.item.create', item }), 'param')).toBe('item.content');
  });

  test('carry no object key and no audio, except when retrieved', async () => {
    client.send(MANUAL);
    const audio = speech('hear-me');
    for (const append of appends(audio)) client.send(append);
    client.send({ type: 'input_audio_buffer.commit' });
    const added = await client.event('conversation.item.added');
    expect(at(added, 'item.object')).toBeUndefined();
    expect(at(added, 'item.content.0')).toEqual({ type: 'input_audio', transcript: null });
    client.send({ type: 'conversation.item.retrieve', item_id: at(added, 'item.id') });
    const retrieved = await client.event('conversation.item.retrieved');
    expect(at(retrieved, 'item.object')).toBe('realtime.item');
    expect(Buffer.from(String(at(retrieved, 'item.content.0.audio')), 'base64').equals(audio)).toBe(true);
  });

  test.each(['delete', 'retrieve', 'truncate'])('that do not exist: %s has its own error code', async (verb) => {
    const more = verb === 'truncate' ? { content_index: 0, audio_end_ms: 1 } : {};
    const error = await errorFor({ type: `conversation.item.${verb}`, item_id: 'item_nowhere', ...more });
    expect(at(error, 'code')).toBe(`item_${verb}_invalid_item_id`);
  });

  test('deleted are gone from the next prompt', async () => {
    client.send(CALM);
    client.send(userText('x'.repeat(400), 'item_long'));
    client.send({ type: 'response.create', response: { conversation: 'none' } });
    await client.event('response.done');
    client.send({ type: 'conversation.item.delete', item_id: 'item_long' });
    expect((await client.event('conversation.item.deleted')).item_id).toBe('item_long');
    client.send({ type: 'response.create', response: { conversation: 'none' } });
    await client.event('response.done', 2);
    const [before, after] = client.all('response.done').map((done) => Number(at(done, 'response.usage.input_tokens')));
    expect((before ?? 0) - (after ?? 0)).toBe(100);
  });
});

describe('truncation', () => {
  test('cuts the audio and drops the transcript of what was not heard', async () => {
    const itemId = await spokenAnswer();
    client.send({ type: 'conversation.item.truncate', item_id: itemId, content_index: 0, audio_end_ms: 400 });
    expect((await client.event('conversation.item.truncated')).audio_end_ms).toBe(400);
    client.send({ type: 'conversation.item.retrieve', item_id: itemId });
    const part = at(await client.event('conversation.item.retrieved'), 'item.content.0');
    expect(at(part, 'transcript')).toBeNull();
    expect(Buffer.from(String(at(part, 'audio')), 'base64')).toHaveLength(400 * 48);
  });

  test('bills the next turn for the audio that is left', async () => {
    const itemId = await spokenAnswer();
    client.send({ type: 'conversation.item.truncate', item_id: itemId, content_index: 0, audio_end_ms: 400 });
    await client.event('conversation.item.truncated');
    client.send({ type: 'response.create' });
    const done = await client.event('response.done', 2);
    expect(at(done, 'response.usage.input_token_details.audio_tokens')).toBe(8);
  });

  test('beyond the audio is refused with both durations', async () => {
    const itemId = await spokenAnswer();
    const error = await errorFor({
      type: 'conversation.item.truncate',
      item_id: itemId,
      content_index: 0,
      audio_end_ms: 57_340,
    });
    expect(at(error, 'message')).toMatch(/^Audio content of \d+ms is already shorter than 57340ms$/);
  });

  test('of a user item is refused', async () => {
    client.send(userText('Hello.', 'item_user'));
    const error = await errorFor({
      type: 'conversation.item.truncate',
      item_id: 'item_user',
      content_index: 0,
      audio_end_ms: 1,
    });
    expect(at(error, 'message')).toBe('Only model output audio messages can be truncated');
  });
});
