import { CIRCUIT, withCircuit, type ModerationHook, type Verdict } from '@trunkline/moderation';
import { patternsHook, termsHook } from '@trunkline/moderation/adapters/rules';
import { BAD, bindingOf, gateOf } from './gate-builders.conformance.js';

const item = (text: string) => ({
  type: 'conversation.item.create',
  event_id: 'event_1',
  item: { id: 'item_u', type: 'message', role: 'user', content: [{ type: 'input_text', text }] },
});
const of = { response_id: 'resp_1', item_id: 'item_1', output_index: 0, content_index: 0 };
const delta = (text: string) => ({ type: 'response.output_audio_transcript.delta', ...of, delta: text });
const audio = { type: 'response.output_audio.delta', ...of, delta: 'AAAA' };
const spokenItem = {
  id: 'item_1',
  type: 'message',
  role: 'assistant',
  content: [{ type: 'output_audio', transcript: 'this is forbidden' }],
};
const ends = [
  { type: 'response.output_audio.done', ...of },
  { type: 'response.output_audio_transcript.done', ...of, transcript: 'this is forbidden' },
  { type: 'response.content_part.done', ...of, part: { type: 'audio', transcript: 'this is forbidden' } },
  { type: 'conversation.item.done', item: spokenItem },
  { type: 'response.output_item.done', response_id: 'resp_1', output_index: 0, item: spokenItem },
  {
    type: 'response.done',
    response: { id: 'resp_1', status: 'cancelled', output: [spokenItem], usage: { total_tokens: 3 } },
  },
];

describe('what an app sends', () => {
  it('goes on as it came when nothing is found', () => {
    const { send, said } = gateOf();
    expect([send(item('hello')), said.blocked]).toEqual(['forward', []]);
  });

  it('does not reach the model when it is blocked, and the app is told', () => {
    const { send, said, findings } = gateOf();
    expect(send(item('a forbidden thing'))).toBe('drop');
    expect([said.blocked, said.ends]).toEqual([[['client', 'event_1']], 0]);
    expect(findings).toMatchObject([{ kind: 'typed_text', itemId: 'item_u', word: { action: 'block' } }]);
  });

  it('is changed where it is redacted', () => {
    const { send } = gateOf({}, bindingOf(BAD, { otherwise: { atLeast: 0, action: 'redact' } }));
    const verdict = send(item('a forbidden thing'));
    expect(typeof verdict === 'object' && 'replace' in verdict ? verdict.replace.toString() : verdict).toBe(
      JSON.stringify(item('a [removed] thing')),
    );
  });

  it('is no tool of a server that is called without an approval, where a pattern refuses those', () => {
    const hook = patternsHook([
      { pattern: '"require_approval":"never"', category: 'unapproved', caseSensitive: false },
    ]);
    const { send } = gateOf({}, bindingOf(hook, { kinds: ['tools'] }));
    const tools = (require_approval: string) => [
      { type: 'mcp', server_label: 'a', server_url: 'https://a', require_approval },
    ];
    const update = (approval: string) => ({
      type: 'session.update',
      session: { type: 'realtime', tools: tools(approval) },
    });
    expect([send(update('never')), send(update('always'))]).toEqual(['drop', 'forward']);
  });

  it('goes on as it was read, whoever would read it otherwise', () => {
    const { gate, said } = gateOf();
    const raw = (text: string) => gate.fromClient('unknown', Buffer.from(text));
    const [good, bad] = [JSON.stringify(item('hello').item), JSON.stringify(item('forbidden').item)];
    expect(raw(`{"type":"input_audio_buffer.append","type":"conversation.item.create","item":${bad}}`)).toBe('drop');
    expect(raw(`{"type":"conversation.item.create","item":${good},"item":${bad}}`)).toBe('drop');
    expect(said.blocked).toHaveLength(2);
    expect(raw(`{"type":"conversation.item.create","item":${bad},"item":${good}}`)).toEqual({
      replace: Buffer.from(`{"type":"conversation.item.create","item":${good}}`),
    });
  });

  it('is no event to anybody where it could not be read here', () => {
    const text = JSON.stringify(item('forbidden')).replace('{', '{"n":NaN,');
    const verdict = gateOf().gate.fromClient('conversation.item.create', Buffer.from(text));
    expect(verdict).toEqual({ replace: Buffer.from('{') });
  });

  it('ends the session by the policy: at a verdict, or after so many blocks', () => {
    const atOnce = gateOf({}, bindingOf(BAD, { otherwise: { atLeast: 0, action: 'end' } }));
    expect([atOnce.send(item('forbidden')), atOnce.said.ends]).toEqual(['drop', 1]);
    const second = gateOf({ blocksMax: 2 });
    expect([second.send(item('forbidden')), second.said.ends]).toEqual(['drop', 0]);
    expect([second.send(item('forbidden')), second.said.ends]).toEqual(['drop', 1]);
  });
});

