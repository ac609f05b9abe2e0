import { answersBeginning, beginningUpdate, begunSession } from './begin-session.js';
import { withoutPinned, type Pinned } from './pinned-settings.js';

const pinned = (paths: readonly string[]): Pinned => ({ paths, kind: 'realtime', model: 'gpt-realtime' });
const left = (event: object | string, by: Pinned): unknown => {
  const text = typeof event === 'string' ? event : JSON.stringify(event);
  const payload = withoutPinned(Buffer.from(text), by);
  return payload === null ? null : JSON.parse(payload.toString('utf8'));
};

describe('pinned settings', () => {
  it('are taken out of an update, and the rest goes on', () => {
    const session = {
      type: 'realtime',
      instructions: 'mine',
      audio: { output: { voice: 'ash', speed: 1 }, input: {} },
    };
    expect(
      left({ type: 'session.update', event_id: 'e', session }, pinned(['instructions', 'audio.output.voice'])),
    ).toEqual({
      ...{ type: 'session.update', event_id: 'e' },
      session: { type: 'realtime', audio: { output: { speed: 1 }, input: {} } },
    });
  });

  it('are taken out of what a single answer would change', () => {
    const response = { instructions: 'mine', tools: [], metadata: { a: 'b' } };
    expect(left({ type: 'response.create', response }, pinned(['instructions', 'tools']))).toEqual({
      type: 'response.create',
      response: { metadata: { a: 'b' } },
    });
  });

  it.each([null, 7, []])('cannot be swept away by setting what holds them to %j', (audio) => {
    const event = { type: 'session.update', session: { type: 'realtime', audio } };
    expect(left(event, pinned(['audio.output.voice']))).toEqual({
      type: 'session.update',
      session: { type: 'realtime' },
    });
  });

  it('hold the model always', () => {
    const event = { type: 'session.update', session: { type: 'realtime', model: 'gpt-realtime-mini', tools: [] } };
    expect(left(event, pinned([]))).toEqual({ type: 'session.update', session: { type: 'realtime', tools: [] } });
  });

  it('hold the model of a transcription, beside its language', () => {
    const transcription = { model: 'dear', language: 'ko' };
    const event = { type: 'session.update', session: { type: 'transcription', audio: { input: { transcription } } } };
    expect(left(event, { paths: [], kind: 'transcription', model: 'whisper-1' })).toMatchObject({
      session: { audio: { input: { transcription: { model: 'whisper-1', language: 'ko' } } } },
    });
  });

  it('hold a template too where instructions are held', () => {
    const session = { type: 'realtime', prompt: { id: 'pmpt_mine' } };
    expect(left({ type: 'session.update', session }, pinned(['instructions']))).toMatchObject({
      session: { type: 'realtime' },
    });
    expect(left({ type: 'session.update', session }, pinned(['instructions']))).not.toHaveProperty('session.prompt');
  });

  it('are not smuggled in by a doubled field', () => {
    const text = '{"type":"session.update","session":{},"session":{"type":"realtime","instructions":"mine"}}';
    expect(left(text, pinned(['instructions']))).toEqual({ type: 'session.update', session: { type: 'realtime' } });
  });

  it.each([
    '{"type":"input_audio_buffer.clear"}',
    '{"type":"response.create"}',
    'not JSON',
    '{"type":"session.update","session":3}',
  ])('leave %s as it came', (text) => {
    expect(left(text, pinned(['instructions']))).toBeNull();
  });
});

describe('a session that begins with settings', () => {
  const created = Buffer.from(
    '{"type":"session.created","event_id":"event_1","session":{"id":"sess_1","instructions":""}}',
  );

  it('is asked for without its model, with which it was dialled', () => {
    expect(JSON.parse(beginningUpdate({ type: 'realtime', model: 'm', instructions: 'Be brief.' }))).toMatchObject({
      type: 'session.update',
      session: { type: 'realtime', instructions: 'Be brief.' },
    });
    expect(beginningUpdate({ type: 'realtime', model: 'm' })).not.toContain('"m"');
  });

  it('is shown to its client as it is from the beginning on', () => {
    const answer = Buffer.from('{"type":"session.updated","session":{"id":"sess_1","instructions":"Be brief."}}');
    expect(answersBeginning(answer)).toBe(true);
    expect(answersBeginning(created)).toBe(false);
    const begun = begunSession(created, answer);
    expect(begun.ok && JSON.parse(begun.value.toString('utf8'))).toEqual({
      ...{ type: 'session.created', event_id: 'event_1', session: { id: 'sess_1', instructions: 'Be brief.' } },
    });
  });

  it('is refused in our words where the vendor does not take them', () => {
    const error = { code: 'invalid_value', param: 'session.audio.output.voice', message: 'no voice for sk-upstream' };
    const begun = begunSession(created, Buffer.from(JSON.stringify({ type: 'error', error })));
    expect(begun).toMatchObject({ error: { code: 'invalid_request', param: error.param, tryNextPool: false } });
    expect(JSON.stringify(begun)).not.toContain('sk-upstream');
  });
});
