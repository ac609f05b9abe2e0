import { dollars, rig, settled, unreachable } from './budget-builders.conformance.js';
import { OpenAiRealtimeObserver } from '@trunkline/providers/adapters/openai';
import { DENIED_IN_A_ROW_MAX, DENIED_WARNING } from './turn-budget.js';
import { turnGate } from './turn-gate.js';

const month = (max: string) => ({ limits: { spendMonthMax: dollars(max), overBudget: 'block_turns' as const } });
const bySession = (max: string) => ({ limits: { spendSessionMax: dollars(max) } });
const byTokens = { limits: { tokensPerMinuteMax: 100 } };

describe('a turn that a client asks for', () => {
  it('does not reach the vendor when it does not fit, and the client hears which question that was', async () => {
    const { session, events } = rig(month('1'));
    const { seen, ask, turn } = session();
    await turn('a', '1');
    expect(await ask('event_1')).toBe(false);
    expect(seen).toMatchObject({ cancelled: [], told: [{ code: 'insufficient_quota', event_id: 'event_1' }] });
    expect(events.at(-1)).toMatchObject({ kind: 'turn_blocked', when: 'before' });
  });

  it('holds one reservation, which the turn takes over when it begins', async () => {
    const { session } = rig(month('1'));
    const [one, other] = [session(), session()];
    await one.turn('first', '0.4');
    expect(await one.ask()).toBe(true);
    await one.begin('a');
    expect(await other.ask()).toBe(true);
    expect(await other.ask()).toBe(false);
    await one.report('a', '0.1');
    expect(await other.ask()).toBe(true);
  });

  it('holds nothing any more when the vendor refuses the question', async () => {
    const { session } = rig(bySession('1'));
    const { ask, refused } = session();
    expect(await ask('event_1')).toBe(true);
    expect(await ask('event_2')).toBe(false);
    refused('event_other');
    expect(await ask('event_2')).toBe(false);
    refused('event_1', false);
    expect(await ask('event_2')).toBe(true);
    expect(await ask(null)).toBe(false);
  });

  it('holds nothing any more when the vendor never began it', async () => {
    const { session, budgets, time } = rig(bySession('1'));
    const { ask } = session();
    await ask();
    expect(await ask()).toBe(false);
    time.nowMs += 15_000;
    await budgets.sync();
    expect(await ask()).toBe(true);
  });

  it('goes on when the store is away or does not answer in time, and is cancelled if the answer is no', async () => {
    expect(
      await rig({ ...month('1'), store: unreachable() })
        .session()
        .ask(),
    ).toBe(true);
    const { session, store } = rig({ ...month('1'), impatient: true });
    const { ask, begin, seen } = session();
    const [real, late] = [store.reserve.bind(store), { answer: () => undefined as void }];
    store.reserve = (turn) =>
      new Promise(
        (resolve) =>
          (late.answer = () =>
            void real({ ...turn, limits: { ...turn.limits, monthMax: dollars('0') } }).then(resolve)),
      );
    expect(await ask()).toBe(true);
    await begin('a');
    late.answer();
    await settled();
    expect(seen.cancelled).toEqual(['a']);
  });

  it('is not asked about where its tenant has no limit', async () => {
    const { session, events } = rig({ store: unreachable() });
    expect(await session().ask()).toBe(true);
    expect(events).toEqual([]);
  });
});

describe('a question', () => {
  const gate = (may: boolean) => {
    const asked: (string | null)[] = [];
    const asks = (eventId: string | null) => Promise.resolve((asked.push(eventId), may));
    const tap = turnGate(new OpenAiRealtimeObserver(), { asks });
    return { tap, asked, say: (text: string) => tap.message('unknown', Buffer.from(text)) };
  };
  const twice = '{"type":"input_audio_buffer.append","type":"response.create","event_id":"event_1"}';

  it('is one whatever else it says that it is, and its type is read from all of it', async () => {
    const { tap, asked, say } = gate(false);
    expect([await say(twice), asked, tap.typesFrom]).toEqual(['drop', ['event_1'], 'whole']);
  });

  it('goes on as it was read, and what could not be read as what nobody can', async () => {
    const { say } = gate(true);
    const plain = '{"type":"response.create","event_id":"event_1"}';
    expect([await say(plain), await say(twice), await say('{"type":"response.create","n":NaN}')]).toEqual([
      'forward',
      { replace: Buffer.from(plain) },
      { replace: Buffer.from('{') },
    ]);
  });
});

