// What people try so that a rule does not find their words, played against the reader and the rules as a session has them.
// docs/moderation.md ("What is caught") says the same in words.
import { Pipeline, type ModerationHook } from '@trunkline/moderation';
import { personalDataHook, termsHook } from '@trunkline/moderation/adapters/rules';
import { OpenAiContentReader } from '@trunkline/providers/adapters/openai';
import { judgeEvent } from './judge-event.js';

const TERMS = termsHook([{ text: 'bomb', category: 'weapons', wholeWord: true }]);
const CARDS = personalDataHook(['card_number']);

type Sent = readonly ['client' | 'upstream', object];

/** The actions to which events of one session lead, in order. */
function judged(events: readonly Sent[]): readonly string[] {
  const bindingOf = (name: string, hook: ModerationHook) => ({
    name,
    type: name,
    hook,
    kinds: hook.kinds,
    deadlineMs: 10,
    onFailure: 'closed' as const,
    categories: {},
    otherwise: { atLeast: 0, action: 'block' as const },
    dryRun: false,
  });
  const bindings = [bindingOf('terms', TERMS), bindingOf('personal_data', CARDS)];
  const context = { tenantId: 'tnt_a', sessionId: 'ses_a' };
  const pipeline = new Pipeline(bindings, context, () => () => undefined);
  const reader = new OpenAiContentReader();
  return events.map(([from, event]) => {
    const read = reader.read(from, Buffer.from(JSON.stringify(event)));
    if (read === null) return 'unread';
    const verdict = judgeEvent(pipeline, read);
    if (verdict instanceof Promise) throw new Error('rules answer at once');
    return verdict.action;
  });
}

const item = (fields: object): Sent => ['client', { type: 'conversation.item.create', item: fields }];
const typed = (text: string): Sent => item({ type: 'message', role: 'user', content: [{ type: 'input_text', text }] });
const stream = (type: string, field: string, deltas: readonly string[], end: string): readonly Sent[] => [
  ...deltas.map((delta): Sent => ['upstream', { type: `${type}.delta`, response_id: 'r', item_id: 'i', delta }]),
  ['upstream', { type: `${type}.done`, response_id: 'r', item_id: 'i', [field]: end }],
];
const spoken = (...deltas: string[]): readonly Sent[] =>
  stream('response.output_audio_transcript', 'transcript', deltas, deltas.join(''));
const called = (...deltas: string[]): readonly Sent[] =>
  stream('response.function_call_arguments', 'arguments', deltas, deltas.join(''));
const output = (given: unknown): Sent => item({ type: 'function_call_output', call_id: 'c', output: given });

describe('an attempt to say what a rule looks for', () => {
  it.each<[string, readonly Sent[]]>([
    ['in capitals', [typed('a BoMB')]],
    ['with unseen characters', [typed('a b\u200bo\u200dm\u2060b')]],
    ['with marks of direction', [typed('a \u202ebo\u202cmb')]],
    ['with tags behind it', [typed('a bomb\u{e0041}\u{e0042}')]],
    ['in full-width letters', [typed('a \uff42\uff4f\uff4d\uff42')]],
    ['in mathematical letters', [typed('a \u{1d41b}\u{1d428}\u{1d426}\u{1d41b}')]],
    ['in circled letters', [typed('a \u24d1\u24de\u24dc\u24d1')]],
    ['between marks', [typed('(bomb)'), typed('*bomb*')]],
    ['letter by letter in deltas', spoken('a ', 'b', 'o', 'm', 'b', '.')],
    ['with unseen deltas in between', spoken('a bo', '\u200b', '\u200b\u200b', 'mb')],
    ['at the very end', spoken('a bo', 'mb')],
    ['in arguments over deltas', called('{"say":"bo', 'mb"}')],
    ['in a final transcript only', stream('response.output_audio_transcript', 'transcript', ['a bo', 'at'], 'a bomb')],
    ['in the output of a tool', [output('a bomb')]],
    ['in an object that a tool gave', [output({ deep: [{ say: 'bomb' }] })]],
    ['in parts that a tool gave', [output([{ type: 'input_text', text: 'a bomb' }])]],
    ['beside a field that parts do not have', [output([{ type: 'input_text', text: 'hi', note: 'bomb' }])]],
    ['in a variable', [['client', { type: 'response.create', response: { prompt: { variables: { a: 'bomb' } } } }]]],
    ['as a card in groups over deltas', spoken('4111', ' 1111 ', '1111', '-1111', ' ok')],
    ['as a card with when it expires', spoken('4111 1111 1111 1111', ' 12/27')],
    ['as a card in full-width digits', [typed('\uff14\uff11\uff11\uff11 1111 1111 1111')]],
    ['as a card in a number of JSON', [output({ card: 4111111111111111 })]],
  ])('is stopped %s', (_how, events) => {
    expect(judged(events)).toContain('block');
  });

  it.each<[string, readonly Sent[]]>([
    ['inside a longer word', spoken('bo', 'mb', 'ast', ' talk')],
    ['in letters of another script that look alike', [typed('a b\u043emb')]],
    ['in digits for letters', [typed('a b0mb')]],
    ['with spaces or marks that are seen', [typed('a b o m b'), typed('a b.o.m.b')]],
    ['over two items', [typed('a bo'), typed('mb')]],
    ['in an encoding', [typed('Ym9tYg=='), typed('mobb, backwards')]],
    ['as a card in words', spoken('four one one one ', 'one one one one')],
  ])('is not known for it %s', (_how, events) => {
    expect(new Set(judged(events))).toEqual(new Set(['pass']));
  });
});
