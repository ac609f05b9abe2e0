import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { at, type WireClient } from './support/client.js';
import { harness, update, userText, MANUAL, type Harness } from './support/harness.js';

/** The machine may be busy; nothing here takes long by itself. */
jest.setTimeout(20_000);

let run: Harness;
let client: WireClient;
beforeEach(async () => {
  run = await harness();
  client = await run.open();
});
afterEach(() => run.stop());

/** The error of a refused event. */
async function errorOf(event: object): Promise<Record<string, unknown>> {
  const seen = client.all('error').length;
  client.send(event);
  const error = await client.event('error', seen + 1);
  return Object.fromEntries(Object.entries(at(error, 'error') ?? {}));
}

describe('session.update', () => {
  test('answers with the whole resolved session', async () => {
    client.send(update({ instructions: 'Be kind.', audio: { input: { transcription: { model: 'whisper-1' } } } }));
    const updated = await client.event('session.updated');
    expect(at(updated, 'session.instructions')).toBe('Be kind.');
    expect(at(updated, 'session.audio.input.transcription')).toEqual({
      model: 'whisper-1',
      language: null,
      prompt: null,
    });
    expect(at(updated, 'session.audio.output.voice')).toBe('marin');
  });

  test('is atomic: one bad field drops the whole update', async () => {
    const error = await errorOf(update({ instructions: 'Changed.', audio: { output: { voice: 'nobody' } } }));
    expect(error.code).toBe('invalid_value');
    expect(error.param).toBe('session.audio.output.voice');
    client.send(update({}));
    const updated = await client.event('session.updated');
    expect(at(updated, 'session.instructions')).not.toBe('Changed.');
  });

  test('keeps absent fields and clears null ones', async () => {
    client.send(update({ audio: { input: { transcription: { model: 'whisper-1' }, turn_detection: null } } }));
    client.send(update({ audio: { input: { transcription: null } } }));
    const second = await client.event('session.updated', 2);
    expect(at(second, 'session.audio.input.transcription')).toBeNull();
    expect(at(second, 'session.audio.input.turn_detection')).toBeNull();
  });

  test('replaces turn detection as a whole, with its defaults', async () => {
    client.send(update({ audio: { input: { turn_detection: { type: 'semantic_vad', eagerness: 'low' } } } }));
    const first = await client.event('session.updated');
    expect(at(first, 'session.audio.input.turn_detection')).toEqual({
      type: 'semantic_vad',
      eagerness: 'low',
      create_response: true,
      interrupt_response: true,
    });
  });

  test.each([
    ['a missing type', {}, 'missing_required_parameter', "Missing required parameter: 'session.type'."],
    [
      'a wrong type',
      { type: 'x' },
      'invalid_value',
      "Invalid value: 'x'. Supported values are: 'realtime' and 'transcription'.",
    ],
    [
      'the other kind of session',
      { type: 'transcription' },
      null,
      'Passing a transcription session update event to a realtime session is not allowed.',
    ],
    [
      'a field of the beta dialect',
      { type: 'realtime', modalities: ['text'] },
      'unknown_parameter',
      "Unknown parameter: 'session.modalities'.",
    ],
    [
      'a wrong JSON type',
      { type: 'realtime', instructions: 7 },
      'invalid_type',
      "Invalid type for 'session.instructions': expected a string, but got a number instead.",
    ],
    [
      'a figure out of range',
      { type: 'realtime', max_output_tokens: 0 },
      'integer_below_min_value',
      "Invalid 'session.max_output_tokens': integer below minimum value. Expected a value >= 1, but got 0 instead.",
    ],
    [
      'an unknown kind of turn detection',
      { type: 'realtime', audio: { input: { turn_detection: { type: 'psychic' } } } },
      'invalid_value',
      "Invalid value: 'psychic'. Supported values are: 'server_vad' and 'semantic_vad'.",
    ],
  ])('refuses %s with its exact error', async (_what, session, code, message) => {
    const error = await errorOf({ type: 'session.update', event_id: 'mine', session });
    expect(error).toMatchObject({ type: 'invalid_request_error', code, message, event_id: 'mine' });
  });

  test('refuses both modalities at once', async () => {
    expect((await errorOf(update({ output_modalities: ['text', 'audio'] }))).code).toBe('invalid_value');
  });

  test('refuses another model, and accepts the same one', async () => {
    expect((await errorOf(update({ model: 'gpt-realtime-mini' }))).param).toBe('session.model');
    client.send(update({ model: 'gpt-realtime' }));
    await client.event('session.updated');
  });

  test('refuses to change tracing once it is on', async () => {
    client.send(update({ tracing: 'auto' }));
    await client.event('session.updated');
    expect((await errorOf(update({ tracing: null }))).param).toBe('session.tracing');
  });

  test('refuses turn detection beside a transcription model that takes turns itself', async () => {
    const error = await errorOf(update({ audio: { input: { transcription: { model: 'gpt-realtime-whisper' } } } }));
    expect(error.param).toBe('session.audio.input.turn_detection');
  });

  test('refuses another voice once the assistant has spoken', async () => {
    client.send(MANUAL);
    client.send(userText('Hello.'));
    client.send({ type: 'response.create' });
    await client.event('response.done');
    expect((await errorOf(update({ audio: { output: { voice: 'cedar' } } }))).code).toBe('cannot_update_voice');
    client.send(update({ audio: { output: { voice: 'marin' } } }));
    await client.event('session.updated', 2);
  });
});

describe('frames that are no events', () => {
  test.each([
    ['bad JSON', '{"type":', 'invalid_json'],
    ['an array', '[]', 'invalid_event'],
    ['no type', '{"event_id":"e"}', 'invalid_event'],
    ['an unknown type', '{"type":"nope"}', 'invalid_value'],
    ['a WebRTC-only event', '{"type":"output_audio_buffer.clear"}', 'invalid_value'],
    ['a binary frame', Buffer.from('{"type":"response.create"}'), 'invalid_event'],
    ['a missing field', '{"type":"conversation.item.delete"}', 'missing_required_parameter'],
    ['audio that is no base64', '{"type":"input_audio_buffer.append","audio":"@@@@"}', 'invalid_value'],
    [
      'a long event_id',
      JSON.stringify({ type: 'response.cancel', event_id: 'e'.repeat(513) }),
      'string_above_max_length',
    ],
  ])('%s gets an error and the session goes on', async (_what, frame, code) => {
    client.sendRaw(frame);
    expect(at(await client.event('error'), 'error.code')).toBe(code);
    client.send(update({}));
    await client.event('session.updated');
  });
});