describe('what the model says', () => {
  it('is stopped where it is blocked: no audio after it, and nothing of what was said', () => {
    const { receive, said } = gateOf();
    expect(receive(delta('this is for'))).toMatchObject({ delta: 'this is for' });
    expect(receive(audio)).toBe(audio);
    expect(receive(delta('bidden'))).toBeNull();
    expect(said.upstream).toMatchObject([{ type: 'response.cancel', response_id: 'resp_1' }]);
    expect(said.client.map((text) => JSON.parse(text) as unknown)).toMatchObject([
      { type: 'output_audio_buffer.cleared', response_id: 'resp_1' },
    ]);
    expect(receive(audio)).toBeNull();
    expect(JSON.stringify(ends.map(receive))).not.toContain('forbidden');
  });

  it('is cut off where it was heard, whatever else begins and is said meanwhile', () => {
    const { gate, receive, said } = gateOf();
    const begins = (id: string): { type: string; response: object } => ({ type: 'response.created', response: { id } });
    const second = { ...audio, delta: 'A'.repeat(6_400) };
    const aside = { ...second, response_id: 'resp_2', item_id: 'item_2' };
    [begins('resp_1'), second, begins('resp_2'), second, aside, aside, aside].forEach(receive);
    receive(delta('forbidden'));
    expect(said.client.map((text) => JSON.parse(text) as unknown)).toMatchObject([
      { type: 'output_audio_buffer.cleared', response_id: 'resp_1' },
    ]);
    ends.forEach(receive);
    // Two deltas of 100 ms, less what their frames are longer than was assumed; not five.
    const { audio_end_ms } = said.upstream.find(({ type }) => type === 'conversation.item.truncate') ?? {};
    expect(audio_end_ms).toBeGreaterThan(180);
    expect(audio_end_ms).toBeLessThanOrEqual(200);
    // One alone is not looked at.
    expect(gate.interest('upstream', audio.type)).toBe('note');
    receive(aside);
    const blocked = { ...delta('forbidden'), response_id: 'resp_2', item_id: 'item_2' };
    receive(blocked);
    expect(said.client).toHaveLength(2);
  });

  it('ends for the app as a response ends, with its usage', () => {
    const { receive } = gateOf();
    receive(delta('forbidden'));
    const got = ends.map(receive);
    expect(got.map((event) => (event as { type?: string } | null)?.type)).toEqual(ends.map(({ type }) => type));
    expect(got.at(-1)).toMatchObject({ response: { status: 'cancelled', usage: { total_tokens: 3 } } });
  });

  it('is taken out of the conversation when the response is over, once', () => {
    const { receive, said } = gateOf({ output: { refusal: 'I cannot talk about that.' } });
    receive(delta('forbidden'));
    ends.forEach(receive);
    expect(said.upstream.map(({ type }) => type)).toEqual([
      'response.cancel',
      'conversation.item.truncate',
      'conversation.item.delete',
      'response.create',
    ]);
    expect(said.upstream[2]).toMatchObject({ item_id: 'item_1' });
    expect(JSON.stringify(said.upstream[3])).toContain('I cannot talk about that.');
    expect(said.blocked).toEqual([['upstream', 'resp_1']]);
  });

  it('is followed by no refusal where it was one itself, or they would go on for ever', () => {
    const { receive, said } = gateOf({ output: { refusal: 'I cannot talk about forbidden things.' } });
    receive(delta('forbidden'));
    ends.forEach(receive);
    const { response } = said.upstream[3] as { response: { metadata: object } };
    said.upstream.length = 0;
    const says = (n: number) => ({ ...delta('forbidden'), response_id: `resp_${n}`, item_id: `item_${n}` });
    receive(says(2));
    const done = { id: 'resp_2', status: 'cancelled', conversation_id: null, metadata: response.metadata, output: [] };
    receive({ type: 'response.done', response: done } as { type: string });
    expect(said.upstream.map(({ type }) => type)).toEqual(['response.cancel', 'conversation.item.delete']);
    // The next answer that is blocked is refused as ever.
    receive(says(3));
    receive({ type: 'response.done', response: { ...done, id: 'resp_3', metadata: null } } as { type: string });
    expect(said.upstream.at(-1)).toMatchObject({ type: 'response.create' });
  });

  it('is kept out of any number of answers, one after the other', () => {
    const { receive, said } = gateOf();
    for (let n = 0; n < 200; n += 1) {
      const its = { response_id: `resp_${n}`, item_id: `item_${n}` };
      expect(receive({ ...delta('forbidden'), ...its })).toBeNull();
      expect(receive({ ...audio, ...its })).toBeNull();
      receive({ type: 'response.done', response: { id: `resp_${n}`, status: 'cancelled', output: [] } } as object & {
        type: string;
      });
    }
    expect([said.blocked.length, said.ends]).toEqual([200, 0]);
  });

  it('ends the session when more answers at once are blocked than can be kept apart', () => {
    const { receive, said } = gateOf();
    const its = (n: number) => ({ response_id: `resp_${n}`, item_id: `item_${n}` });
    for (let n = 0; n < 64; n += 1) receive({ ...delta('forbidden'), ...its(n) });
    expect(said.ends).toBe(0);
    expect(receive({ ...delta('forbidden'), ...its(64) })).toBeNull();
    expect([said.ends, receive({ ...audio, ...its(64) })]).toEqual([1, null]);
  });

  it('leaves no call of a tool in a blocked response', () => {
    const { receive } = gateOf();
    const call = { id: 'item_2', type: 'function_call', name: 'pay', arguments: '{"to":"forbidden"}' };
    receive({ type: 'response.function_call_arguments.delta', ...of, delta: '{"to":"forbidden"}' } as { type: string });
    expect(
      receive({ type: 'response.output_item.done', response_id: 'resp_1', item: call } as { type: string }),
    ).toBeNull();
    const done = { type: 'response.done', response: { id: 'resp_1', output: [call] } };
    expect(receive(done)).toEqual({ type: 'response.done', response: { id: 'resp_1', output: [] } });
  });

  it('goes on untouched and unseen after a blocked response is over', () => {
    const { gate, receive } = gateOf();
    receive(delta('forbidden'));
    ends.forEach(receive);
    expect(gate.interest('upstream', audio.type)).toBe('note');
  });

  it('is never heard where it waits', () => {
    const { receive, said, timers, gate } = gateOf({ output: { holdBackMs: 500 } });
    expect([audio, delta('this is for'), audio].map(receive)).toEqual([null, null, null]);
    expect(receive(delta('bidden'))).toBeNull();
    ends.forEach(receive);
    void gate.close(true);
    expect(said.client.join()).not.toMatch(/AAAA|forbidden|bidden|this is/);
    expect(said.client.map((text) => (JSON.parse(text) as { type: string }).type)).toEqual(
      ends.map(({ type }) => type),
    );
    expect(timers).toEqual([]);
  });

  it.each([
    ['typed_text', false],
    ['instructions', false],
    ['input_transcript', true],
    ['tool_arguments', true],
  ] as const)('waits only where a verdict can stop it: %s', (kind, waits) => {
    const { receive } = gateOf({ output: { holdBackMs: 500 } }, bindingOf(BAD, { kinds: [kind] }));
    expect(receive(audio)).toEqual(waits ? null : audio);
  });

  it('is stopped by a verdict that comes later', async () => {
    let answer: (verdict: Verdict) => void = () => undefined;
    const slow: ModerationHook = { ...BAD, inspect: () => new Promise((resolve) => (answer = resolve)) };
    const { receive, said } = gateOf({}, bindingOf(slow));
    expect(receive(delta('forbidden'))).toMatchObject({ delta: 'forbidden' });
    answer({ action: 'block', findings: [] });
    await new Promise((resolve) => setImmediate(resolve));
    expect(said.upstream).toMatchObject([{ type: 'response.cancel', response_id: 'resp_1' }]);
    expect(receive(audio)).toBeNull();
  });
});

