// What a gate does in its session's name, in the events that both sides see.
import { BAD, bindingOf, gateOf } from './gate-builders.conformance.js';

const VAD = { type: 'server_vad', create_response: true, interrupt_response: true };
const session = (input: object = {}, instructions = 'Be kind.') => ({
  type: 'realtime',
  instructions,
  audio: { input: { turn_detection: VAD, transcription: null, ...input } },
});
const created = { type: 'session.created', session: session() };
const WHISPER = { model: 'gpt-4o-mini-transcribe' };
const HELD = { turn_detection: { ...VAD, create_response: false }, transcription: WHISPER };
const item = (id: string) => ({ item_id: id, content_index: 0 });
const transcript = (id: string, text: string) => ({
  type: 'conversation.item.input_audio_transcription.completed',
  ...item(id),
  transcript: text,
});
const QUESTION = { type: 'response.create', event_id: 'mine' };
const COMMIT = { type: 'input_audio_buffer.commit', event_id: 'my_commit' };
const settled = () => new Promise((resolve) => setImmediate(resolve));

/** A session whose answers are held, its settings in force. */
function heldSession(policy: Record<string, unknown> = {}, input: object = HELD) {
  const bed = gateOf(
    { input: { holdAnswers: true, ...policy } },
    bindingOf(BAD, { kinds: ['input_transcript'], name: 'heard' }),
  );
  bed.receive(created);
  bed.receive({ type: 'session.updated', session: session(input) } as { type: string });
  bed.said.upstream.length = 0;
  const turn = (id: string): void => {
    bed.receive({ type: 'input_audio_buffer.speech_started', ...item(id) });
    bed.receive({ type: 'input_audio_buffer.speech_stopped', ...item(id) });
    bed.receive({ type: 'input_audio_buffer.committed', ...item(id) });
  };
  return { ...bed, turn };
}
const typesOf = (events: readonly Record<string, unknown>[]) => events.map(({ type }) => type);

