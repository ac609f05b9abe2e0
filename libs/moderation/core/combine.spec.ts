import { hookOf } from '../test/hooks.js';
import { combinedHook, type Combination, type HookPart } from './combine.js';
import type { ModerationHook } from './hook.js';
import type { Verdict } from './verdict.js';

const CONTEXT = { tenantId: 'tnt_a', sessionId: 'ses_a' };
const CONTENT = { kind: 'typed_text', streamId: null, text: 'x', startsAt: 0, complete: true } as const;
const SIGNAL = new AbortController().signal;

function scores(categories: Readonly<Record<string, number>>): Verdict {
  return {
    action: null,
    findings: Object.entries(categories).map(([category, score]) => ({ category, score, span: null })),
  };
}

function part(hook: ModerationHook | Verdict, rest: Partial<HookPart> = {}): HookPart {
  return { hook: 'inspect' in hook ? hook : hookOf(() => hook), weight: 1, required: true, categories: {}, ...rest };
}

const broken = hookOf(() => Promise.reject(new Error('down')));

async function combine(combination: Combination, ...parts: readonly HookPart[]): Promise<Record<string, number>> {
  const { findings } = await combinedHook(parts, combination).inspect(CONTENT, CONTEXT, SIGNAL);
  return Object.fromEntries(findings.map(({ category, score }) => [category, Math.round(score * 1000) / 1000]));
}

describe('hooks combined', () => {
  const [first, second] = [part(scores({ hate: 0.9, spam: 0.5 })), part(scores({ hate: 0.3 }), { weight: 3 })];

  it.each<[Combination, Record<string, number>]>([
    ['any', { hate: 0.9, spam: 0.5 }],
    ['all', { hate: 0.3 }],
    ['weighted', { hate: 0.45, spam: 0.125 }],
  ])('by %s', async (combination, expected) => {
    expect(await combine(combination, first, second)).toEqual(expected);
  });

  it('call categories what the policy calls them', async () => {
    const weapons = part(scores({ weapons: 1 }), { categories: { weapons: 'violence' } });
    expect(await combine('all', weapons, part(scores({ violence: 0.4 })))).toEqual({ violence: 0.4 });
  });

  it('count what one decided itself as found', async () => {
    expect(await combine('any', part({ action: 'block', findings: [] }))).toEqual({ verdict: 1 });
    expect(await combine('any', part({ action: 'pass', findings: [] }))).toEqual({});
  });

  it('keep every place, and that there is none', async () => {
    const span = { start: 0, end: 1 };
    const placed = part({ action: null, findings: [{ category: 'hate', score: 1, span }] });
    const verdict = await combinedHook([placed, first], 'any').inspect(CONTENT, CONTEXT, SIGNAL);
    expect(verdict.findings.filter(({ category }) => category === 'hate')).toEqual([
      { category: 'hate', score: 1, span },
      { category: 'hate', score: 1, span: null },
    ]);
  });

  it('answer at once when all do, and are asked at the same time when not', async () => {
    expect(combinedHook([first, second], 'any').inspect(CONTENT, CONTEXT, SIGNAL)).not.toBeInstanceOf(Promise);
    const asked: string[] = [];
    const slow = (name: string) =>
      part(
        hookOf(() => {
          asked.push(name);
          return Promise.resolve(scores({}));
        }),
      );
    const verdict = combinedHook([slow('one'), slow('two')], 'any').inspect(CONTENT, CONTEXT, SIGNAL);
    expect(asked).toEqual(['one', 'two']);
    await verdict;
  });

  it('fail with one that is required, and go on without one that is not', async () => {
    await expect(combine('any', first, part(broken))).rejects.toThrow('down');
    expect(await combine('all', first, part(broken, { required: false }))).toEqual({ hate: 0.9, spam: 0.5 });
  });

  it('leave nobody unheard when one fails at once', async () => {
    const atOnce = hookOf(() => {
      throw new Error('resting');
    });
    await expect(combine('any', part(broken), part(atOnce), part(broken))).rejects.toThrow(/down|resting/);
    await expect(combine('any', first, part(atOnce))).rejects.toThrow('resting');
    expect(await combine('any', first, part(atOnce, { required: false }))).toEqual({ hate: 0.9, spam: 0.5 });
  });

  it('are over when none is asked any more: one that hangs beside one that failed hears of the deadline', async () => {
    const asked = new AbortController();
    const hung = new Promise<Verdict>((_resolve, reject) =>
      asked.signal.addEventListener('abort', () => reject(new Error('gone'))),
    );
    const whole = combinedHook([part(broken), part(hookOf(() => hung))], 'any');
    let isOver = false;
    const verdict = Promise.resolve(whole.inspect(CONTENT, CONTEXT, asked.signal)).finally(() => (isOver = true));
    const failure = expect(verdict).rejects.toThrow('down');
    await new Promise(setImmediate);
    expect(isOver).toBe(false);
    asked.abort();
    await failure;
  });

  it('fail when none answers, though none is required: that is not the same as nothing found', async () => {
    const optional = part(broken, { required: false });
    await expect(combine('any', optional, optional)).rejects.toThrow('no hook of the combination answered');
  });

  it('see as much as the one that must see most, as seldom as the one that is asked least', () => {
    const near = hookOf(() => scores({}), { lookBack: 10, cadence: 'piece', kinds: ['typed_text'] });
    const far = hookOf(() => scores({}), { lookBack: 500, cadence: 'sentence', kinds: ['image'] });
    const both = combinedHook([part(near), part(far)], 'any');
    expect([both.lookBack, both.cadence, both.kinds]).toEqual([500, 'sentence', ['typed_text', 'image']]);
  });
});
