// Output that is held back when the caller speaks over it, or the app stops it.
import { gateOf } from './gate-builders.conformance.js';

const MS = 500;
const PCM_100_MS = Buffer.alloc(4_800).toString('base64');
const G711_100_MS = Buffer.alloc(800).toString('base64');

/** The events of an answer that says something, and of its end. */
function answerOf(id: string, rest: { readonly audio?: string; readonly conversation?: string | null } = {}) {
  const { audio = PCM_100_MS, conversation = 'conv_1' } = rest;
  const of = { response_id: `resp_${id}`, item_id: `item_${id}`, output_index: 0, content_index: 0 };
  const item = { id: `item_${id}`, type: 'message', content: [{ type: 'output_audio', transcript: 'all is well' }] };
  const call = { id: `call_${id}`, type: 'function_call', name: 'look', arguments: '{}' };
  const response = { id: `resp_${id}`, conversation_id: conversation };
  const done = (status: string) => ({ type: 'response.done', response: { ...response, status, output: [item, call] } });
  return {
    begin: { type: 'response.created', response },
    words: { type: 'response.output_audio_transcript.delta', ...of, delta: 'all is well' },
    audio: { type: 'response.output_audio.delta', ...of, delta: audio },
    call: { type: 'response.function_call_arguments.done', ...of, item_id: `call_${id}`, arguments: '{}' },
    said: { type: 'response.output_audio_transcript.done', ...of, transcript: 'all is well' },
    complete: done('completed'),
    cancelled: done('cancelled'),
  };
}

const SPEECH = { type: 'input_audio_buffer.speech_started', item_id: 'item_u', audio_start_ms: 0 };

function sessionOf(interrupts = true, format = 'audio/pcm') {
  const bed = gateOf({ output: { holdBackMs: MS } });
  const turn_detection = { type: 'server_vad', create_response: true, interrupt_response: interrupts };
  const audio = { input: { turn_detection, transcription: null }, output: { format: { type: format } } };
  bed.receive({ type: 'session.created', session: { type: 'realtime', audio } } as { type: string });
  bed.said.upstream.length = 0;
  const types = (): string[] => bed.said.client.map((text) => (JSON.parse(text) as { type: string }).type);
  const sendNow = (event: object & { type: string }): unknown => {
    const interest = bed.gate.interest('client', event.type);
    return interest === 'hold' ? bed.send(event) : interest;
  };
  return { ...bed, types, sendNow };
}

describe('what is held back of an answer', () => {
  it('is not heard when the caller speaks over it; how it ended and calls of tools stay, in order', () => {
    const { receive, elapse, types, said } = sessionOf();
    const { begin, words, audio, call, said: end, complete } = answerOf('1');
    [begin, words, audio, call, audio, end, complete].forEach(receive);
    expect(receive(SPEECH)).toEqual(SPEECH);
    elapse(MS);
    expect(types()).toEqual([begin, call, end, complete].map(({ type }) => type));
    // The app never got the item, and so cannot say that nothing of it was played.
    expect(said.upstream).toMatchObject([{ type: 'conversation.item.truncate', item_id: 'item_1', audio_end_ms: 0 }]);
  });

  it('is truncated where the app got some of it, at what it got, when the answer has ended', () => {
    const { receive, elapse, types, said } = sessionOf();
    const { begin, audio, cancelled } = answerOf('1');
    [begin, audio, audio].forEach(receive);
    elapse(MS);
    [audio, SPEECH, audio].forEach(receive);
    expect(said.upstream).toEqual([]);
    receive(cancelled);
    elapse(MS);
    expect(types()).toEqual([begin, audio, audio, cancelled].map(({ type }) => type));
    expect(said.upstream).toMatchObject([{ item_id: 'item_1', audio_end_ms: 200 }]);
  });

  it('is measured in the format of the session', () => {
    const { receive, elapse, said } = sessionOf(true, 'audio/pcmu');
    const { begin, audio, complete } = answerOf('1', { audio: G711_100_MS });
    [begin, audio].forEach(receive);
    elapse(MS);
    [audio, complete, SPEECH].forEach(receive);
    expect(said.upstream).toMatchObject([{ item_id: 'item_1', audio_end_ms: 100 }]);
  });

  it('is heard where nobody interrupts by speaking', () => {
    const { receive, elapse, types, said } = sessionOf(false);
    const { begin, audio, complete } = answerOf('1');
    [begin, audio, SPEECH, complete].forEach(receive);
    elapse(MS);
    expect([types(), said.upstream]).toEqual([[begin, audio, complete].map(({ type }) => type), []]);
  });

  it('is heard where it stands beside the conversation, until it is cancelled itself', () => {
    const { receive, elapse, types, said } = sessionOf();
    const { begin, audio, cancelled } = answerOf('1', { conversation: null });
    [begin, audio, SPEECH].forEach(receive);
    elapse(MS);
    [audio, cancelled].forEach(receive);
    elapse(MS);
    expect([types(), said.upstream]).toEqual([[begin, audio, cancelled].map(({ type }) => type), []]);
  });

  it('is not heard when the app cancels the answer, also one that has ended, nor of the next one anything missing', () => {
    const { receive, sendNow, elapse, types, said } = sessionOf();
    const [first, next] = [answerOf('1'), answerOf('2')];
    [first.begin, first.audio, first.complete].forEach(receive);
    expect(sendNow({ type: 'response.cancel' })).toBe('forward');
    [next.begin, next.audio, next.complete].forEach(receive);
    elapse(MS);
    const heard = [first.begin, first.complete, next.begin, next.audio, next.complete];
    expect(types()).toEqual(heard.map(({ type }) => type));
    expect(said.upstream).toMatchObject([{ item_id: 'item_1', audio_end_ms: 0 }]);
    expect(sendNow({ type: 'response.cancel' })).toBe('pass');
  });

  it('is not heard when the app says how much of it was played', () => {
    const { receive, sendNow, elapse, types, said } = sessionOf();
    const [first, next] = [answerOf('1'), answerOf('2')];
    [first.begin, first.audio, next.begin, next.audio].forEach(receive);
    const truncate = { type: 'conversation.item.truncate', item_id: 'item_1', content_index: 0, audio_end_ms: 0 };
    expect(sendNow(truncate)).toBe('forward');
    elapse(MS);
    expect(types()).toEqual([first.begin, next.begin, next.audio].map(({ type }) => type));
    expect(said.upstream).toEqual([]);
  });
});