describe('answers that are held', () => {
  it('are the gateway to begin: it tells turn detection not to, unseen by the app', () => {
    const bed = gateOf({ input: { holdAnswers: true } }, bindingOf(BAD, { kinds: ['input_transcript'] }));
    expect(bed.receive(created)).toEqual(created);
    expect(bed.said.upstream).toMatchObject([
      {
        type: 'session.update',
        session: {
          type: 'realtime',
          audio: { input: { turn_detection: { create_response: false }, transcription: WHISPER } },
        },
      },
    ]);
    expect(bed.receive({ type: 'session.updated', session: session(HELD) } as { type: string })).toBeNull();
  });

  it('are not held for a dry run, and nothing is transcribed for one', () => {
    const dry = bindingOf(BAD, { kinds: ['input_transcript'], dryRun: true });
    const bed = gateOf({ input: { holdAnswers: true } }, dry);
    expect(bed.receive(created)).toEqual(created);
    expect(bed.said.upstream).toEqual([]);
    const failed = { type: 'conversation.item.input_audio_transcription.failed', ...item('a') };
    bed.receive({ type: 'input_audio_buffer.committed', ...item('a') });
    bed.receive(failed);
    expect([bed.said.unjudged, bed.said.blocked, bed.timers]).toEqual([[], [], []]);
  });

  it('begin when the words are judged', async () => {
    const { turn, receive, said } = heldSession();
    turn('a');
    await settled();
    expect(said.upstream).toEqual([]);
    receive(transcript('a', 'hello'));
    await settled();
    expect(typesOf(said.upstream)).toEqual(['response.create']);
  });

  it('do not begin when they are blocked: the item goes, the app is told, and a refusal is spoken', async () => {
    const { turn, receive, said } = heldSession({ refusal: 'Not that.' });
    turn('a');
    receive(transcript('a', 'a forbidden thing'));
    await settled();
    expect(typesOf(said.upstream)).toEqual(['conversation.item.delete', 'response.create']);
    expect(said.upstream[1]).toMatchObject({ response: { conversation: 'none' } });
    expect(said.blocked).toEqual([['upstream', 'a']]);
  });

  it('begin also when the app turns turn detection off before the words are judged', async () => {
    const { turn, send, receive, said } = heldSession();
    turn('a');
    const off = { type: 'session.update', session: { type: 'realtime', audio: { input: { turn_detection: null } } } };
    expect(await send(off)).toMatchObject({ replace: expect.anything() as unknown });
    const updated = { type: 'session.updated', session: session({ ...HELD, turn_detection: null }) };
    expect(receive(updated)).toMatchObject({ session: { audio: { input: { transcription: null } } } });
    receive(transcript('a', 'hello'));
    await settled();
    expect(typesOf(said.upstream)).toEqual(['response.create']);
  });

  it('are judged in what they say also where nobody spoke, and so is what silence is taken for', async () => {
    const kinds = ['input_transcript', 'output_text'] as const;
    const bed = gateOf({ input: { holdAnswers: true } }, bindingOf(BAD, { kinds: [...kinds] }));
    bed.receive(created);
    bed.receive({ type: 'session.updated', session: session(HELD) } as { type: string });
    bed.said.upstream.length = 0;
    bed.receive({ type: 'input_audio_buffer.timeout_triggered', ...item('idle') });
    bed.receive({ type: 'input_audio_buffer.committed', ...item('idle') });
    await settled();
    // Turn detection may begin the answer to an idle timeout by itself, whatever it was told.
    expect(typesOf(bed.said.upstream)).toEqual(['response.create']);
    const of = { response_id: 'resp_idle', item_id: 'item_r', output_index: 0, content_index: 0 };
    bed.receive({ type: 'response.created', response: { id: 'resp_idle', conversation_id: 'conv' } } as {
      type: string;
    });
    const said = { type: 'response.output_audio_transcript.delta', ...of, delta: 'a forbidden thing' };
    expect(bed.receive(said)).toBeNull();
    expect(bed.said.upstream.at(-1)).toMatchObject({ type: 'response.cancel', response_id: 'resp_idle' });
    bed.receive(transcript('idle', 'forbidden'));
    expect(bed.said.upstream.at(-1)).toMatchObject({ type: 'conversation.item.delete', item_id: 'idle' });
  });

  it('tell nothing of what went wrong with the words of the gateway', () => {
    const { turn, receive } = heldSession();
    turn('a');
    const busy = { code: 'conversation_already_has_active_response', event_id: 'event_policy_answer_0' };
    expect(receive({ type: 'error', error: busy } as { type: string })).toBeNull();
    const own = { type: 'error', error: { code: 'invalid_value', event_id: 'mine' } } as { type: string };
    expect(receive(own)).toEqual(own);
  });

  it('hold a question of the app until what it committed is judged, and no audio', async () => {
    const { gate, send, receive, said } = heldSession({}, { ...HELD, turn_detection: null });
    expect(gate.interest('client', COMMIT.type)).toBe('hold');
    expect(send(COMMIT)).toBe('forward');
    expect(await send(QUESTION)).toBe('drop');
    expect(gate.interest('client', 'input_audio_buffer.append')).toBe('pass');
    expect(gate.interest('client', 'conversation.item.create')).toBe('hold');
    const next = send({ type: 'input_audio_buffer.clear' });
    receive({ type: 'input_audio_buffer.committed', ...item('a') });
    receive(transcript('a', 'hello'));
    expect(await next).toBe('forward');
    expect(said.upstream).toEqual([QUESTION]);
  });

  it.each([
    ['is refused for any reason, by the id that the app gave it', 'my_commit'],
    ['is refused and had no id: the app sees none', null],
  ])('wait for no commit that %s', async (_, ownId) => {
    const { turn, send, receive, said } = heldSession();
    const { type } = COMMIT;
    const sent = send(ownId === null ? { type } : COMMIT);
    const named = ownId ?? (JSON.parse(replacementOf(sent)) as { event_id: string }).event_id;
    turn('a');
    receive(transcript('a', 'hello'));
    await settled();
    expect(said.upstream).toEqual([]);
    const error = (event_id: string | null) => ({ type: 'error', error: { code: 'server_error', event_id } });
    expect(receive(error(named))).toEqual(error(ownId));
    await settled();
    expect(typesOf(said.upstream)).toEqual(['response.create']);
  });

  it('answer the turn also where the app asks something beside the conversation meanwhile', async () => {
    const { turn, send, receive, said } = heldSession();
    turn('a');
    const aside = { ...QUESTION, response: { conversation: 'none', instructions: 'Classify.' } };
    expect(await send(aside)).toBe('drop');
    receive(transcript('a', 'hello'));
    await settled();
    expect(said.upstream).toMatchObject([aside, { type: 'response.create' }]);
  });

  it('refuse a question of the app about what is blocked', async () => {
    const { send, receive, said } = heldSession({}, { ...HELD, turn_detection: null });
    void send(COMMIT);
    await send(QUESTION);
    receive({ type: 'input_audio_buffer.committed', ...item('a') });
    receive(transcript('a', 'forbidden'));
    expect(typesOf(said.upstream)).toEqual(['conversation.item.delete']);
    expect(said.blocked).toEqual([
      ['question', 'mine'],
      ['upstream', 'a'],
    ]);
  });

  it.each([
    ['open', 'response.create', []],
    ['closed', 'conversation.item.delete', [['unjudged', 'a']]],
  ])('follow the failure rule when words have no verdict in time: %s', async (onFailure, becomes, told) => {
    const { turn, said, pass } = heldSession({ onFailure });
    turn('a');
    pass();
    await settled();
    expect(typesOf(said.upstream)).toEqual([becomes]);
    expect([said.unjudged, said.blocked]).toEqual([[['late', onFailure === 'closed']], told]);
  });

  it('take a late verdict for nothing new where the item is gone', async () => {
    const { turn, receive, said, pass } = heldSession({ onFailure: 'closed' });
    turn('a');
    pass();
    receive(transcript('a', 'forbidden'));
    await settled();
    expect(typesOf(said.upstream)).toEqual(['conversation.item.delete']);
    expect(said.blocked).toEqual([['unjudged', 'a']]);
  });

  const part = { type: 'input_audio', audio: 'AAAA' };
  const spoken = { id: 'item_s', type: 'message', role: 'user', content: [part] };
  const createSpoken = { type: 'conversation.item.create', event_id: 'event_s', item: spoken };
  const askSpoken = { type: 'response.create', event_id: 'event_s', response: { input: [spoken] } };

  it.each([createSpoken, askSpoken])(
    'do not begin over audio in an item that nobody transcribes: $type',
    async (event) => {
      const { gate, send, said } = heldSession();
      expect(gate.interest('client', event.type)).toBe('hold');
      expect(await send(event)).toBe('drop');
      expect([said.unjudged, said.blocked, said.upstream]).toEqual([
        [['not_transcribed', true]],
        [['unheard', 'event_s']],
        [],
      ]);
    },
  );

  it('are not there where none is held: such audio goes in, and is told as unjudged', async () => {
    const { gate, send, said } = heldSession({ holdAnswers: false });
    expect(gate.interest('client', createSpoken.type)).toBe('hold');
    expect(await send(createSpoken)).toBe('forward');
    expect([said.unjudged, said.blocked]).toEqual([[['not_transcribed', false]], []]);
  });

  it('begin over such audio where the policy fails open, and always over a transcript alone', async () => {
    const open = heldSession({ onFailure: 'open' });
    expect(await open.send(createSpoken)).toBe('forward');
    expect([open.said.unjudged, open.said.blocked]).toEqual([[['not_transcribed', false]], []]);
    const closed = heldSession();
    const content = [{ type: 'output_audio', transcript: 'hello' }];
    expect(
      await closed.send({ ...createSpoken, item: { ...spoken, role: 'assistant', content } } as object & {
        type: string;
      }),
    ).toBe('forward');
  });

  it('end with the policy: turn detection answers again', () => {
    const { gate, said, change, receive } = heldSession();
    change({ bindings: [] });
    gate.interest('client', 'input_audio_buffer.append');
    expect(said.upstream).toMatchObject([
      { session: { audio: { input: { turn_detection: { create_response: true } } } } },
    ]);
    expect(receive({ type: 'session.updated', session: session() } as { type: string })).toBeNull();
  });
});

