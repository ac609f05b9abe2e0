// An answer to the caller's words that began before they were judged, as answers do where none is held.
import { BAD, bindingOf, gateOf } from './gate-builders.conformance.js';

const VAD = { type: 'server_vad', create_response: true, interrupt_response: true };
const REFUSAL = 'Not that.';
const of = { output_index: 0, content_index: 0 };
const begin = (id: string, conversation: string | null = 'conv_1') => ({
  type: 'response.created',
  response: { id, conversation_id: conversation },
});
const audio = (id: string) => ({
  type: 'response.output_audio.delta',
  response_id: id,
  item_id: `item_${id}`,
  ...of,
  delta: 'AAAA',
});
const done = (id: string, status: string) => {
  const item = { id: `item_${id}`, type: 'message', content: [{ type: 'output_audio', transcript: 'sure' }] };
  return { type: 'response.done', response: { id, conversation_id: 'conv_1', status, output: [item] } };
};

function sessionOf(policy: Record<string, unknown> = {}) {
  const bed = gateOf({ input: { refusal: REFUSAL }, ...policy }, bindingOf(BAD, { kinds: ['input_transcript'] }));
  const input = { turn_detection: VAD, transcription: { model: 'whisper-1' } };
  bed.receive({ type: 'session.created', session: { type: 'realtime', audio: { input } } } as { type: string });
  bed.said.upstream.length = 0;
  const words = (itemId: string, transcript: string) =>
    bed.receive({
      ...{ type: 'conversation.item.input_audio_transcription.completed', item_id: itemId, content_index: 0 },
      transcript,
    } as { type: string });
  const commit = (itemId: string) =>
    bed.receive({ type: 'input_audio_buffer.committed', item_id: itemId } as { type: string });
  const types = () => bed.said.upstream.map(({ type }) => type);
  return { ...bed, words, commit, types };
}

describe('an answer to words that are blocked', () => {
  it('is stopped where it is heard already, leaves nothing, and the refusal is spoken in its place', () => {
    const { receive, commit, words, types, said } = sessionOf();
    commit('a');
    [begin('r'), audio('r')].forEach(receive);
    words('a', 'forbidden');
    expect(said.upstream).toMatchObject([
      { type: 'conversation.item.delete', item_id: 'a' },
      { type: 'response.cancel', response_id: 'r' },
    ]);
    expect(said.client.map((text) => JSON.parse(text) as unknown)).toMatchObject([
      { type: 'output_audio_buffer.cleared', response_id: 'r' },
    ]);
    expect(receive(audio('r'))).toBeNull();
    receive(done('r', 'cancelled'));
    expect(types().slice(2)).toEqual(['conversation.item.truncate', 'conversation.item.delete', 'response.create']);
    expect(JSON.stringify(said.upstream.at(-1))).toContain(REFUSAL);
    expect(said.blocked).toEqual([['upstream', 'a']]);
  });

  it('is taken back where it has ended, as its end may not have been played', () => {
    const { receive, commit, words, types } = sessionOf();
    commit('a');
    [begin('r'), audio('r'), done('r', 'completed')].forEach(receive);
    words('a', 'forbidden');
    expect(types()).toEqual([
      'conversation.item.delete',
      'conversation.item.truncate',
      'conversation.item.delete',
      'response.create',
    ]);
  });

  it('is never heard where it is held back', () => {
    const { receive, commit, words, elapse, said } = sessionOf({ output: { holdBackMs: 500 } });
    commit('a');
    [begin('r'), audio('r')].forEach(receive);
    words('a', 'forbidden');
    receive(done('r', 'cancelled'));
    elapse(1_000);
    expect(said.client.join()).not.toMatch(/AAAA|sure|cleared/);
  });

  it('is stopped once, whatever else of the words is blocked', () => {
    const { receive, commit, words, types } = sessionOf();
    ['a', 'b'].forEach(commit);
    receive(begin('r'));
    words('a', 'forbidden');
    words('b', 'forbidden');
    receive(done('r', 'cancelled'));
    words('b', 'forbidden, again');
    expect(types().filter((type) => type === 'response.cancel' || type === 'response.create')).toEqual([
      'response.cancel',
      'response.create',
    ]);
  });

  it('is not one that began before them, nor one beside the conversation', () => {
    const { receive, commit, words, types } = sessionOf();
    receive(begin('r'));
    commit('a');
    receive(begin('aside', null));
    words('a', 'forbidden');
    expect(types()).toEqual(['conversation.item.delete']);
    expect(receive(audio('r'))).toEqual(audio('r'));
  });
});