describe('an item that the app asks for', () => {
  const retrieved = (id = 'item_1') => ({
    type: 'conversation.item.retrieved',
    item: { ...spokenItem, id, content: [{ type: 'audio', transcript: 'this is forbidden', audio: 'AAAA' }] },
  });

  it('waits like what is held back, and says nothing of what is blocked meanwhile', () => {
    const { gate, receive, said } = gateOf({ output: { holdBackMs: 500 } });
    [audio, delta('this is ')].forEach(receive);
    expect(receive(retrieved())).toBeNull();
    receive(delta('forbidden'));
    void gate.close(true);
    expect(said.client.map((text) => JSON.parse(text) as unknown)).toMatchObject([
      { type: 'conversation.item.retrieved', item: { content: [{ transcript: '', audio: '' }] } },
    ]);
  });

  it('says nothing of what is blocked until it is taken out of the conversation; of others all', () => {
    const { receive } = gateOf();
    receive(delta('forbidden'));
    ends.forEach(receive);
    expect(receive(retrieved())).toMatchObject({ item: { content: [{ transcript: '', audio: '' }] } });
    expect(receive(retrieved('item_9'))).toEqual(retrieved('item_9'));
  });
});

it('a verdict is of the policy that was asked, whichever is in force when it comes', async () => {
  let answer: (verdict: Verdict) => void = () => undefined;
  const slow: ModerationHook = { ...BAD, inspect: () => new Promise((resolve) => (answer = resolve)) };
  const { gate, send, change, versions } = gateOf({}, bindingOf(slow));
  const verdict = send(item('hello'));
  change({ version: 2, bindings: [bindingOf(BAD)] });
  gate.interest('client', 'input_audio_buffer.append');
  answer({ action: 'block', findings: [] });
  await verdict;
  expect([await send(item('forbidden')), versions]).toEqual(['drop', [1, 2]]);
});