describe('transcripts that only the policy wants', () => {
  const SEEN = { turn_detection: VAD, transcription: WHISPER };
  const unseen = () => {
    const bed = gateOf({}, bindingOf(BAD, { kinds: ['input_transcript'] }));
    bed.receive(created);
    bed.receive({ type: 'session.updated', session: session(SEEN) } as { type: string });
    const commit = (id: string) => bed.receive({ type: 'input_audio_buffer.committed', ...item(id) });
    return { ...bed, commit };
  };
  const withWords = (type: string, id: string) => ({
    type,
    item: { id, type: 'message', role: 'user', content: [{ type: 'input_audio', transcript: 'hello' }] },
  });

  it('are judged, and the app sees none of them, nor that they are made', () => {
    const { gate, commit, receive, said } = unseen();
    expect(gate.transcribesForPolicy).toBe(true);
    expect(commit('a')).toMatchObject({ item_id: 'a' });
    const delta = { type: 'conversation.item.input_audio_transcription.delta', ...item('a'), delta: 'forbidden' };
    expect(receive(delta)).toBeNull();
    expect(receive(transcript('a', 'forbidden'))).toBeNull();
    expect(said.blocked).toEqual([['upstream', 'a']]);
    for (const type of ['conversation.item.done', 'conversation.item.retrieved'])
      expect(receive(withWords(type, 'a'))).toMatchObject({ item: { content: [{ transcript: null }] } });
  });

  it('are the app to see from when it asks for them', () => {
    const { gate, commit, receive, send } = unseen();
    commit('a');
    void send({
      type: 'session.update',
      session: { type: 'realtime', audio: { input: { transcription: WHISPER } } },
    } as {
      type: string;
    });
    const updated = { type: 'session.updated', session: session(SEEN) } as { type: string };
    expect(receive(updated)).toMatchObject({ session: { audio: { input: { transcription: WHISPER } } } });
    commit('b');
    expect([receive(transcript('a', 'x')), receive(transcript('b', 'y'))]).toMatchObject([null, { transcript: 'y' }]);
    expect(gate.transcribesForPolicy).toBe(false);
  });

  it('are not made where the policy says so', () => {
    const input = { transcription: { turnOn: false } };
    const { receive, said } = gateOf({ input }, bindingOf(BAD, { kinds: ['input_transcript'] }));
    receive(created);
    expect(said.upstream).toEqual([]);
  });
});

