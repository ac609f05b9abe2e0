import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { OpenAIRealtimeWebSocket, RealtimeAgent, RealtimeSession } from '@openai/agents-realtime';
import OpenAI from 'openai';
import { OpenAIRealtimeWS } from 'openai/realtime/ws';
import { generate } from 'selfsigned';
import { startSimulator, type Simulator } from '../../../apps/simulator/index.js';
import { at } from './support/client.js';
import { appends, silence, speech } from './support/speech.js';

jest.setTimeout(30_000);

const KEY = 'sk-real-client';
let simulator: Simulator;

beforeAll(async () => {
  const pems = await generate([{ name: 'commonName', value: 'localhost' }]);
  const tls = { certPem: pems.cert, keyPem: pems.private };
  simulator = await startSimulator({ apiKeys: [KEY], tlsPort: 0, tls, config: { latency: { firstDeltaMs: 20 } } });
});
afterAll(() => simulator.close());

/** The official client; it dials wss only, and knows that the certificate is self-made. */
async function openaiClient(model: string): Promise<OpenAIRealtimeWS> {
  const openai = new OpenAI({ apiKey: KEY, baseURL: `${simulator.httpsUrl ?? ''}/v1` });
  return new OpenAIRealtimeWS({ model, options: { rejectUnauthorized: false } }, openai);
}

/** Resolves with the client's first event of a type; rejects with its first error. */
function eventOf(client: OpenAIRealtimeWS, type: string): Promise<object> {
  return new Promise((resolve, reject) => {
    client.on('event', (event) => {
      if (event.type === type) resolve(event);
    });
    client.on('error', reject);
  });
}

describe('openai 7 (OpenAIRealtimeWS) over TLS', () => {
  test('holds a text turn and sees its usage', async () => {
    const client = await openaiClient('gpt-realtime-2.1');
    const created = eventOf(client, 'session.created');
    const done = eventOf(client, 'response.done');
    await created;
    client.send({ type: 'session.update', session: { type: 'realtime', output_modalities: ['text'] } });
    client.send({
      type: 'conversation.item.create',
      item: { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Say hello.' }] },
    });
    client.send({ type: 'response.create' });
    const response = at(await done, 'response');
    expect(at(response, 'status')).toBe('completed');
    const [record] = simulator.books.list({ session: String(at(await created, 'session.id')) });
    expect(record?.responses[0]?.usage).toEqual(at(response, 'usage'));
    client.close();
  });

  test('holds a spoken turn by voice activity and hears audible speech', async () => {
    const client = await openaiClient('gpt-realtime');
    const done = eventOf(client, 'response.done');
    const heard = eventOf(client, 'conversation.item.input_audio_transcription.completed');
    const audio: Buffer[] = [];
    client.on('response.output_audio.delta', ({ delta }) => audio.push(Buffer.from(delta, 'base64')));
    await eventOf(client, 'session.created');
    client.send({
      type: 'session.update',
      session: {
        type: 'realtime',
        audio: {
          input: {
            transcription: { model: 'gpt-4o-mini-transcribe' },
            turn_detection: { type: 'server_vad', silence_duration_ms: 500 },
          },
        },
      },
    });
    for (const { audio: base64 } of appends(Buffer.concat([speech('invoice'), silence(700)]))) {
      client.send({ type: 'input_audio_buffer.append', audio: base64 });
    }
    const response = at(await done, 'response');
    expect(at(await heard, 'transcript')).toBe('I have a question about my last invoice, please.');
    const pcm = Buffer.concat(audio);
    expect(at(response, 'usage.output_token_details.audio_tokens')).toBe(Math.ceil(pcm.length / 48 / 50));
    expect(loudness(pcm)).toBeGreaterThan(1000);
    client.close();
  });
});

describe('@openai/agents-realtime 0.20 over ws://', () => {
  test('holds a spoken turn: history, transcript and audio arrive', async () => {
    const transport = new OpenAIRealtimeWebSocket({ url: `${simulator.wsUrl}?model=gpt-realtime-2.1` });
    const agent = new RealtimeAgent({ name: 'Guide', instructions: 'Be brief.' });
    const session = new RealtimeSession(agent, { transport, model: 'gpt-realtime-2.1' });
    let audioBytes = 0;
    session.on('audio', ({ data }) => (audioBytes += data.byteLength));
    const problems: unknown[] = [];
    session.on('error', ({ error }) => problems.push(error));
    const ended = new Promise<string>((resolve) => session.on('agent_end', (_context, _agent, text) => resolve(text)));
    await session.connect({ apiKey: KEY });
    const sound = Buffer.concat([speech('hear-me'), silence(1200)]);
    session.sendAudio(sound.buffer.slice(sound.byteOffset, sound.byteOffset + sound.length));
    const text = await ended;
    expect(text.length).toBeGreaterThan(5);
    expect(audioBytes).toBeGreaterThan(24_000);
    expect(problems).toEqual([]);
    const said = session.history.filter((item) => item.type === 'message').map((item) => item.role);
    expect(said).toEqual(['user', 'assistant']);
    session.close();
  });

  test('interrupts a running answer without an error', async () => {
    simulator.configure({ reply: { audioSpeed: 1, audioMs: 8000 } });
    const transport = new OpenAIRealtimeWebSocket({ url: `${simulator.wsUrl}?model=gpt-realtime` });
    const session = new RealtimeSession(new RealtimeAgent({ name: 'Guide' }), { transport, model: 'gpt-realtime' });
    const problems: unknown[] = [];
    session.on('error', ({ error }) => problems.push(error));
    const speaking = new Promise<void>((resolve) => session.on('audio', () => resolve()));
    const done = new Promise<string>((resolve) =>
      session.on('transport_event', (event) => {
        if (event.type === 'response.done') resolve(String(at(event, 'response.status')));
      }),
    );
    await session.connect({ apiKey: KEY });
    session.sendMessage('Tell me a long story.');
    await speaking;
    session.interrupt();
    expect(await done).toBe('cancelled');
    expect(problems).toEqual([]);
    session.close();
    simulator.configure({ reply: { audioSpeed: 8, audioMs: null } });
  });
});

/** Root mean square of PCM16. */
function loudness(pcm: Buffer): number {
  let sum = 0;
  for (let i = 0; i + 1 < pcm.length; i += 2) sum += pcm.readInt16LE(i) ** 2;
  return Math.sqrt(sum / (pcm.length / 2));
}
