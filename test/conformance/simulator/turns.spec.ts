import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { at, type WireClient } from './support/client.js';
import { harness, MANUAL, update, userText, type Harness } from './support/harness.js';
import { appends, silence, speech } from './support/speech.js';

/** The machine may be busy; nothing here takes long by itself. */
jest.setTimeout(20_000);

let run: Harness;
afterEach(() => run.stop());

type Codec = 'audio/pcm' | 'audio/pcmu' | 'audio/pcma';

function say(client: WireClient, audio: Buffer, bytesPerMs = 48): void {
  for (const append of appends(audio, bytesPerMs)) client.send(append);
}

function vad(more: object = {}): object {
  return update({ audio: { input: { turn_detection: { type: 'server_vad', silence_duration_ms: 500, ...more } } } });
}

async function listening(more: object = {}, config = {}): Promise<WireClient> {
  run = await harness(config);
  const client = await run.open();
  client.send(vad(more));
  await client.event('session.updated');
  return client;
}

describe('server VAD on the real energy of the audio', () => {
  test('finds one turn, commits what lies between its times, and answers', async () => {
    const client = await listening();
    say(client, Buffer.concat([silence(1000), speech('hear-me'), silence(900)]));
    const started = await client.event('input_audio_buffer.speech_started');
    const stopped = await client.event('input_audio_buffer.speech_stopped');
    const done = await client.event('response.done');
    const lengthMs = Number(stopped.audio_end_ms) - Number(started.audio_start_ms);
    expect(at(done, 'response.usage.input_token_details.audio_tokens')).toBe(Math.ceil(lengthMs / 100));
    expect(Number(started.audio_start_ms)).toBeGreaterThan(650);
    expect(Number(started.audio_start_ms)).toBeLessThan(1000);
    const committed = await client.event('input_audio_buffer.committed');
    expect([stopped.item_id, committed.item_id]).toEqual([started.item_id, started.item_id]);
  });

  test('adds the prefix padding to the start', async () => {
    const client = await listening({ prefix_padding_ms: 0 });
    say(client, Buffer.concat([silence(1000), speech('hear-me'), silence(900)]));
    const without = Number((await client.event('input_audio_buffer.speech_started')).audio_start_ms);
    client.send(vad({ prefix_padding_ms: 600 }));
    await client.event('session.updated', 2);
    const base = 1000 + Math.floor(speech('hear-me').length / 48) + 900;
    say(client, Buffer.concat([silence(1000), speech('hear-me'), silence(900)]));
    const padded = Number((await client.event('input_audio_buffer.speech_started', 2)).audio_start_ms) - base;
    expect(without - padded).toBeGreaterThanOrEqual(580);
    expect(without - padded).toBeLessThanOrEqual(620);
  });

  test('hears nothing in silence and in faint noise', async () => {
    const client = await listening();
    const noise = Buffer.from(Int16Array.from({ length: 48_000 }, (_, i) => (i * 7919) % 200).buffer);
    say(client, Buffer.concat([noise, silence(1000)]));
    client.send({ type: 'input_audio_buffer.clear' });
    await client.event('input_audio_buffer.cleared');
    expect(client.all('input_audio_buffer.speech_started')).toHaveLength(0);
  });

  test('with a high threshold ignores quiet speech that a low one hears', async () => {
    const quiet = Buffer.from(speech('hear-me'));
    for (let i = 0; i + 1 < quiet.length; i += 2) quiet.writeInt16LE(Math.round(quiet.readInt16LE(i) / 16), i);
    const client = await listening({ threshold: 0.9 });
    say(client, Buffer.concat([quiet, silence(900)]));
    client.send(vad({ threshold: 0.1 }));
    await client.event('session.updated', 2);
    expect(client.all('input_audio_buffer.speech_started')).toHaveLength(0);
    say(client, Buffer.concat([quiet, silence(900)]));
    await client.event('input_audio_buffer.speech_stopped');
  });

  test('does not depend on how the audio is cut into events', async () => {
    const audio = Buffer.concat([silence(700), speech('invoice'), silence(900)]);
    const client = await listening({ create_response: false });
    client.send({ type: 'input_audio_buffer.append', audio: audio.toString('base64') });
    const whole = await client.event('input_audio_buffer.speech_stopped');
    const other = await run.open();
    other.send(vad({ create_response: false }));
    for (let i = 0; i < audio.length; i += 1001) {
      other.send({ type: 'input_audio_buffer.append', audio: audio.subarray(i, i + 1001).toString('base64') });
    }
    expect((await other.event('input_audio_buffer.speech_stopped')).audio_end_ms).toBe(whole.audio_end_ms);
  });

  test.each<Codec>(['audio/pcmu', 'audio/pcma'])('hears speech in %s', async (codec) => {
    run = await harness();
    const client = await run.open();
    const turn_detection = { type: 'server_vad', silence_duration_ms: 500 };
    const input = { format: { type: codec }, turn_detection, transcription: { model: 'whisper-1' } };
    client.send(update({ audio: { input } }));
    const audio = Buffer.concat([speech('hear-me', codec), silence(900, codec)]);
    say(client, audio, 8);
    const heard = await client.event('conversation.item.input_audio_transcription.completed');
    expect(heard.transcript).toBe('Can you hear me?');
  });

  test('with create_response off commits and does not answer', async () => {
    const client = await listening({ create_response: false });
    say(client, Buffer.concat([speech('hear-me'), silence(900)]));
    await client.event('conversation.item.done');
    client.send(update({}));
    await client.event('session.updated', 2);
    expect(client.all('response.created')).toHaveLength(0);
  });

  test('interrupts a running answer: closing events, incomplete item, turn_detected', async () => {
    const client = await listening({}, { reply: { audioSpeed: 1, audioMs: 60_000 } });
    client.send(userText('Tell me a story.'));
    client.send({ type: 'response.create' });
    await client.event('response.output_audio.delta');
    say(client, speech('stop'));
    const done = await client.event('response.done');
    expect(at(done, 'response.status_details')).toEqual({ type: 'cancelled', reason: 'turn_detected' });
    expect(at(done, 'response.output.0.status')).toBe('incomplete');
    const types = client.events.map((event) => event.type);
    const from = types.indexOf('input_audio_buffer.speech_started');
    expect(types.slice(from + 1, types.indexOf('response.done'))).toEqual([
      'response.output_audio.done',
      'response.output_audio_transcript.done',
      'response.content_part.done',
      'conversation.item.done',
      'response.output_item.done',
    ]);
  });

  test('with interrupt_response off lets the answer finish and then answers the turn', async () => {
    const client = await listening({ interrupt_response: false }, { reply: { audioSpeed: 10, audioMs: 5000 } });
    client.send({ type: 'response.create' });
    await client.event('response.output_audio.delta');
    say(client, Buffer.concat([speech('hear-me'), silence(900)]));
    const second = await client.event('response.done', 2);
    expect(client.all('response.done').map((done) => at(done, 'response.status'))).toEqual(['completed', 'completed']);
    expect(Number(at(second, 'response.usage.input_token_details.audio_tokens'))).toBeGreaterThan(100);
  });

  test('semantic VAD takes turns too', async () => {
    run = await harness();
    const client = await run.open();
    client.send(update({ audio: { input: { turn_detection: { type: 'semantic_vad', eagerness: 'high' } } } }));
    say(client, Buffer.concat([speech('hear-me'), silence(900)]));
    expect(at(await client.event('response.done'), 'response.status')).toBe('completed');
  });
});