describe('the disclosure', () => {
  const LINE = { disclosure: { instruction: 'Say that you are an AI.', spokenLine: 'You speak with an AI.' } };
  const disclosed = () => {
    const bed = gateOf(LINE, bindingOf(BAD, { kinds: ['image'] }));
    bed.receive(created);
    const upstream = session({ turn_detection: HELD.turn_detection }, 'Say that you are an AI.\n\nBe kind.');
    bed.receive({ type: 'session.updated', session: upstream } as { type: string });
    return bed;
  };
  const ended = (mark: string, status = 'completed') => ({
    type: 'response.done',
    response: { id: 'resp_l', conversation_id: null, status, metadata: { trunkline: mark } },
  });

  it('stands before what the app instructs, and the app sees its own', () => {
    const bed = gateOf(LINE, bindingOf(BAD, { kinds: ['image'] }));
    expect(bed.receive(created)).toEqual(created);
    expect(bed.said.upstream[0]).toMatchObject({ session: { instructions: 'Say that you are an AI.\n\nBe kind.' } });
    const update = { type: 'session.update', session: { type: 'realtime', instructions: 'Be brief.' } };
    expect(JSON.parse(replacementOf(bed.send(update)))).toMatchObject({
      session: { instructions: 'Say that you are an AI.\n\nBe brief.' },
    });
  });

  it('is spoken before the first answer, once', async () => {
    const { gate, said, send, receive } = disclosed();
    expect(gate.interest('client', 'input_audio_buffer.append')).toBe('note');
    said.upstream.length = 0;
    expect(await send(QUESTION)).toBe('drop');
    expect(said.upstream).toMatchObject([
      { type: 'response.create', response: { metadata: { trunkline: 'disclosure_1' } } },
    ]);
    receive(ended('disclosure_1'));
    await settled();
    expect(said.upstream.slice(1)).toEqual([QUESTION]);
    expect(gate.interest('client', 'response.create')).toBe('hold');
    expect(await send(QUESTION)).toBe('forward');
    expect(gate.interest('client', 'input_audio_buffer.append')).toBe('pass');
  });

  it('is spoken again when it is stopped, and when it cannot be spoken the session ends', () => {
    const { gate, said, receive } = disclosed();
    said.upstream.length = 0;
    gate.noted('input_audio_buffer.append', 10);
    for (const mark of ['disclosure_1', 'disclosure_2', 'disclosure_3']) receive(ended(mark, 'cancelled'));
    expect(typesOf(said.upstream)).toEqual(['response.create', 'response.create', 'response.create']);
    expect(said.unenforceable).toEqual(['line_not_spoken']);
  });

  it('that the upstream does not take ends the session', () => {
    const bed = gateOf(LINE, bindingOf(BAD, { kinds: ['image'] }));
    bed.receive(created);
    const error = { code: 'invalid_value', event_id: bed.said.upstream[0]?.['event_id'] };
    expect(bed.receive({ type: 'error', error } as { type: string })).toBeNull();
    expect(bed.said.unenforceable).toEqual(['settings_refused']);
  });

  it('has no place in a session that answers nobody', () => {
    const bed = gateOf(LINE, bindingOf(BAD, { kinds: ['image'] }));
    bed.receive({ type: 'session.created', session: { type: 'transcription' } } as { type: string });
    expect(bed.gate.interest('client', 'input_audio_buffer.append')).toBe('pass');
    expect(bed.said.upstream).toEqual([]);
  });
});

function replacementOf(verdict: unknown): string {
  if (typeof verdict !== 'object' || verdict === null || !('replace' in verdict))
    throw new Error('nothing was replaced');
  return String(verdict.replace);
}