describe('a verdict that comes when the response is over', () => {
  const late = (policy: Record<string, unknown>) => {
    let answer: (verdict: Verdict) => void = () => undefined;
    const slow: ModerationHook = { ...BAD, inspect: () => new Promise((resolve) => (answer = resolve)) };
    const bed = gateOf(policy, bindingOf(slow, { kinds: ['output_text'] }));
    bed.receive(delta('this is forbidden'));
    ends.filter(({ type }) => type !== 'response.output_audio_transcript.done').forEach(bed.receive);
    answer({ action: 'block', findings: [] });
    return new Promise((resolve) => setImmediate(resolve)).then(() => bed);
  };

  it('takes its items out of the conversation, and stops nothing that is not running', async () => {
    const { said } = await late({});
    expect(said.upstream.map(({ type }) => type)).toEqual(['conversation.item.truncate', 'conversation.item.delete']);
  });

  it('takes what was said out of what still waits', async () => {
    const { gate, said } = await late({ output: { holdBackMs: 500 } });
    await gate.close(true);
    expect(said.client.length).toBeGreaterThan(0);
    expect(said.client.join()).not.toContain('forbidden');
  });
});

describe('what is held back when the session ends', () => {
  const closing = (isHeard = true) => {
    const answers: ((verdict: Verdict) => void)[] = [];
    const slow: ModerationHook = { ...BAD, inspect: () => new Promise((resolve) => answers.push(resolve)) };
    const bed = gateOf({ output: { holdBackMs: 500 } }, bindingOf(slow, { kinds: ['output_text'], deadlineMs: 5_000 }));
    // Timers of hooks are called off with their answers: what is left is the line's, or the end's.
    const close = () => {
      const closed = bed.gate.close(isHeard);
      return { closed, expire: () => bed.timers.at(-1)?.() };
    };
    return { ...bed, answers, close };
  };
  const response = { id: 'resp_1', status: 'completed', output: [spokenItem], usage: { total_tokens: 3 } };
  const done = { type: 'response.done', response };
  const complete = [audio, delta('all is well'), audio, ...ends.slice(0, 1), done];
  const passed: Verdict = { action: 'pass', findings: [] };

  it('goes when its last verdict lets it through', async () => {
    const { receive, answers, said, close } = closing();
    complete.forEach(receive);
    const { closed } = close();
    expect(said.client).toEqual([]);
    answers.forEach((answer) => answer(passed));
    await closed;
    expect(said.client).toEqual(complete.map((event) => JSON.stringify(event)));
    expect(said.dropped).toBe(0);
  });

  it('does not go when the last verdict blocks it', async () => {
    const { receive, answers, said, close } = closing();
    complete.forEach(receive);
    const { closed } = close();
    answers.forEach((answer) => answer({ action: 'block', findings: [] }));
    await closed;
    expect(said.client.join()).not.toMatch(/AAAA|all is well|forbidden/);
    expect(said.client.join()).toContain('"total_tokens":3');
  });

  it('does not go without a verdict, and is counted', async () => {
    const { receive, said, close } = closing();
    complete.forEach(receive);
    const { closed, expire } = close();
    expire();
    await closed;
    expect(said.client.join()).not.toMatch(/AAAA|all is well|forbidden/);
    expect(said.client.join()).toContain('"total_tokens":3');
    expect(said.dropped).toBeGreaterThan(2);
  });

  it('does not go while its answer is not complete, nor does what comes after the end', () => {
    const { receive, said, gate } = gateOf({ output: { holdBackMs: 500 } });
    [audio, delta('all is'), audio].forEach(receive);
    void gate.close(true);
    expect([delta(' forbidden'), audio, ...ends].map(receive)).toEqual(new Array(ends.length + 2).fill(null));
    expect([said.client, said.dropped]).toEqual([[], 3]);
  });

  it('is waited for by nobody when the client is gone', async () => {
    const { receive, said, close } = closing(false);
    complete.forEach(receive);
    await close().closed;
    expect(said.dropped).toBe(0);
  });

  it('goes at once when all of it was judged', () => {
    const { receive, said, gate, timers } = gateOf({ output: { holdBackMs: 500 } });
    complete.forEach(receive);
    void gate.close(true);
    expect(said.client.join()).toMatch(/all is well/);
    expect(timers).toEqual([]);
  });
});

