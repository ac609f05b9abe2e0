// What waits for verdicts of hooks that fail closed, and what does not.
import type { HookBinding, ModerationHook, Verdict } from '@trunkline/moderation';
import { BAD, bindingOf, gateOf } from './gate-builders.conformance.js';

const DEADLINE_MS = 1_000;
const PASSED: Verdict = { action: 'pass', findings: [] };
const BLOCKED: Verdict = { action: 'block', findings: [] };

const of = { response_id: 'resp_1', item_id: 'item_1', output_index: 0, content_index: 0 };
const delta = (text: string) => ({ type: 'response.output_audio_transcript.delta', ...of, delta: text });
const audio = { type: 'response.output_audio.delta', ...of, delta: 'AAAA' };
const call = { id: 'item_1', type: 'function_call', name: 'pay', call_id: 'call_1', arguments: '{"to":"ana"}' };
const argumentsDone = { type: 'response.function_call_arguments.done', ...of, arguments: call.arguments };
const callEvents = [
  argumentsDone,
  { type: 'conversation.item.done', item: call },
  { type: 'response.output_item.done', response_id: 'resp_1', output_index: 0, item: call },
  {
    type: 'response.done',
    response: { id: 'resp_1', status: 'completed', output: [call], usage: { total_tokens: 3 } },
  },
];

/** A gate whose hook answers when the test says so. */
function slowGate(policy: Record<string, unknown>, rest: Partial<HookBinding> = {}) {
  const answers: ((verdict: Verdict) => void)[] = [];
  const slow: ModerationHook = { ...BAD, inspect: () => new Promise((resolve) => answers.push(resolve)) };
  const bed = gateOf(policy, bindingOf(slow, { deadlineMs: DEADLINE_MS, ...rest }));
  const answer = async (verdict: Verdict): Promise<void> => {
    answers.shift()?.(verdict);
    await settled();
  };
  const types = (): string[] => bed.said.client.map((text) => (JSON.parse(text) as { type: string }).type);
  return { ...bed, answer, types };
}

function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

describe('output that is held back, judged by a hook that fails closed', () => {
  const held = (rest: Partial<HookBinding> = {}) => slowGate({ output: { holdBackMs: 500 } }, rest);

  it('does not leave by its time while the verdict is due, and is never heard when it is blocked', async () => {
    const { receive, said, elapse, answer } = held();
    expect([audio, delta('this is forbidden'), audio].map(receive)).toEqual([null, null, null]);
    elapse(700);
    await answer(BLOCKED);
    elapse(500);
    expect(said.client.join()).not.toMatch(/forbidden|output_audio_buffer/);
    expect(said.upstream).toMatchObject([{ type: 'response.cancel', response_id: 'resp_1' }]);
  });

  it('leaves as far as it is judged, while what comes after has no verdict yet', async () => {
    const { receive, said, elapse, answer } = held();
    receive(delta('one.'));
    receive(delta('two.'));
    elapse(700);
    await answer(PASSED);
    expect(said.client.join()).toContain('one.');
    expect(said.client.join()).not.toContain('two.');
    await answer(PASSED);
    expect(said.client.join()).toContain('two.');
  });

  it('is blocked at the deadline of a hook that gives no verdict, and until then not heard', async () => {
    const { receive, said, elapse } = held();
    [delta('anything'), audio].forEach(receive);
    elapse(DEADLINE_MS - 1);
    expect(said.client).toEqual([]);
    elapse(1);
    await settled();
    elapse(500);
    expect(said.blocked).toEqual([['upstream', 'resp_1']]);
    expect(said.client).toEqual([]);
  });

  it('leaves by its time where the hook fails open', () => {
    const { receive, said, elapse } = held({ onFailure: 'open' });
    receive(delta('anything'));
    elapse(500);
    expect(said.client.join()).toContain('anything');
  });
});

describe('a call of a tool, without a hold-back', () => {
  it('is not made before its verdict, by whichever event an app would make it', async () => {
    const { receive, said, answer, types } = slowGate({});
    expect(callEvents.map(receive)).toEqual([null, null, null, null]);
    expect(said.client).toEqual([]);
    await answer(PASSED);
    await answer(PASSED);
    expect(types()).toEqual(callEvents.map(({ type }) => type));
    expect(said.client.join()).toContain('ana');
  });

  it('is not made at all when it is blocked, and the response ends', async () => {
    const { receive, said, answer, types } = slowGate({});
    callEvents.forEach(receive);
    await answer(BLOCKED);
    await answer(PASSED);
    expect(types()).toEqual(['response.done']);
    expect(said.client.join()).not.toContain('ana');
  });

  it('waits for the verdict of what was said before it, and speech for none', async () => {
    const { receive, answer, said } = slowGate({}, { kinds: ['output_text'] });
    expect([delta('forbidden'), audio].map((each) => receive(each))).toEqual([delta('forbidden'), audio]);
    expect(callEvents.map(receive)).toEqual([null, null, null, null]);
    await answer(BLOCKED);
    expect(said.client.join()).not.toContain('ana');
  });

  it('is made at once where hooks answer at once, or fail open', () => {
    expect(callEvents.map(gateOf().receive)).toEqual(callEvents);
    expect(callEvents.map(slowGate({}, { onFailure: 'open' }).receive)).toEqual(callEvents);
  });
});
