import type { SettingsDemand } from '../../core/session-veil.js';
import { OpenAiSessionVeil } from './session-veil.js';

const NONE: SettingsDemand = { answersHeld: false, transcription: null, preamble: null };
const VAD = { type: 'server_vad', threshold: 0.5, create_response: true, interrupt_response: true };
const OURS = { model: 'gpt-4o-mini-transcribe', language: 'en' };

interface Settings {
  turn_detection?: unknown;
  transcription?: unknown;
  instructions?: string;
}
type Event = Record<string, unknown>;

/** An upstream that answers updates as the vendor does, before a veil. @param isUnderWay nobody describes the session by itself. */
function veilWith(demand: Partial<SettingsDemand> = {}, isUnderWay = false) {
  const veil = new OpenAiSessionVeil();
  const has: Required<Settings> = { turn_detection: VAD, transcription: null, instructions: 'Be kind.' };
  const shown: Event[] = [];
  const sent: Event[] = [];
  let refuses: ((session: Event) => boolean) | null = null;
  const session = () => {
    const { instructions, ...input } = has;
    return {
      type: 'realtime',
      object: 'realtime.session',
      instructions,
      audio: { input: { format: 'pcm', ...input } },
    };
  };
  const emit = (event: Event): boolean => {
    const { payload, say, isRefused } = veil.fromUpstream(Buffer.from(JSON.stringify(event)));
    if (payload !== null) shown.push(JSON.parse(payload.toString()) as Event);
    if (say !== null) take(JSON.parse(say) as Event);
    return isRefused;
  };
  const answers: (() => boolean)[] = [];
  /** The upstream gets an event; it answers when it is asked to. */
  const take = (event: Event): void => {
    sent.push(event);
    answers.push(() => {
      if (event['type'] !== 'session.update')
        return emit({ type: 'error', error: { code: 'item_delete_invalid_item_id', event_id: event['event_id'] } });
      const update = event['session'] as Event & { audio?: { input?: Settings }; instructions?: string };
      if (refuses?.(update))
        return emit({ type: 'error', error: { code: 'invalid_value', event_id: event['event_id'] } });
      const { turn_detection } = update.audio?.input ?? {};
      Object.assign(has, update.audio?.input ?? {});
      if (turn_detection) has.turn_detection = { ...VAD, ...turn_detection };
      if (update.instructions !== undefined) has.instructions = update.instructions;
      return emit({ type: 'session.updated', session: session() });
    });
  };
  const answer = (): boolean =>
    answers
      .splice(0)
      .map((each) => each())
      .some(Boolean);
  const set = (settings: Settings, event: Event = {}): void => {
    const { instructions, ...input } = settings;
    const update = { type: 'realtime', ...(instructions === undefined ? {} : { instructions }), audio: { input } };
    const payload = Buffer.from(JSON.stringify({ type: 'session.update', ...event, session: update }));
    take(JSON.parse((veil.fromClient(payload) ?? payload).toString()) as Event);
  };
  const demandNow = (next: Partial<SettingsDemand>): void => {
    const say = veil.demand({ ...NONE, ...next });
    if (say !== null) take(JSON.parse(say) as Event);
  };
  veil.demand({ ...NONE, ...demand });
  if (!isUnderWay) emit({ type: 'session.created', session: session() });
  const join = (): void => veil.join().forEach((text) => take(JSON.parse(text) as Event));
  const refuse = (when: (session: Event) => boolean): void => void (refuses = when);
  return { veil, has, shown, sent, take, join, answer, set, demandNow, refuse };
}

const inputShown = (event: Event | undefined): Settings =>
  (event?.['session'] as { audio?: { input?: Settings } } | undefined)?.audio?.input ?? {};
const instructionsShown = (event: Event | undefined) => (event?.['session'] as Settings | undefined)?.instructions;

describe('settings that a policy demands', () => {
  it('are said at the start in one update, and the app sees neither that nor its answer', () => {
    const { has, shown, sent, answer, veil } = veilWith({
      answersHeld: true,
      transcription: OURS,
      preamble: 'I am an AI.',
    });
    answer();
    expect(sent).toHaveLength(1);
    expect(has).toEqual({
      turn_detection: { ...VAD, create_response: false },
      transcription: OURS,
      instructions: 'I am an AI.\n\nBe kind.',
    });
    expect(shown.map(({ type }) => type)).toEqual(['session.created']);
    expect(inputShown(shown[0])).toMatchObject({ turn_detection: VAD, transcription: null });
    expect([veil.answersAreOurs, veil.transcription]).toEqual([true, 'unseen']);
  });

  it('stay in force whatever the app sets, and the app sees what it set', () => {
    const { has, shown, answer, set } = veilWith({ answersHeld: true, transcription: OURS, preamble: 'I am an AI.' });
    answer();
    set({ turn_detection: { type: 'server_vad', threshold: 0.9 }, transcription: null, instructions: 'Be brief.' });
    answer();
    expect(has).toMatchObject({ turn_detection: { create_response: false, threshold: 0.9 }, transcription: OURS });
    expect(has.instructions).toBe('I am an AI.\n\nBe brief.');
    const input = inputShown(shown.at(-1));
    expect(input).toMatchObject({ turn_detection: { create_response: true, threshold: 0.9 }, transcription: null });
    expect(instructionsShown(shown.at(-1))).toBe('Be brief.');
  });

  it('give way where the app sets the same by itself', () => {
    const { has, shown, answer, set, veil } = veilWith({ answersHeld: true, transcription: OURS });
    answer();
    set({ turn_detection: { type: 'server_vad', create_response: false }, transcription: { model: 'whisper-1' } });
    answer();
    expect(has.transcription).toEqual({ model: 'whisper-1' });
    expect(inputShown(shown.at(-1))).toMatchObject({
      turn_detection: { create_response: false },
      transcription: { model: 'whisper-1' },
    });
    expect([veil.answersAreOurs, veil.transcription]).toEqual([false, 'seen']);
    set({ transcription: null });
    answer();
    expect([has.transcription, veil.transcription]).toEqual([OURS, 'unseen']);
  });

  it('leave push-to-talk alone', () => {
    const { has, answer, set, veil } = veilWith({ answersHeld: true });
    answer();
    set({ turn_detection: null });
    answer();
    expect([has.turn_detection, veil.answersAreOurs]).toEqual([null, false]);
  });

  it('can change while the session lives, and are taken back when they are demanded no more', () => {
    const { has, answer, demandNow, shown } = veilWith({ preamble: 'I am an AI.' });
    answer();
    demandNow({ preamble: 'You speak with a machine.', answersHeld: true });
    answer();
    expect(has.instructions).toBe('You speak with a machine.\n\nBe kind.');
    demandNow({});
    answer();
    expect(has).toEqual({ turn_detection: VAD, transcription: null, instructions: 'Be kind.' });
    expect(shown).toHaveLength(1);
  });

  it('never undo an update of the app that is under way', () => {
    const { has, sent, answer, set, demandNow } = veilWith();
    set({ instructions: 'Be brief.' });
    demandNow({ preamble: 'I am an AI.' });
    expect(sent).toHaveLength(1);
    answer();
    answer();
    expect(has.instructions).toBe('I am an AI.\n\nBe brief.');
  });

  it('are not in force when the upstream refuses them, and that is said', () => {
    const { answer, refuse, shown } = veilWith({ transcription: { model: 'no-such-model', language: null } });
    refuse(() => true);
    expect(answer()).toBe(true);
    expect(shown.map(({ type }) => type)).toEqual(['session.created']);
  });
});