describe('manual turns', () => {
  test('are committed whole and answered only when asked', async () => {
    run = await harness();
    const client = await run.open();
    client.send(MANUAL);
    say(client, silence(1234));
    client.send({ type: 'input_audio_buffer.commit' });
    await client.event('conversation.item.done');
    client.send({ type: 'response.create' });
    expect(at(await client.event('response.done'), 'response.usage.input_token_details.audio_tokens')).toBe(13);
    expect(client.all('response.created')).toHaveLength(1);
  });

  test.each([0, 99])('need 100 ms of audio: %i ms are refused with the figure', async (ms) => {
    run = await harness();
    const client = await run.open();
    client.send(MANUAL);
    say(client, silence(ms));
    client.send({ type: 'input_audio_buffer.commit' });
    const error = at(await client.event('error'), 'error');
    expect(at(error, 'code')).toBe('input_audio_buffer_commit_empty');
    expect(at(error, 'message')).toContain(`buffer only has ${ms.toFixed(2)}ms of audio`);
  });

  test('are forgotten by clear', async () => {
    run = await harness();
    const client = await run.open();
    client.send(MANUAL);
    say(client, silence(500));
    client.send({ type: 'input_audio_buffer.clear' });
    client.send({ type: 'input_audio_buffer.commit' });
    expect(at(await client.event('error'), 'error.message')).toContain('0.00ms');
  });

  test('cannot outgrow the buffer', async () => {
    run = await harness({ session: { inputBufferBytesMax: 48_000 } });
    const client = await run.open();
    client.send(MANUAL);
    say(client, silence(1100));
    expect(at(await client.event('error'), 'error.code')).toBe('input_audio_buffer_full');
    client.send({ type: 'input_audio_buffer.commit' });
    await client.event('input_audio_buffer.committed');
  });
});
