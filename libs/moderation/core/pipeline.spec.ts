import { bindingOf, findsWord, hookOf, ManualTimers } from '../test/hooks.js';
import type { HookBinding } from './binding.js';
import { HookFailed, type ModerationHook } from './hook.js';
import { Pipeline, type Decision, type Piece } from './pipeline.js';
import { NOTHING_FOUND, type Verdict } from './verdict.js';

const CONTEXT = { tenantId: 'tnt_a', sessionId: 'ses_a' };

function open(...bindings: readonly HookBinding[]) {
  const timers = new ManualTimers();
  return { pipeline: new Pipeline(bindings, CONTEXT, timers.start), timers };
}

function typed(text: string): Piece {
  return { kind: 'typed_text', streamId: null, text, complete: true };
}

function said(text: string, complete = false, streamId = 'item_1'): Piece {
  return { kind: 'output_text', streamId, text, complete };
}

/** The decision of hooks that all answer at once. */
function now(answer: Decision | Promise<Decision>): Decision {
  if (answer instanceof Promise) throw new Error('expected an answer in the same turn');
  return answer;
}

describe('a pipeline', () => {
  it('tells each verdict that lets content go on, and those only', async () => {
    const passed: string[] = [];
    const dry = bindingOf(findsWord('bad'), { name: 'dry', dryRun: true });
    const slow = bindingOf(
      hookOf(() => Promise.resolve(NOTHING_FOUND)),
      { name: 'slow' },
    );
    const pipeline = new Pipeline([dry, slow], CONTEXT, new ManualTimers().start, ({ name }) => passed.push(name));
    await pipeline.judge(typed('good'));
    expect(passed).toEqual(['dry', 'slow']);
    await pipeline.judge(typed('bad'));
    expect(passed).toEqual(['dry', 'slow', 'slow']);
  });

  it('lets content go on that nobody is asked about, in the same turn', () => {
    const hook = findsWord('bad', { kinds: ['output_text'] });
    const { pipeline } = open(bindingOf(hook));
    expect(now(pipeline.judge(typed('bad')))).toEqual({ action: 'pass', redacted: null, words: [] });
    expect(hook.shown).toEqual([]);
  });

  it('shows a hook only what its binding says', () => {
    const hook = findsWord('bad');
    const { pipeline } = open(bindingOf(hook, { kinds: ['image'] }));
    expect(now(pipeline.judge(typed('bad'))).action).toBe('pass');
  });

  it('asks in order, and nobody after the one that stops it', () => {
    const [first, second] = [findsWord('bad'), findsWord('bad')];
    const { pipeline } = open(bindingOf(first, { name: 'first' }), bindingOf(second, { name: 'second' }));
    const { action, words } = now(pipeline.judge(typed('bad')));
    expect([action, words.map(({ binding }) => binding.name)]).toEqual(['block', ['first']]);
    expect(second.shown).toEqual([]);
  });

  it('takes the severest of what hooks say', () => {
    const flags = bindingOf(findsWord('b'), { otherwise: { atLeast: 0, action: 'flag' } });
    const ends = bindingOf(findsWord('c'), { otherwise: { atLeast: 0, action: 'end' } });
    const { pipeline } = open(flags, ends, flags);
    expect(now(pipeline.judge(typed('b c'))).action).toBe('end');
    expect(now(pipeline.judge(typed('b'))).action).toBe('flag');
  });

  it('goes by category and score', () => {
    const scores: Verdict = { action: null, findings: [{ category: 'hate', score: 0.6, span: null }] };
    const decide = (rest: Partial<HookBinding>) =>
      now(
        open(
          bindingOf(
            hookOf(() => scores),
            rest,
          ),
        ).pipeline.judge(typed('x')),
      );
    expect(decide({ categories: { hate: { atLeast: 0.7, action: 'end' } } }).action).toBe('pass');
    expect(decide({ categories: { hate: { atLeast: 0.6, action: 'end' } } }).action).toBe('end');
    expect(decide({ categories: { violence: { atLeast: 0, action: 'end' } } }).action).toBe('block');
  });

  it('tells only what counted', () => {
    const findings = [
      { category: 'hate', score: 0.6, span: null },
      { category: 'violence', score: 0.1, span: null },
    ];
    const told = (otherwise: HookBinding['otherwise']) =>
      now(
        open(
          bindingOf(
            hookOf(() => ({ action: null, findings })),
            { otherwise },
          ),
        ).pipeline.judge(typed('x')),
      ).words.flatMap((word) => word.findings.map(({ category }) => category));
    expect(told({ atLeast: 0.5, action: 'flag' })).toEqual(['hate']);
    expect(told({ atLeast: 0.9, action: 'flag' })).toEqual([]);
  });

  it('only counts on a dry run', () => {
    const after = findsWord('bad');
    const { pipeline } = open(
      bindingOf(findsWord('bad'), { dryRun: true }),
      bindingOf(after, { otherwise: { atLeast: 0, action: 'flag' } }),
    );
    const { action, words } = now(pipeline.judge(typed('bad')));
    expect([action, words.map((word) => word.action)]).toEqual(['flag', ['block', 'flag']]);
  });

  it('redacts what was found, by all who redact', () => {
    const redacts = (word: string) => bindingOf(findsWord(word), { otherwise: { atLeast: 0, action: 'redact' } });
    const { pipeline } = open(redacts('4111'), redacts('Eve'));
    expect(now(pipeline.judge(typed('Eve has 4111, Eve'))).redacted).toBe('[removed] has [removed], [removed]');
  });
});