describe('an update of the app that is refused', () => {
  it('changes nothing, and the error names the event as the app named it', () => {
    const { shown, answer, set, refuse, has } = veilWith({ preamble: 'I am an AI.' });
    answer();
    refuse(({ instructions }) => String(instructions).includes('bad'));
    set({ instructions: 'bad' });
    set({ instructions: 'bad too' }, { event_id: 'mine' });
    answer();
    expect(shown.slice(1).map(({ error }) => (error as Event)['event_id'])).toEqual([null, 'mine']);
    expect(has.instructions).toBe('I am an AI.\n\nBe kind.');
    set({ turn_detection: null });
    answer();
    expect(instructionsShown(shown.at(-1))).toBe('Be kind.');
  });
});

describe('a session that was under way before', () => {
  const ALL = { answersHeld: true, transcription: OURS, preamble: 'I am an AI.' };

  it('is asked what it is, then told what is demanded; the app sees nothing of that', () => {
    const { has, shown, join, answer, veil } = veilWith(ALL, true);
    join();
    expect([veil.isJoining, veil.isConversation, veil.transcription]).toEqual([true, false, 'none']);
    answer();
    answer();
    expect(has).toEqual({
      turn_detection: { ...VAD, create_response: false },
      transcription: OURS,
      instructions: 'I am an AI.\n\nBe kind.',
    });
    expect(shown).toEqual([]);
    expect([veil.isJoining, veil.answersAreOurs, veil.transcription]).toEqual([false, true, 'unseen']);
  });

  it('shows the app its own settings, also those that it was setting meanwhile', () => {
    const { has, shown, take, join, answer, set } = veilWith(ALL, true);
    // Sent before anybody judged anything, and not answered yet.
    take({ type: 'session.update', session: { audio: { input: { transcription: { model: 'whisper-1' } } } } });
    join();
    set({ instructions: 'Be brief.' });
    answer();
    answer();
    expect(has.transcription).toEqual({ model: 'whisper-1' });
    expect(shown.map(instructionsShown)).toEqual(['Be kind.', 'Be brief.']);
    for (const event of shown)
      expect(inputShown(event)).toMatchObject({
        turn_detection: { create_response: true },
        transcription: { model: 'whisper-1' },
      });
    expect(has).toMatchObject({
      turn_detection: { create_response: false },
      instructions: 'I am an AI.\n\nBe brief.',
    });
  });

  it('is left alone where it is no conversation', () => {
    const { veil, shown, join, answer, refuse, sent } = veilWith(ALL, true);
    refuse(() => true);
    join();
    expect(answer()).toBe(false);
    expect([veil.isJoining, veil.isConversation, shown, sent.length]).toEqual([false, false, [], 2]);
  });
});

describe('instructions of a single response', () => {
  it('are given what stands before all instructions', () => {
    const { veil } = veilWith({ preamble: 'I am an AI.' });
    const ask = (response: object) =>
      veil.fromClient(Buffer.from(JSON.stringify({ type: 'response.create', response })))?.toString() ?? null;
    expect(JSON.parse(ask({ instructions: 'Say hello.' }) ?? '')).toMatchObject({
      response: { instructions: 'I am an AI.\n\nSay hello.' },
    });
    expect(ask({ metadata: {} })).toBeNull();
  });
});

it('a session that is no conversation is left alone', () => {
  const veil = new OpenAiSessionVeil();
  veil.demand({ answersHeld: true, transcription: OURS, preamble: 'I am an AI.' });
  const created = Buffer.from(JSON.stringify({ type: 'session.created', session: { type: 'transcription' } }));
  expect(veil.fromUpstream(created)).toEqual({ payload: created, say: null, isRefused: false });
  const update = Buffer.from(JSON.stringify({ type: 'session.update', session: { type: 'transcription' } }));
  expect(veil.fromClient(update)).toBeNull();
});
