import { SILENCE, talkAfter, typed, type TalkEvent } from './talk-state.js';

const after = (...events: readonly TalkEvent[]) =>
  events.reduce((talk, event, i) => talkAfter(talk, event, 1_000 + 100 * i), SILENCE);

describe('a talk in the playground', () => {
  it('joins the pieces of what each side said, in order', () => {
    const piece = (item_id: string, delta: string) => ({
      type: 'response.output_audio_transcript.delta',
      item_id,
      delta,
    });
    const heard = { type: 'conversation.item.input_audio_transcription.completed', item_id: 'a', transcript: 'Hi?' };
    const talk = after(piece('b', 'Hel'), heard, piece('b', 'lo.'));
    expect(talk.lines).toEqual([
      { id: 'b', who: 'model', text: 'Hello.' },
      { id: 'you a', who: 'you', text: 'Hi?' },
    ]);
  });

  it('measures from the end of what was said or typed to the first sound, once', () => {
    const sound = { type: 'response.output_audio.delta' };
    expect(after({ type: 'input_audio_buffer.speech_stopped' }, sound, sound).latencyMs).toBe(100);
    expect(talkAfter(typed(SILENCE, 'Hello', 500), sound, 750).latencyMs).toBe(250);
    expect(after(sound).latencyMs).toBeNull();
  });

  it('sums what was used, and takes an answer without usage for none', () => {
    const done = (usage: unknown) => ({ type: 'response.done', response: { usage } });
    const talk = after(
      done({ input_tokens: 10, output_tokens: 5 }),
      done(null),
      done({ input_tokens: 1, output_tokens: 2 }),
    );
    expect(talk.tokens).toEqual({ input: 11, output: 7 });
  });

  it('says what went wrong, and keeps a bounded list of events, the newest first', () => {
    const talk = after(
      { type: 'error', error: { message: 'no' } },
      ...Array.from({ length: 300 }, () => ({ type: 'x' })),
    );
    expect(talk.problem).toBe('no');
    expect(talk.events.length).toBe(200);
    expect(talk.events[0]).toMatchObject({ n: 301, type: 'x' });
  });
});
