// The events of the workload as JSON text, shaped like the recorded traces of OpenAI's Realtime API. Guarantees sizes
// (given in characters of base64 or text), usage whose classes add up, and the same text in every process, so that a
// receiver can compare what came with what was meant. `STAMP_HOLE` and `RESPONSE_HOLE` mark what varies per frame.
import { STAMP_CHARS } from './stamp.js';

/** Where a stamp goes. Lower case hex never contains an S, so it cannot occur in one. */
export const STAMP_HOLE = 'S'.repeat(STAMP_CHARS);
/** Where a response id goes: `resp_` and 21 characters, as OpenAI's are. */
export const RESPONSE_HOLE = 'R'.repeat(26);

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const WORDS =
  'I can help with that order and the parcel left our depot this morning so it should be with you today'.split(' ');
/** What a `response.done` weighs besides its transcript, roughly. */
const DONE_WITHOUT_TRANSCRIPT_BYTES = 1000;
const FORMAT = { type: 'audio/pcm', rate: 24000 };

/** Repeatable noise as base64 characters. The generator is xorshift32: same seed, same text, on any machine. */
export function noiseBase64(chars: number, seed: number): string {
  let state = (seed * 2654435761) >>> 0 || 1;
  let text = '';
  for (let i = 0; i < chars; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    text += ALPHABET[(state >>> 0) & 63];
  }
  return text;
}

/** A client's audio frame; `chars` is the length of its base64 including the stamp at its front. */
export function appendEvent(chars: number, seed: number): string {
  return JSON.stringify({
    type: 'input_audio_buffer.append',
    audio: STAMP_HOLE + noiseBase64(chars - STAMP_CHARS, seed),
  });
}

const ids = { response_id: RESPONSE_HOLE, item_id: 'item_BenchOutputItem000001', output_index: 0, content_index: 0 };
const event = (type: string, fields: object): string =>
  JSON.stringify({ type, event_id: `event_${STAMP_HOLE}`, ...fields });

/** `response.output_audio.delta` with `chars` of base64. */
export function audioDelta(chars: number, seed: number): string {
  return event('response.output_audio.delta', { ...ids, delta: noiseBase64(chars, seed) });
}

/** `response.output_audio_transcript.delta`: one word. */
export function transcriptDelta(index: number): string {
  const delta = ` ${WORDS[index % WORDS.length] ?? ''}`;
  return event('response.output_audio_transcript.delta', { ...ids, delta, obfuscation: noiseBase64(12, index) });
}

/** The events that open a response, in order. */
export function openingEvents(): string[] {
  return [
    event('response.created', { response: responseObject('in_progress', [], null) }),
    event('response.output_item.added', {
      response_id: RESPONSE_HOLE,
      output_index: 0,
      item: { id: ids.item_id, type: 'message', status: 'in_progress', role: 'assistant', content: [] },
    }),
    event('response.content_part.added', { ...ids, part: { type: 'audio', transcript: '' } }),
  ];
}

/** The events between the last delta and `response.done`. */
export function closingEvents(): string[] {
  return [
    event('response.output_audio.done', ids),
    event('response.output_audio_transcript.done', { ...ids, transcript: words(40) }),
  ];
}

/** `response.done` of roughly `bytes`, with usage that adds up; `seed` varies the numbers. */
export function responseDone(bytes: number, seed: number): string {
  const transcript = words(bytes).slice(0, bytes - DONE_WITHOUT_TRANSCRIPT_BYTES);
  const item = {
    id: ids.item_id,
    type: 'message',
    status: 'completed',
    role: 'assistant',
    content: [{ type: 'output_audio', transcript }],
  };
  return event('response.done', { response: responseObject('completed', [item], usage(seed)) });
}

/** Disjoint classes, sums as OpenAI reports them: cached tokens are part of input tokens. */
function usage(seed: number): object {
  const text = 120 + seed * 7;
  const audio = 60 + seed * 11;
  const cachedText = seed % 2 === 0 ? 64 : 0;
  const outputText = 20 + seed;
  const outputAudio = 58 + seed * 3;
  return {
    total_tokens: text + audio + outputText + outputAudio,
    input_tokens: text + audio,
    output_tokens: outputText + outputAudio,
    input_token_details: {
      text_tokens: text,
      audio_tokens: audio,
      image_tokens: 0,
      cached_tokens: cachedText,
      cached_tokens_details: { text_tokens: cachedText, audio_tokens: 0, image_tokens: 0 },
    },
    output_token_details: { text_tokens: outputText, audio_tokens: outputAudio },
  };
}

function responseObject(status: string, output: object[], reported: object | null): object {
  return {
    object: 'realtime.response',
    id: RESPONSE_HOLE,
    status,
    status_details: null,
    output,
    conversation_id: 'conv_BenchConversation0001',
    output_modalities: ['audio'],
    max_output_tokens: 'inf',
    audio: { output: { format: FORMAT, voice: 'marin' } },
    usage: reported,
    metadata: null,
  };
}

function words(count: number): string {
  return Array.from({ length: count }, (_, i) => WORDS[(i * 7) % WORDS.length] ?? '').join(' ');
}

/** The first event on a fresh upstream socket, or the answer to `session.update`. Carries no stamp. */
export function sessionEvent(type: 'session.created' | 'session.updated', id: string, expiresAt: number): string {
  const turnDetection = {
    type: 'server_vad',
    threshold: 0.5,
    prefix_padding_ms: 300,
    silence_duration_ms: 200,
    idle_timeout_ms: null,
    create_response: true,
    interrupt_response: true,
  };
  const input = { format: FORMAT, transcription: null, noise_reduction: null, turn_detection: turnDetection };
  return JSON.stringify({
    type,
    event_id: `event_${id}`,
    session: {
      type: 'realtime',
      object: 'realtime.session',
      id: `sess_${id}`,
      model: 'gpt-realtime',
      output_modalities: ['audio'],
      instructions: 'You are a concise voice assistant.',
      tools: [],
      tool_choice: 'auto',
      max_output_tokens: 'inf',
      tracing: null,
      truncation: 'auto',
      prompt: null,
      expires_at: expiresAt,
      audio: { input, output: { format: FORMAT, voice: 'marin', speed: 1 } },
      include: null,
    },
  });
}