it('a verdict that comes when the session is over is told, and nothing else', async () => {
  let answer: (verdict: Verdict) => void = () => undefined;
  const slow: ModerationHook = { ...BAD, inspect: () => new Promise((resolve) => (answer = resolve)) };
  const { gate, receive, said, findings } = gateOf({ blocksMax: 1 }, bindingOf(slow));
  receive(delta('forbidden'));
  void gate.close(true);
  answer({ action: 'block', findings: [] });
  await new Promise((resolve) => setImmediate(resolve));
  expect([said.upstream, said.blocked, said.ends]).toEqual([[], [], 0]);
  expect(findings).toMatchObject([{ word: { action: 'block' } }]);
});

it('a hook that hangs on one session delays nothing of another that goes on without it, by whichever messages', async () => {
  let asked = 0;
  const hangs: ModerationHook = { ...BAD, inspect: () => ((asked += 1), new Promise(() => undefined)) };
  const shared = bindingOf(
    withCircuit(hangs, () => 0),
    { onFailure: 'open' },
  );
  const [hung, neighbour] = [gateOf({}, shared), gateOf({}, shared)];
  expect(hung.send(item('hello'))).toBeInstanceOf(Promise);
  // Each is forwarded in the turn of the event loop in which it came: there is no time in which it could wait.
  const answer = Array.from({ length: 300 }, (_, n) => (n % 3 === 0 ? delta(`word ${n}`) : audio));
  expect(answer.map(neighbour.receive)).toEqual(answer);
  expect(asked).toBe(CIRCUIT.openMax);
  // With as many questions open as there may be, nobody is asked and nobody waits.
  expect(await neighbour.send(item('hello'))).toBe('forward');
  expect(asked).toBe(CIRCUIT.openMax);
});

describe('what the caller says', () => {
  it('is blocked where it would be redacted, and found as blocked: it is for somebody to look at', () => {
    const redacts = { otherwise: { atLeast: 0, action: 'redact' } } as const;
    const { receive, said, findings } = gateOf({}, bindingOf(BAD, redacts));
    const completed = 'conversation.item.input_audio_transcription.completed';
    receive({ type: completed, item_id: 'item_c', content_index: 0, transcript: 'forbidden' } as { type: string });
    expect(said.blocked).toEqual([['upstream', 'item_c']]);
    expect(findings).toMatchObject([{ itemId: 'item_c', word: { action: 'block' } }]);
  });

  it('is taken out of the conversation when it is blocked', () => {
    const { receive, said } = gateOf();
    const transcript = {
      type: 'conversation.item.input_audio_transcription.completed',
      item_id: 'item_c',
      content_index: 0,
    };
    expect(receive({ ...transcript, transcript: 'forbidden' } as { type: string })).toMatchObject({
      transcript: 'forbidden',
    });
    expect(said.upstream).toMatchObject([{ type: 'conversation.item.delete', item_id: 'item_c' }]);
    expect(said.blocked).toEqual([['upstream', 'item_c']]);
  });
});