it('what should be cut out and has no place is blocked', () => {
  const somewhere = { category: 'hate', score: 1, span: null };
  const verdicts: readonly Verdict[] = [
    { action: null, findings: [somewhere] },
    { action: 'redact', findings: [somewhere] },
    { action: 'redact', findings: [] },
  ];
  for (const verdict of verdicts) {
    const hook = hookOf(() => verdict);
    const { pipeline } = open(bindingOf(hook, { otherwise: { atLeast: 0, action: 'redact' } }));
    expect(now(pipeline.judge(typed('x')))).toMatchObject({ action: 'block', redacted: null });
  }
});

describe('a stream', () => {
  it('finds a term that spans five pieces, once', () => {
    const { pipeline } = open(bindingOf(findsWord('forbidden')));
    const actions = ['for', 'bi', 'dd', 'e', 'n and', ' more'].map((text) => now(pipeline.judge(said(text))).action);
    expect(actions).toEqual(['pass', 'pass', 'pass', 'pass', 'block', 'pass']);
  });

  it('is not mixed with another', () => {
    const { pipeline } = open(bindingOf(findsWord('bad')));
    expect(now(pipeline.judge(said('ba'))).action).toBe('pass');
    expect(now(pipeline.judge(said('d', false, 'item_2'))).action).toBe('pass');
    expect(now(pipeline.judge(said('d'))).action).toBe('block');
  });

  const slow = (rest: Partial<ModerationHook> = {}) => {
    const answers: (() => void)[] = [];
    const hook = hookOf(() => new Promise((resolve) => answers.push(() => resolve(NOTHING_FOUND))), rest);
    return { binding: bindingOf(hook), answers };
  };

  it.each([
    ['by the sentence', 'sentence'],
    ['with every piece', 'piece'],
  ] as const)('is shown in order to hooks behind a slow one that is asked %s', async (_how, cadence) => {
    const { binding, answers } = slow({ cadence });
    const behind = findsWord('forbidden');
    const { pipeline } = open(binding, bindingOf(behind));
    const decided: string[] = [];
    const pieces = ['Well. for', 'bid', 'den', ' things'].map((text) =>
      Promise.resolve(pipeline.judge(said(text))).then(({ action }) => decided.push(`${text}: ${action}`)),
    );
    // The last question is answered first.
    for (const answer of answers.toReversed()) {
      answer();
      await Promise.resolve();
    }
    await Promise.all(pieces);
    expect(decided).toEqual(['Well. for: pass', 'bid: pass', 'den: block', ' things: pass']);
    expect(behind.shown.map(({ text }) => text)).toEqual([
      'Well. for',
      'ell. forbid',
      '. forbidden',
      'orbidden things',
    ]);
  });

  it('is judged by a slow hook side by side, and acted on in order', async () => {
    const { binding, answers } = slow();
    const { pipeline } = open(binding);
    const decided: string[] = [];
    for (const text of ['a', 'b', 'c']) void Promise.resolve(pipeline.judge(said(text))).then(() => decided.push(text));
    expect(answers).toHaveLength(3);
    answers[2]?.();
    answers[1]?.();
    await new Promise(setImmediate);
    expect(decided).toEqual([]);
    // Nothing of another stream waits for it.
    const other = Promise.resolve(pipeline.judge(said('x', false, 'item_2'))).then(() => decided.push('x'));
    answers[3]?.();
    await other;
    answers[0]?.();
    await new Promise(setImmediate);
    expect(decided).toEqual(['x', 'a', 'b', 'c']);
    expect(pipeline.judge(said('d'))).toBeInstanceOf(Promise);
  });

  it('redacts of a piece what lies in it, also of what began before', () => {
    const { pipeline } = open(bindingOf(findsWord('4111'), { otherwise: { atLeast: 0, action: 'redact' } }));
    expect(now(pipeline.judge(said('a 41'))).redacted).toBeNull();
    expect(now(pipeline.judge(said('11 b'))).redacted).toBe('[removed] b');
  });

  it('is shown by the sentence to hooks that want sentences, with what precedes it', () => {
    const hook = hookOf(() => NOTHING_FOUND, { cadence: 'sentence' });
    const { pipeline } = open(bindingOf(hook));
    for (const text of ['Hello', ' there. ', 'And', ' you?', 'bye']) now(pipeline.judge(said(text)));
    now(pipeline.judge(said('', true)));
    expect(hook.shown.map(({ text }) => text)).toEqual([
      'Hello there. ',
      'Hello there. And you?',
      'Hello there. And you?bye',
    ]);
  });

  it('is shown once and whole to hooks that want it whole', () => {
    const hook = hookOf(() => NOTHING_FOUND, { cadence: 'complete' });
    const { pipeline } = open(bindingOf(hook));
    for (const text of ['One. ', 'Two.']) now(pipeline.judge(said(text)));
    now(pipeline.judge(said('', true)));
    expect(hook.shown).toMatchObject([{ text: 'One. Two.', startsAt: 0, complete: true }]);
  });
});