describe("a session's own limit", () => {
  it('is passed by one turn at most, however many are asked for at once', async () => {
    const { session } = rig(bySession('0.5'));
    const { seen, ask, begin, report } = session();
    let spent = 0;
    for (let round = 0; !seen.ended; round += 1) {
      const answers = await Promise.all(Array.from({ length: 60 }, () => ask()));
      const turns = answers.filter(Boolean).map((_, i) => `${round}-${i}`);
      for (const turn of turns) await begin(turn);
      for (const turn of turns) await report(turn, '0.2');
      spent += turns.length * 0.2;
    }
    expect(spent).toBeCloseTo(0.6);
    expect(seen).toMatchObject({ cause: 'budget_exceeded', cancelled: [] });
  });

  it('holds for turns that the vendor begins by itself, too', async () => {
    const { session } = rig(bySession('0.5'));
    const { seen, begin } = session();
    for (const turn of ['a', 'b', 'c']) await begin(turn);
    expect(seen).toMatchObject({ ended: false, cancelled: ['b', 'c'] });
  });

  it('is not blocked for ever by a report that never comes', async () => {
    const { session, time } = rig(bySession('0.5'));
    const { ask, begin } = session();
    await begin('lost');
    expect(await ask()).toBe(false);
    time.nowMs += 120_000;
    expect(await ask()).toBe(true);
  });
});

describe('usage without a price', () => {
  it('of a transcription counts as tokens', async () => {
    const { session } = rig(byTokens);
    const { seen, ask, transcribe } = session();
    await transcribe('item', null, 100);
    expect(await ask()).toBe(false);
    expect(seen.told).toMatchObject([{ code: 'rate_limit_exceeded' }]);
  });

  it('counts toward spending: a turn as the last one, a transcription as a fifth of a cent, a repeat as nothing', async () => {
    const { session } = rig(month('0.504'));
    const { ask, turn, transcribe, report } = session();
    await turn('a', '0.25');
    await turn('b', null, 10);
    await report('b', null, 10);
    await transcribe('c', null, 10);
    expect(await ask()).toBe(true);
    await transcribe('d', null, 10);
    expect(await ask()).toBe(false);
  });
});

describe('a session that is denied turn after turn', () => {
  it('is warned and then ended, when it tries for most of a minute without one turn', async () => {
    const { session, time } = rig(byTokens);
    const { seen, ask, transcribe } = session();
    for (let i = 1; i <= DENIED_IN_A_ROW_MAX; i += 1) {
      await transcribe(`t${i}`, '0', 100);
      time.nowMs += 1_000;
      expect(await ask()).toBe(false);
      expect(seen.warned).toHaveLength(i < DENIED_WARNING ? 0 : 1);
    }
    expect(seen).toMatchObject({
      ended: false,
      warned: [{ type: 'trunkline.session.ending', reason: 'turns_denied' }],
    });
    time.nowMs += 1_000;
    await ask();
    expect(seen).toMatchObject({ ended: true, cause: 'turns_denied' });
  });

  it('stays when it asks for many at once, or simply waits', async () => {
    const { session, time } = rig(byTokens);
    const { seen, ask, transcribe } = session();
    await transcribe('t', '0', 100);
    for (let i = 0; i < 3 * DENIED_IN_A_ROW_MAX; i += 1) await ask();
    time.nowMs += 59_999;
    await ask();
    expect(seen.ended).toBe(false);
    time.nowMs += 1;
    expect(await ask()).toBe(true);
  });

  it('is ended for its budget when all is spent', async () => {
    const { session, time } = rig(month('1'));
    const { seen, ask, turn } = session();
    await turn('a', '1');
    for (let i = 0; i <= DENIED_IN_A_ROW_MAX; i += 1) {
      expect(seen.ended).toBe(false);
      time.nowMs += 1_000;
      await ask();
    }
    expect(seen).toMatchObject({ ended: true, cause: 'budget_exceeded' });
  });
});