describe('a gate', () => {
  it('does not look at audio, nor at what no hook judges', () => {
    const { gate } = gateOf({}, bindingOf(BAD, { kinds: ['typed_text'] }));
    for (const type of ['input_audio_buffer.append', 'input_audio_buffer.commit', 'response.cancel'])
      expect(gate.interest('client', type)).toBe('pass');
    for (const type of ['response.output_audio_transcript.delta', 'response.done', 'input_audio_buffer.speech_started'])
      expect(gate.interest('upstream', type)).toBe('pass');
  });

  it('lets nothing through while its policy cannot be read, and says so once for all audio', () => {
    const { gate, send, receive, said, change } = gateOf();
    expect(gate.interest('client', 'input_audio_buffer.append')).toBe('pass');
    change({ isShut: true });
    expect([audio, delta('hello')].map(receive)).toEqual([null, null]);
    const append = { type: 'input_audio_buffer.append', audio: 'AAAA' };
    for (const { type } of [append, { type: 'response.cancel' }, { type: 'unknown' }])
      expect(gate.interest('client', type)).toBe('hold');
    expect([append, append, { type: 'response.create', event_id: 'event_2' }].map(send)).toEqual([
      'drop',
      'drop',
      'drop',
    ]);
    expect(said.blocked).toEqual([
      ['client', null],
      ['client', 'event_2'],
    ]);
  });

  it('follows a policy that changes, from the next message on', () => {
    const { gate, receive, change } = gateOf();
    expect(receive(delta('forbidden'))).toBeNull();
    change({ bindings: [] });
    expect(gate.interest('client', 'conversation.item.create')).toBe('pass');
    change({ bindings: [bindingOf(termsHook([{ text: 'rude', category: 'word', wholeWord: false }]))] });
    const next = { ...delta('rude'), response_id: 'resp_2', item_id: 'item_9' };
    expect(receive(next)).toBeNull();
  });

  it('does nothing on a dry run but tell', () => {
    const { send, receive, said, findings } = gateOf({}, bindingOf(BAD, { dryRun: true }));
    expect(send(item('forbidden'))).toBe('forward');
    expect(receive(delta('forbidden'))).toMatchObject({ delta: 'forbidden' });
    expect([said.upstream, said.blocked, findings.length]).toEqual([[], [], 2]);
  });

  it('waits for no dry run, and holds nothing back for one; what it says is told when it comes', async () => {
    let answer: (verdict: Verdict) => void = () => undefined;
    const slow: ModerationHook = { ...BAD, inspect: () => new Promise((resolve) => (answer = resolve)) };
    const { send, receive, findings } = gateOf({ output: { holdBackMs: 500 } }, bindingOf(slow, { dryRun: true }));
    expect(send(item('hello'))).toBe('forward');
    answer({ action: 'block', findings: [] });
    expect(receive(delta('hello'))).toMatchObject({ delta: 'hello' });
    await new Promise((resolve) => setImmediate(resolve));
    expect(findings).toMatchObject([{ itemId: 'item_u', word: { action: 'block', binding: { dryRun: true } } }]);
  });

  it('asks dry runs also about what others block', () => {
    const { gate, send, change, findings } = gateOf();
    change({ bindings: [bindingOf(BAD), bindingOf(BAD, { name: 'dry', dryRun: true })] });
    gate.interest('client', 'conversation.item.create');
    expect(send(item('forbidden'))).toBe('drop');
    expect(findings.map(({ word }) => word.binding.name).sort()).toEqual(['dry', 'words']);
  });

  it('counts what each hook judged, by verdict, for the record of the session', () => {
    const { gate, send, receive, change } = gateOf();
    change({ bindings: [bindingOf(BAD), bindingOf(BAD, { name: 'dry', dryRun: true })] });
    gate.interest('client', 'conversation.item.create');
    for (const text of ['hello', 'world', 'forbidden']) void send(item(text));
    receive(delta('hello'));
    const of = (hook: string, dryRun: boolean) => [
      { hook, dryRun, verdict: 'pass', pieces: 3 },
      { hook, dryRun, verdict: 'block', pieces: 1 },
    ];
    expect(gate.verdicts).toHaveLength(4);
    expect(gate.verdicts).toEqual(expect.arrayContaining([...of('words', false), ...of('dry', true)]));
  });
});
