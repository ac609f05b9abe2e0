import { bindingOf, hookOf, ManualTimers } from '../test/hooks.js';
import { HookUnavailable, withCircuit } from './circuit.js';
import { Pipeline } from './pipeline.js';
import { NOTHING_FOUND, type Verdict } from './verdict.js';

const CONTEXT = { tenantId: 'tnt_a', sessionId: 'ses_a' };
const CONTENT = { kind: 'typed_text', streamId: null, text: 'x', startsAt: 0, complete: true } as const;
const TERMS = { failuresMax: 3, restMs: 1_000, openMax: 2 };

/** A hook behind a circuit, whose service the test breaks and mends. */
function circuitOf(terms = TERMS) {
  const service = { answer: (): Verdict | Promise<Verdict> => NOTHING_FOUND, asked: 0, nowMs: 0 };
  const hook = hookOf(() => {
    service.asked += 1;
    return service.answer();
  });
  const guarded = withCircuit(hook, () => service.nowMs, terms);
  const ask = async (signal = new AbortController().signal): Promise<string> => {
    try {
      await guarded.inspect(CONTENT, CONTEXT, signal);
      return 'answered';
    } catch (error) {
      return error instanceof HookUnavailable ? error.why : 'failed';
    }
  };
  const down = (): Promise<Verdict> => Promise.reject(new Error('down'));
  return { service, guarded, ask, down };
}

describe('a hook that fails again and again', () => {
  it('is not asked any more until it has rested, and then once', async () => {
    const { service, ask, down } = circuitOf();
    service.answer = down;
    expect([await ask(), await ask(), await ask(), await ask()]).toEqual(['failed', 'failed', 'failed', 'resting']);
    service.nowMs = 999;
    expect(await ask()).toBe('resting');
    expect(service.asked).toBe(3);
    service.nowMs = 1_000;
    expect(await Promise.all([ask(), ask()])).toEqual(['failed', 'resting']);
    expect(await ask()).toBe('resting');
    expect(service.asked).toBe(4);
  });

  it('is asked as before once it has answered', async () => {
    const { service, ask, down } = circuitOf();
    service.answer = down;
    for (let i = 0; i < 3; i++) await ask();
    service.nowMs = 1_000;
    service.answer = () => NOTHING_FOUND;
    expect([await ask(), await ask()]).toEqual(['answered', 'answered']);
    service.answer = down;
    expect([await ask(), await ask(), await ask(), await ask()]).toEqual(['failed', 'failed', 'failed', 'resting']);
  });

  it('counts failures in a row only', async () => {
    const { service, ask, down } = circuitOf();
    for (let i = 0; i < 9; i++) {
      service.answer = i % 3 === 2 ? () => NOTHING_FOUND : down;
      expect(await ask()).toBe(i % 3 === 2 ? 'answered' : 'failed');
    }
  });

  it('is late when nobody waits any more, which is a failure whatever it answers then', async () => {
    const { service, guarded, ask } = circuitOf();
    let answer: (verdict: Verdict) => void = () => undefined;
    service.answer = () => new Promise((resolve) => (answer = resolve));
    for (let i = 0; i < 3; i++) {
      const controller = new AbortController();
      const verdict = guarded.inspect(CONTENT, CONTEXT, controller.signal);
      controller.abort();
      answer(NOTHING_FOUND);
      await verdict;
    }
    expect(await ask()).toBe('resting');
  });
});

it('a slow hook has only so many questions open, and is asked again when one is answered', async () => {
  const { service, ask } = circuitOf();
  const answers: ((verdict: Verdict) => void)[] = [];
  service.answer = () => new Promise((resolve) => answers.push(resolve));
  const waiting = [ask(), ask()];
  expect(await ask()).toBe('busy');
  for (const answer of answers.splice(0)) answer(NOTHING_FOUND);
  expect(await Promise.all(waiting)).toEqual(['answered', 'answered']);
  service.answer = () => NOTHING_FOUND;
  expect(await ask()).toBe('answered');
});

it('a question that is late counts as open until the hook lets go of it', async () => {
  const { service, guarded, ask } = circuitOf();
  const answers: ((verdict: Verdict) => void)[] = [];
  service.answer = () => new Promise((resolve) => answers.push(resolve));
  const late = new AbortController();
  const waiting = [guarded.inspect(CONTENT, CONTEXT, late.signal), guarded.inspect(CONTENT, CONTEXT, late.signal)];
  late.abort();
  expect(await ask()).toBe('busy');
  for (const answer of answers) answer(NOTHING_FOUND);
  for (const verdict of waiting) await verdict;
  service.answer = () => NOTHING_FOUND;
  expect(await ask()).toBe('answered');
});

it.each([
  ['closed', 'block'],
  ['open', 'pass'],
] as const)('a hook that rests has the effect of its policy at once: %s', async (onFailure, action) => {
  const { service, guarded, down } = circuitOf({ ...TERMS, failuresMax: 1 });
  service.answer = down;
  const timers = new ManualTimers();
  const pipeline = new Pipeline([bindingOf(guarded, { onFailure })], CONTEXT, timers.start);
  const piece = { kind: 'typed_text', streamId: null, text: 'x', complete: true } as const;
  expect(await pipeline.judge(piece)).toMatchObject({ action, words: [{ failure: 'failed' }] });
  const resting = pipeline.judge(piece);
  expect(resting).not.toBeInstanceOf(Promise);
  expect(resting).toMatchObject({ action, words: [{ failure: 'resting' }] });
  expect(timers.count).toBe(0);
});
