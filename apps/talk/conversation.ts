// One spoken or typed turn with the official `openai` client, in real time: speech goes out in 40 ms frames as a
// microphone would send it, the answer comes back as audio and transcript.
import { setTimeout as delay } from 'node:timers/promises';
import OpenAI from 'openai';
import { OpenAIRealtimeWS } from 'openai/realtime/ws';
import type { RealtimeServerEvent } from 'openai/resources/realtime/realtime';
import type { Endpoint } from './endpoint.js';
import { SAMPLE_RATE } from './wav.js';

const FRAME_MS = 40;
const FRAME_BYTES = (SAMPLE_RATE * 2 * FRAME_MS) / 1000;
const CONNECT_MS_MAX = 20_000;
const ANSWER_MS_MAX = 120_000;
// A transcription may arrive after the answer; it is worth a short wait, for it is billed and shown.
const TRANSCRIPTION_MS_MAX = 10_000;

/** What to say: speech (mono PCM16, 24 kHz) or text. */
export type Utterance = { readonly speech: Buffer } | { readonly text: string };

export interface TalkOptions {
  readonly model: string;
  readonly voice: string;
  /** Called with pieces of transcript as they come. */
  readonly onTranscript: (who: 'you' | 'assistant', text: string) => void;
}

/** The reply. `audio` is mono PCM16 at 24 kHz; `usage` holds the vendor's usage objects in the order they came. */
export interface Reply {
  readonly sessionId: string | null;
  readonly audio: Buffer;
  readonly status: string;
  readonly usage: readonly unknown[];
}

/** Holds one turn and hangs up. Rejects with the gateway's own words when it refuses or the session fails. */
export async function talk(endpoint: Endpoint, utterance: Utterance, options: TalkOptions): Promise<Reply> {
  const client = new OpenAI({ baseURL: endpoint.baseUrl, apiKey: endpoint.apiKey });
  const tls = endpoint.caPem ? { ca: endpoint.caPem } : {};
  const realtime = new OpenAIRealtimeWS({ model: options.model, options: tls }, client);
  const call = new Call(realtime, options);
  try {
    await call.connected;
    await call.configure();
    if ('speech' in utterance) await call.speak(utterance.speech);
    else call.write(utterance.text);
    return await call.answered('speech' in utterance);
  } finally {
    realtime.close();
  }
}

class Call {
  readonly connected: Promise<void>;
  private sessionId: string | null = null;
  private readonly audio: Buffer[] = [];
  private readonly usage: unknown[] = [];
  private readonly failed: Promise<never>;

  constructor(
    private readonly realtime: OpenAIRealtimeWS,
    private readonly options: TalkOptions,
  ) {
    realtime.socket.on('upgrade', (response) => {
      this.sessionId = String(response.headers['x-trunkline-session-id'] ?? '') || null;
    });
    this.failed = new Promise((_, reject) => {
      realtime.on('error', (error) => reject(error));
      realtime.socket.on('unexpected-response', (_request, response) => {
        void bodyOf(response).then((body) => reject(new Error(`refused with HTTP ${response.statusCode}: ${body}`)));
      });
      realtime.socket.on('close', (code, reason) => reject(new Error(closedBecause(code, reason.toString('utf8')))));
    });
    this.failed.catch(() => undefined); // observed wherever it is raced; a close after the answer is no failure
    realtime.on('event', (event) => this.collect(event));
    this.connected = this.next('session.created', CONNECT_MS_MAX).then(() => undefined);
  }

  async configure(): Promise<void> {
    const updated = this.next('session.updated', CONNECT_MS_MAX);
    this.realtime.send({
      type: 'session.update',
      session: {
        type: 'realtime',
        output_modalities: ['audio'],
        audio: {
          input: {
            format: { type: 'audio/pcm', rate: SAMPLE_RATE },
            transcription: { model: 'gpt-4o-mini-transcribe' },
            turn_detection: null,
          },
          output: { format: { type: 'audio/pcm', rate: SAMPLE_RATE }, voice: this.options.voice },
        },
      },
    });
    await updated;
  }

  /** Streams speech at the pace of speaking and ends the turn. */
  async speak(speech: Buffer): Promise<void> {
    const start = performance.now();
    for (let at = 0, frame = 1; at < speech.length; at += FRAME_BYTES, frame++) {
      this.realtime.send({
        type: 'input_audio_buffer.append',
        audio: speech.subarray(at, at + FRAME_BYTES).toString('base64'),
      });
      await Promise.race([delay(Math.max(0, start + frame * FRAME_MS - performance.now())), this.failed]);
    }
    this.realtime.send({ type: 'input_audio_buffer.commit' });
    this.realtime.send({ type: 'response.create' });
  }

  write(text: string): void {
    this.realtime.send({
      type: 'conversation.item.create',
      item: { type: 'message', role: 'user', content: [{ type: 'input_text', text }] },
    });
    this.realtime.send({ type: 'response.create' });
  }

  /** Waits for the answer and, after speech, for the transcription of what was said. */
  async answered(spoken: boolean): Promise<Reply> {
    const heard = spoken
      ? this.next('conversation.item.input_audio_transcription.completed', ANSWER_MS_MAX)
      : Promise.resolve(null);
    const done = await this.next('response.done', ANSWER_MS_MAX);
    if (done.type !== 'response.done') throw new Error('unreachable: waited for response.done');
    await Promise.race([heard, delay(TRANSCRIPTION_MS_MAX)]);
    const { status, status_details: details } = done.response;
    if (status === 'failed') throw new Error(`the model could not answer: ${JSON.stringify(details)}`);
    return {
      sessionId: this.sessionId,
      audio: Buffer.concat(this.audio),
      status: status ?? 'unknown',
      usage: this.usage,
    };
  }

  private collect(event: RealtimeServerEvent): void {
    switch (event.type) {
      case 'response.output_audio.delta':
        this.audio.push(Buffer.from(event.delta, 'base64'));
        break;
      case 'response.output_audio_transcript.delta':
      case 'response.output_text.delta':
        this.options.onTranscript('assistant', event.delta);
        break;
      case 'conversation.item.input_audio_transcription.completed':
        this.options.onTranscript('you', event.transcript);
        this.usage.push(event.usage);
        break;
      case 'response.done':
        this.usage.push(event.response.usage);
        break;
      default:
        break;
    }
  }

  private async next(type: RealtimeServerEvent['type'], deadlineMs: number): Promise<RealtimeServerEvent> {
    const timeout = new AbortController();
    const arrived = new Promise<RealtimeServerEvent>((resolve) => {
      const listen = (event: RealtimeServerEvent) => {
        if (event.type !== type) return;
        this.realtime.off('event', listen);
        resolve(event);
      };
      this.realtime.on('event', listen);
    });
    const late = delay(deadlineMs, null, { signal: timeout.signal }).then(() => {
      throw new Error(`no ${type} within ${deadlineMs / 1000} s`);
    });
    late.catch(() => undefined); // aborted when something else won the race
    try {
      return await Promise.race([arrived, this.failed, late]);
    } finally {
      timeout.abort();
    }
  }
}

/** 1006 stands for a connection that ended without a word. */
function closedBecause(code: number, reason: string): string {
  if (code === 1006) return 'the connection was lost: is the gateway still running? Its log has the reason';
  return `the session was closed (${code}${reason && ` ${reason}`})`;
}

async function bodyOf(response: AsyncIterable<Buffer | string>): Promise<string> {
  let body = '';
  for await (const chunk of response) body += chunk.toString();
  return body.slice(0, 2_000);
}