describe('a hook that fails', () => {
  const asks = (rest: Partial<HookBinding>, answer: () => Verdict | Promise<Verdict>) => {
    const { pipeline, timers } = open(bindingOf(hookOf(answer), rest));
    return { answer: pipeline.judge(typed('x')), timers };
  };

  it.each([
    ['closed', 'block'],
    ['open', 'pass'],
  ] as const)('has the effect of its policy: %s', async (onFailure, action) => {
    const thrown = asks({ onFailure }, () => {
      throw new Error('bug');
    });
    expect(await thrown.answer).toMatchObject({ action, words: [{ failure: 'failed' }] });
    const rejected = asks({ onFailure }, () => Promise.reject(new Error('down')));
    expect(await rejected.answer).toMatchObject({ action, words: [{ failure: 'failed' }] });
    const late = asks({ onFailure, deadlineMs: 50 }, () => new Promise(() => undefined));
    late.timers.pass(50);
    expect(await late.answer).toMatchObject({ action, words: [{ failure: 'late' }] });
  });

  it('says why only in words that are meant for operators', async () => {
    const reasons = [new HookFailed('the service answered 500'), new Error('something of what was judged')].map(
      async (error) => {
        const { pipeline } = open(bindingOf(hookOf(() => Promise.reject(error))));
        return (await pipeline.judge(typed('x'))).words[0]?.reason;
      },
    );
    expect(await Promise.all(reasons)).toEqual(['the service answered 500', null]);
  });

  it('does not keep the next one from being asked', async () => {
    const next = findsWord('x');
    const { pipeline } = open(
      bindingOf(
        hookOf(() => Promise.reject(new Error('down'))),
        { onFailure: 'open' },
      ),
      bindingOf(next),
    );
    expect(await pipeline.judge(typed('x'))).toMatchObject({
      action: 'block',
      words: [{ failure: 'failed' }, { failure: null }],
    });
  });

  it('is not heard after its deadline, and hears of it', async () => {
    let answer: (verdict: Verdict) => void = () => undefined;
    let aborted = false;
    const hook = hookOf((_content, signal) => {
      signal.addEventListener('abort', () => (aborted = true));
      return new Promise((resolve) => (answer = resolve));
    });
    const { pipeline, timers } = open(bindingOf(hook, { onFailure: 'open' }));
    const decision = pipeline.judge(typed('x'));
    timers.pass(100);
    answer({ action: 'end', findings: [] });
    expect([(await decision).action, aborted]).toEqual(['pass', true]);
  });

  it('is late and nothing else when it answers after its deadline', async () => {
    let answer: (verdict: Verdict) => void = () => undefined;
    const slow = bindingOf(hookOf(() => new Promise((resolve) => (answer = resolve))));
    const timers = new ManualTimers();
    const passed: string[] = [];
    const pipeline = new Pipeline([slow], CONTEXT, timers.start, ({ name }) => passed.push(name));
    const decision = pipeline.judge(typed('x'));
    timers.pass(100);
    answer(NOTHING_FOUND);
    expect((await decision).words).toMatchObject([{ failure: 'late' }]);
    await new Promise(setImmediate);
    expect(passed).toEqual([]);
  });

  it('leaves no timer behind when it answers', async () => {
    const { pipeline, timers } = open(bindingOf(hookOf(() => Promise.resolve(NOTHING_FOUND))));
    expect((await pipeline.judge(typed('x'))).words).toEqual([]);
    expect(timers.count).toBe(0);
  });
});
