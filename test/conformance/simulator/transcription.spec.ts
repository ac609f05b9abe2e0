import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { at, type WireClient } from './support/client.js';
import { harness, update, type Harness } from './support/harness.js';
import { appends, silence, speech } from './support/speech.js';

/** The machine may be busy; nothing here takes long by itself. */
jest.setTimeout(20_000);

let run: Harness;
afterEach(() => run.stop());

const EVENT = 'conversation.item.input_audio_transcription';

async function transcribing(model: string, audio: Buffer, more: object = {}): Promise<WireClient> {
  const client = await run.open();
  client.send(update({ ...more, audio: { input: { turn_detection: null, transcription: { model } } } }));
  for (const append of appends(audio)) client.send(append);
  client.send({ type: 'input_audio_buffer.commit' });
  return client;
}

describe('input transcription', () => {
  test.each(['gpt-4o-transcribe', 'gpt-4o-mini-transcribe'])('by %s reports tokens, word by word', async (model) => {
    run = await harness();
    const audio = speech('invoice');
    const client = await transcribing(model, audio);
    const done = await client.event(`${EVENT}.completed`);
    const text = 'I have a question about my last invoice, please.';
    const [input, output] = [Math.ceil(audio.length / 48 / 100), Math.ceil(text.length / 4)];
    expect(done.transcript).toBe(text);
    expect(done.usage).toEqual({
      type: 'tokens',
      total_tokens: input + output,
      input_tokens: input,
      input_token_details: { text_tokens: 0, audio_tokens: input },
      output_tokens: output,
    });
    expect(
      client
        .all(`${EVENT}.delta`)
        .map((event) => event.delta)
        .join(''),
    ).toBe(text);
  });

  test.each(['whisper-1', 'gpt-transcribe'])('by %s reports started seconds in a single delta', async (model) => {
    run = await harness();
    const audio = speech('invoice');
    const client = await transcribing(model, audio);
    const done = await client.event(`${EVENT}.completed`);
    expect(done.usage).toEqual({ type: 'duration', seconds: Math.ceil(audio.length / 48_000) });
    expect(client.all(`${EVENT}.delta`).map((event) => event.delta)).toEqual([done.transcript]);
  });

  test('gives foreign audio the same text each time', async () => {
    run = await harness();
    const hum = Buffer.from(Int16Array.from({ length: 24_000 }, (_, i) => 8000 * Math.sin(i / 20)).buffer);
    const first = await (await transcribing('whisper-1', hum)).event(`${EVENT}.completed`);
    const second = await (await transcribing('whisper-1', hum)).event(`${EVENT}.completed`);
    expect(String(first.transcript).length).toBeGreaterThan(5);
    expect(second.transcript).toBe(first.transcript);
  });

  test('of silence fails and is entered in the books without usage', async () => {
    run = await harness();
    const client = await transcribing('whisper-1', silence(500));
    expect(at(await client.event(`${EVENT}.failed`), 'error.code')).toBe('audio_unintelligible');
    const [record] = run.simulator.books.list()[0]?.transcriptions ?? [];
    expect(record).toMatchObject({ status: 'failed', usage: null });
  });

  test('can come after response.done', async () => {
    run = await harness({ transcription: { lateEvery: 1, lateMs: 400 } });
    const client = await transcribing('whisper-1', speech('hear-me'));
    client.send({ type: 'response.create' });
    await client.event(`${EVENT}.completed`);
    const types = client.events.map((event) => event.type);
    expect(types.indexOf('response.done')).toBeGreaterThan(0);
    expect(types.indexOf('response.done')).toBeLessThan(types.indexOf(`${EVENT}.completed`));
  });

  test('in the books has the usage that was sent', async () => {
    run = await harness();
    const client = await transcribing('gpt-4o-transcribe', speech('hear-me'));
    const done = await client.event(`${EVENT}.completed`);
    const [record] = run.simulator.books.list()[0]?.transcriptions ?? [];
    expect(record).toMatchObject({ itemId: done.item_id, model: 'gpt-4o-transcribe', usage: done.usage });
  });
});

describe('a transcription session', () => {
  test('takes turns by VAD and never responds', async () => {
    run = await harness();
    const client = await run.open('?intent=transcription');
    const transcription = { model: 'gpt-4o-transcribe-diarize' };
    client.send({ type: 'session.update', session: { type: 'transcription', audio: { input: { transcription } } } });
    for (const append of appends(Buffer.concat([speech('hear-me'), silence(700)]))) client.send(append);
    expect((await client.event(`${EVENT}.completed`)).transcript).toBe('Can you hear me?');
    expect((await client.event(`${EVENT}.segment`)).speaker).toBe('A');
    client.send({ type: 'response.create' });
    await client.event('error');
    expect(client.all('response.created')).toHaveLength(0);
  });
});
